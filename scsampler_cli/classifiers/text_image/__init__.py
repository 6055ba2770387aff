"""Text-image models: classifiers whose classes are sentences, and vectors of pictures."""
