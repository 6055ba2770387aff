"""Number of cores, and of processes that a machine has room for."""

from __future__ import annotations

import os
import sys

MOST = 8
"""Largest default number of processes: each takes a few hundred megabytes."""


def cores() -> int:
    """Number of cores that this process may use."""
    # containers and batch systems often give a process a part of the machine
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def default_jobs() -> int:
    """Default number of processes for work that needs no models."""
    return min(cores(), MOST)
