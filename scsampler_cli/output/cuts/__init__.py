"""The selected clips of one video in formats for editors and players: EDL, subtitles, chapters.

Each module renders a record as text. Not handled here: `output.writers` writes the text to files.
"""
