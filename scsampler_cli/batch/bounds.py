"""Bounds on the time and memory that one file may take."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scsampler_cli.batch.memory import machine_bytes
from scsampler_cli.batch.process import Job

TIMEOUT_S = 3600.0
"""Default limit: seconds that a file may take for each started hour of video."""
MEMORY_SHARE = 0.8
"""Default limit: share of the machine's memory for all processes together. The rest is for the
system and its cache of files."""


@dataclass(frozen=True)
class Bounds:
    """Limits for the work on one file."""

    timeout_s: float | None
    """Seconds; 0 is no limit, None is TIMEOUT_S for each started hour of video."""
    memory_bytes: int | None
    """Bytes of the process; None is no limit."""

    @classmethod
    def from_options(cls, timeout_s: float | None, memory_gb: float | None, sharers: int) -> Bounds:
        """Bounds from the options of a user.

        Args:
            timeout_s: seconds; 0 is no limit, None is the default.
            memory_gb: gigabytes; 0 is no limit, None is an equal part of MEMORY_SHARE of this
                machine's memory.
            sharers: processes of this machine that share its memory.
        """
        if memory_gb is not None:
            is_limit = 0 < memory_gb < float("inf")
            return cls(timeout_s, math.ceil(memory_gb * 1e9) if is_limit else None)
        # None where the memory of the machine is unknown
        available = machine_bytes()
        return cls(timeout_s, available and int(available * MEMORY_SHARE) // sharers)

    def deadline(self, job: Job) -> float:
        """End of the time for a file, on the monotonic clock."""
        if self.timeout_s is None:
            # the length of the video is 0 until the worker has reported it
            return job.start + TIMEOUT_S * max(1.0, job.seconds / 3600)
        return job.start + (self.timeout_s or float("inf"))
