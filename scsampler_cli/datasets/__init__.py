"""Lists of labelled videos: CSV, folders, Kinetics, UCF101, numbers, Sports-1M.

No video is opened here.
"""
