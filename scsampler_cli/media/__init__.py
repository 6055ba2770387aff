"""From a media file to packets, frames, motion vectors and sound. Only this room imports av."""
