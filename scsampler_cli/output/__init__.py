"""Records, and every form in which they are written."""
