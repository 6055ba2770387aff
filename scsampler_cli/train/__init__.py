"""Training of samplers (Sec. 3.2 and 3.3.3) and of clip classifiers (App. A.2)."""
