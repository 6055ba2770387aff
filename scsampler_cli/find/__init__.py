"""Find the clips of many videos that fit a sentence, by vectors that are kept for each video."""
