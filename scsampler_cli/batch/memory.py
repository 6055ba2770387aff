"""Memory of the machine and of processes. Known on Linux only; elsewhere memory is not limited."""

from __future__ import annotations

import os
from pathlib import Path

# limits of the container, by version 2 and by version 1 of cgroups
_CGROUPS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def machine_bytes() -> int | None:
    """Bytes of memory of this machine, or of its container if that has less; None if unknown."""
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return None
    limits = [limit for limit in map(_read_limit, _CGROUPS) if limit]
    return min([total, *limits])


def _read_limit(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        # no such file, or "max": there is no limit
        return None


def resident_bytes(pid: int) -> int:
    """Bytes that a process holds in memory now; 0 if unknown."""
    try:
        # the second number of statm is the resident set, in pages
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0
