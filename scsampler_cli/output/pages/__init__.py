"""HTML reports without links to other files: a page for one video, and an index of many.

The functions return strings. Not handled here: writing them to files.
"""
