"""HTML reports that need nothing else: one page a video, and an index of many. Strings only; nothing is read or written here."""
