"""Replaces itself by another program, which ends with its parent process and ignores Ctrl-C.

It is a script of its own, `exec_with_parent_death.py PARENT PROGRAM ARGUMENT...`: in a process with
threads, code between fork and exec may wait for ever for a lock.

Not handled here: the death of the parent on systems other than Linux.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(parent: str, program: str, *arguments: str) -> None:
    """Replace this process by the program. It never returns.

    Args:
        parent: number of the parent process; the program ends when that ends.
        program: path of the program.
        arguments: of the program.
    """
    # Python ignores these two, and exec would hand that on
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    # kept across exec: the process that waits for the program handles Ctrl-C
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    if sys.platform == "linux":
        # SIGKILL, since a program that hangs may ignore other signals
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    # the parent may have ended before the call above
    if os.getppid() != int(parent):
        os._exit(1)
    try:
        os.execv(program, (program, *arguments))
    except OSError as error:
        # for example a program of another kind of machine
        os.write(2, f"it cannot be started: {error.strerror}\n".encode())
        # the exit code of shells for a file that cannot be executed
        os._exit(126)


if __name__ == "__main__":
    main(*sys.argv[1:])
