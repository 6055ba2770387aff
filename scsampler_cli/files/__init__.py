"""Files of this machine: inputs, folders, text files, and checks of output paths."""
