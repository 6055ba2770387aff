"""Results of many videos in one document, as other tools read them.

Each module has a writer of records of `classify`. Not handled here: formats that hold one video per
file are in `output.cuts`; lists of labelled videos that these tools write are read in `datasets`.
"""
