"""What train and bench keep on disk of each video, so that it is computed once."""
