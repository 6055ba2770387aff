"""`scsampler bench`: the paper's tables and figures for any data set.

Measuring needs the videos and torch; tables and figures are made from a `Run` alone.
"""
