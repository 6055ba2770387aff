"""f: clip classifiers, built-in or as plug-ins of the entry-point group `scsampler.classifiers`."""
