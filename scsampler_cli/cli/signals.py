"""Ctrl-C once finishes what is under way, twice ends it; SIGTERM and SIGHUP end it.

But: what was ignored before, as after `nohup`, stays ignored.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


class Terminated(BaseException):
    """SIGTERM or SIGHUP came."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def handled(interrupted: Callable[[], None]) -> Iterator[None]:
    """Handle signals within the block.

    Args:
        interrupted: called at the first Ctrl-C, from a signal handler: it must do no more than set a flag.

    Raises:
        KeyboardInterrupt: Ctrl-C came a second time.
        Terminated: SIGTERM or SIGHUP came.
    """
    presses = 0

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal presses
        presses += 1
        if presses > 1:
            raise KeyboardInterrupt
        interrupted()

    def terminate(number: int, frame: FrameType | None) -> None:
        raise Terminated(number)

    before: dict[int, Any] = {}
    handlers = {signal.SIGINT: interrupt, signal.SIGTERM: terminate, signal.SIGHUP: terminate}
    for wanted, handler in handlers.items():
        if signal.getsignal(wanted) != signal.SIG_IGN:
            before[wanted] = signal.signal(wanted, handler)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
