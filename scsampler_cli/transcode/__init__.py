"""Highlight reels and normalised videos, made by the `ffmpeg` program."""
