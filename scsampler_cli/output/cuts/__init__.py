"""The chosen clips of one video in the forms that editors and players read: EDL, subtitles, chapters.

Each module renders a record to text. But: which clips are taken, and where the text goes, is decided elsewhere.
"""
