"""Container to packets, frames, vectors and sound. The only package that imports av."""
