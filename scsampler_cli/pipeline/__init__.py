"""One video and its stages in order."""
