"""Artifacts: files made of a video in addition to its record (page, contact sheet, reel)."""
