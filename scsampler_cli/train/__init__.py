"""Training of samplers and clip classifiers as action classifiers (AC, Sec. 3.2.1)."""
