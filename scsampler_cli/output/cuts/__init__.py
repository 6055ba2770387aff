"""The stretches of one video for editors and players: EDL, subtitles, chapters.

Each module renders a record as text. Not handled here: `output.writers` writes the text to files.
"""
