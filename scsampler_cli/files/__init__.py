"""Names, lists and files of this machine: inputs, folders, text files, and where output may go."""
