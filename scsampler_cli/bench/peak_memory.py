"""Peak memory of this process."""

from __future__ import annotations

import resource
import sys
from pathlib import Path


def reset_peak() -> bool:
    """Reset the kernel's record of peak memory.

    Returns:
        False on systems other than Linux, which cannot do it.
    """
    try:
        # 5 resets VmHWM, the peak resident size (man 5 proc)
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return False
    return True


def peak_mb() -> float:
    """Peak resident size of this process in MB (10^6 bytes).

    It counts since `reset_peak`, or since the start of the process where that had no effect.
    """
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        # in KiB; ValueError where the line is missing
        (high,) = (line.split()[1] for line in lines if line.startswith("VmHWM"))
        return int(high) * 1024 / 1e6
    except (OSError, ValueError):
        # bytes on macOS, KiB elsewhere
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
