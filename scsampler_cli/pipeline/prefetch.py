"""Prefetching: a thread makes the next items of an iterator while the caller works on the last one.

Decoders and networks release Python's global lock most of the time, so reading and computing run in
parallel.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")


class _End:
    """Last item of the queue: the iterator is exhausted (`error` is None), or raised `error`."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def prefetch(items: Iterable[Item], limit: int) -> Iterator[Item]:
    """The same items in the same order, made by a thread.

    When the caller stops early, the thread stops before its next item and closes the iterator.

    Args:
        items: iterated over, and closed, by the thread alone.
        limit: number of items that may wait in the queue; bounds memory.

    Raises:
        Exception: an error of the iterator, after the items that came before it.
    """
    waiting: queue.Queue[Item | _End] = queue.Queue(limit)
    stopped = threading.Event()

    def work() -> None:
        stream = iter(items)
        error: BaseException | None = None
        try:
            for item in stream:
                # blocks while the queue is full
                waiting.put(item)
                if stopped.is_set():
                    break
        except BaseException as raised:
            # raised again in the caller's thread
            error = raised
        finally:
            # a generator must be closed by the thread that runs it
            if hasattr(stream, "close"):
                stream.close()
        waiting.put(_End(error))

    thread = threading.Thread(target=work, name="prefetch", daemon=True)
    thread.start()
    try:
        while not isinstance(item := waiting.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        stopped.set()
        # the thread may be blocked on a full queue
        while thread.is_alive():
            _drain(waiting)
            thread.join(0.01)


def _drain(waiting: queue.Queue[Item]) -> None:
    while True:
        try:
            waiting.get_nowait()
        except queue.Empty:
            return
