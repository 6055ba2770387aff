"""Work spread over processes, its results in the order of the items."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from multiprocessing import resource_tracker
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
        with interrupt_held():
            results = pool.map(work, items)
        yield from results
    except BrokenProcessPool as error:
        hint = "out of memory? --jobs 1 does without; files that crash their decoder must leave the list"
        raise WorkerError("a process that did part of the work has died", hint=hint) from error
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


@contextmanager
def interrupt_held() -> Iterator[None]:
    """Ctrl-C is this process's business: those started here never see it, not even while they import; it waits meanwhile."""
    resource_tracker.ensure_running()  # it lifts the block when it starts
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin(further: Callable[[], None] | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=follow_parent, daemon=True).start()
    if further is not None:
        further()


def follow_parent() -> None:
    """A process whose parent was killed would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
