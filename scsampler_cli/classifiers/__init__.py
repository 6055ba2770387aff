"""f: the costly clip classifiers, pluggable through the entry-point group `scsampler.classifiers`."""
