"""Work on many files in worker processes.

A process that crashes, hangs or takes too much memory costs one failed record, and is replaced.
"""
