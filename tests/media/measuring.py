"""How much memory a piece of work takes. Linux alone tells; elsewhere the tests that ask are
skipped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def grown(work: Callable[[], object]) -> int:
    """Megabytes by which this process was larger, at its largest, than before the work."""
    try:
        CLEAR.write_text("5")  # the peak is now what there is
    except OSError:
        pytest.skip("no peak of memory to be read here")
    before = _megabytes("VmHWM")
    work()
    return _megabytes("VmHWM") - before


def _megabytes(name: str) -> int:
    (line,) = (line for line in STATUS.read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) // 1024
