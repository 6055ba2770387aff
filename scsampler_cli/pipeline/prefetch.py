"""Work ahead: what an iterator gives is made by a thread while the caller still works on what came before.

Decoders and networks leave Python's lock alone most of the time, so that reading and computing go on side by side.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")


class _End:
    """Put last: the iterator is exhausted, or raised."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def ahead(items: Iterable[Item], most: int) -> Iterator[Item]:
    """The same items in the same order, made by a thread.

    When the caller stops early the thread stops before its next item, and the iterator is closed there.

    Args:
        items: iterated over, and closed, by the thread alone.
        most: items that may wait; bounds memory.

    Raises:
        whatever the iterator raises, where it would have come.
    """
    waiting: queue.Queue[Item | _End] = queue.Queue(most)
    stopped = threading.Event()

    def work() -> None:
        stream = iter(items)
        error: BaseException | None = None
        try:
            for item in stream:
                waiting.put(item)
                if stopped.is_set():
                    break
        except BaseException as raised:
            error = raised
        finally:
            if hasattr(stream, "close"):
                stream.close()
        waiting.put(_End(error))

    thread = threading.Thread(target=work, name="ahead", daemon=True)
    thread.start()
    try:
        while not isinstance(item := waiting.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        stopped.set()
        while thread.is_alive():  # it may be waiting for room
            _emptied(waiting)
            thread.join(0.01)


def _emptied(waiting: queue.Queue[Item]) -> None:
    while True:
        try:
            waiting.get_nowait()
        except queue.Empty:
            return
