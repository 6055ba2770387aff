"""Work spread over processes, its results in the order of the items."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from typing import TypeVar

from scsampler_cli.errors import WorkerError

Item = TypeVar("Item")
Result = TypeVar("Result")

ITEMS_EACH = 6
"""So many items are worth a process, which takes seconds to start (our choice)."""
MOST = 8
"""Processes at most where no number was asked for: each holds a few hundred megabytes (our choice)."""


def default_jobs(items: int, sharers: int = 1) -> int:
    """Processes that are worth it.

    Args:
        items: to be done, by all sharers together.
        sharers: how many do so on this machine at once.
    """
    return max(1, min(cores() // sharers, MOST, items // (ITEMS_EACH * sharers)))


def cores() -> int:
    """Those that this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def mapped(
    work: Callable[[Item], Result], items: Sequence[Item], jobs: int, begin: Callable[[], None] | None = None
) -> Iterator[Result]:
    """work(item) for each item.

    Args:
        work: a function of some module, or a `partial` of one, so that another process finds it.
        items: what it takes, one at a time.
        jobs: processes; 1 is this one.
        begin: called once in each further process, before any work.

    Yields:
        the results, in the order of the items.

    Raises:
        WorkerError: a process died.
        Exception: whatever `work` raises; what had not begun is dropped.
    """
    if jobs == 1 or len(items) < 2:
        yield from map(work, items)
        return
    # spawned, not forked: torch's threads do not survive a fork
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(min(jobs, len(items)), context, partial(_begin, begin))
    try:
        yield from pool.map(work, items)
    except BrokenProcessPool as error:
        hint = "out of memory? --jobs 1 does without; files that crash their decoder must leave the list"
        raise WorkerError("a process that did part of the work has died", hint=hint) from error
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _begin(further: Callable[[], None] | None) -> None:
    """Ctrl-C is the parent's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if further is not None:
        further()
