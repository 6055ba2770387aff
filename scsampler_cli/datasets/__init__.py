"""Lists of labelled videos in five forms: CSV, folders, Kinetics, UCF101, Sports-1M. But: no video is opened here."""
