"""Becomes another program that does not outlive the process which asked for it, and that Ctrl-C does not reach.

Run as a script of its own, `exec_with_parent_death.py PARENT PROGRAM ARGUMENT...`: code that runs between fork and exec in a process with threads
may find a lock held for ever. But: the death of the parent is followed on Linux alone.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(parent: str, program: str, *arguments: str) -> None:
    """Never returns.

    Args:
        parent: number of the process to follow into death.
        program: path of the program.
        arguments: its own.
    """
    for number in (signal.SIGPIPE, signal.SIGXFSZ):  # ignored by Python alone
        signal.signal(number, signal.SIG_DFL)
    # kept across exec: a key pressed in the terminal is the business of the process that waits for the program
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != int(parent):  # it died before it could be followed
        os._exit(1)
    try:
        os.execv(program, (program, *arguments))
    except OSError as error:  # no program of this machine, for example
        os.write(2, f"it cannot be started: {error.strerror}\n".encode())
        os._exit(126)  # as shells say it


if __name__ == "__main__":
    main(*sys.argv[1:])
