"""Rows that another thread waits for. The main thread stays free to handle signals."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from types import TracebackType
from typing import Any, Self

from scsampler_cli.batch.pool import TICK_S

Row = dict[str, Any]
BUFFER = 16
"""Rows in the queue; beyond it the producer waits."""


class Stream:
    """Rows made by a thread of their own. A context manager; after it the thread ends.

    Args:
        rows: makes the rows; called by that thread.
    """

    def __init__(self, rows: Callable[[], Generator[Row, None, None]]) -> None:
        self._make = rows
        self._queue: queue.Queue[Row | BaseException | None] = queue.Queue(BUFFER)
        self._abandoned = False
        threading.Thread(target=self._fill, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let the thread end after its next row. It is not waited for."""
        self._abandoned = True

    def __iter__(self) -> Iterator[Row | None]:
        """Yield each row; and None whenever there was none for TICK_S."""
        while True:
            try:
                item = self._queue.get(timeout=TICK_S)
            except queue.Empty:
                # lets the caller look at signals and messages
                yield None
                continue
            # the producer puts None at the end, or its error
            if item is None:
                return
            if isinstance(item, BaseException):
                raise item
            yield item

    def _fill(self) -> None:
        try:
            # closed here, not by the garbage collector: Python would print an exception there
            with closing(self._make()) as rows:
                for row in rows:
                    if not self._put(row):
                        return
            self._put(None)
        except BaseException as error:
            self._put(error)

    def _put(self, item: Row | BaseException | None) -> bool:
        """Put an item into the queue; False if nobody takes items any more."""
        while not self._abandoned:
            try:
                self._queue.put(item, timeout=TICK_S)
            except queue.Full:
                continue
            return True
        return False
