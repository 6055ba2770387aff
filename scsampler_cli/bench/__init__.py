"""`bench`: the paper's tables and figures for any data set. Measuring needs videos and torch; everything after it neither."""
