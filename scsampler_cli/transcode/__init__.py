"""What goes through the `ffmpeg` program: highlight reels and normalised videos."""
