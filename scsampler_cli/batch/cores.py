"""How many processes a machine has room for."""

from __future__ import annotations

import os
import sys

MOST = 8
"""Processes at most where no number was asked for: each holds a few hundred megabytes."""


def cores() -> int:
    """Those that this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def default_jobs() -> int:
    """Processes for work that needs no models."""
    return min(cores(), MOST)
