"""Rows that another thread waits for, so that this one stays free for signals."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from scsampler_cli.jobs.crew import TICK_S

Row = dict[str, Any]
BUFFER = 16
"""Rows that wait here to be taken; then their maker waits."""


class Stream:
    """Rows of a thread of their own.

    Args:
        rows: makes them, called by that thread.
    """

    def __init__(self, rows: Callable[[], Iterable[Row]]) -> None:
        self._make = rows
        self._queue: queue.Queue[Row | BaseException | None] = queue.Queue(BUFFER)
        self.abandoned = False
        """True: nobody takes them any more."""
        threading.Thread(target=self._fill, daemon=True).start()

    def __iter__(self) -> Iterator[Row | None]:
        """Yields: a row; None where there is none yet."""
        while True:
            try:
                found = self._queue.get(timeout=TICK_S)
            except queue.Empty:
                yield None
                continue
            if found is None:
                return
            if isinstance(found, BaseException):
                raise found
            yield found

    def _fill(self) -> None:
        try:
            for row in self._make():
                if not self._put(row):
                    return
            self._put(None)
        except BaseException as error:
            self._put(error)

    def _put(self, item: Row | BaseException | None) -> bool:
        while not self.abandoned:
            try:
                self._queue.put(item, timeout=TICK_S)
            except queue.Full:
                continue
            return True
        return False
