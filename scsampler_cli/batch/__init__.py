"""Work on many files in processes of their own: one that dies, hangs or swells is one failed record, and is replaced."""
