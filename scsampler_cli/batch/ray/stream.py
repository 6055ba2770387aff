"""Rows that another thread waits for, so that this one stays free for signals."""

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
"""Rows that wait here to be taken; then their maker waits."""
END_S = 5
"""Seconds that the maker of the rows may take to end."""


class Stream:
    """Rows of a thread of their own. A context manager: after it nobody takes them any more.

    Args:
        rows: makes them, called by that thread.
    """

    def __init__(self, rows: Callable[[], Generator[Row, None, None]]) -> None:
        self._make = rows
        self._queue: queue.Queue[Row | BaseException | None] = queue.Queue(BUFFER)
        self._abandoned = False
        self._thread = threading.Thread(target=self._fill, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Without an error the thread is waited for a while: what makes the rows may need what is shut down next."""
        self._abandoned = True
        if kind is None:
            self._thread.join(END_S)

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
            # closed here and not when it is collected: what it raises then would be printed
            with closing(self._make()) as rows:
                for row in rows:
                    if not self._put(row):
                        return
            self._put(None)
        except BaseException as error:
            self._put(error)

    def _put(self, item: Row | BaseException | None) -> bool:
        while not self._abandoned:
            try:
                self._queue.put(item, timeout=TICK_S)
            except queue.Full:
                continue
            return True
        return False
