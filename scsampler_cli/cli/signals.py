"""Signals: the first Ctrl-C lets work in progress finish; a second one, SIGTERM and SIGHUP end it.

A signal that is ignored when the program starts, such as SIGHUP after `nohup`, stays ignored.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


class Terminated(BaseException):
    """Raised on SIGTERM or SIGHUP, whose number it has."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def handled(interrupted: Callable[[], None]) -> Iterator[None]:
    """A context that handles signals.

    Args:
        interrupted: called at the first Ctrl-C. It runs in a signal handler, so that it may only
            set a flag.

    Raises:
        KeyboardInterrupt: on a second Ctrl-C.
        Terminated: on SIGTERM or SIGHUP.
    """
    presses = 0

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal presses
        # the second one may come while the first is still handled
        presses += 1
        if presses > 1:
            raise KeyboardInterrupt
        interrupted()

    def terminate(number: int, frame: FrameType | None) -> None:
        raise Terminated(number)

    # signal number -> handler to restore
    before: dict[int, Any] = {}
    handlers = {signal.SIGINT: interrupt, signal.SIGTERM: terminate, signal.SIGHUP: terminate}
    for wanted, handler in handlers.items():
        # a signal that is ignored stays so, as nohup wants it
        if signal.getsignal(wanted) != signal.SIG_IGN:
            before[wanted] = signal.signal(wanted, handler)
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)
