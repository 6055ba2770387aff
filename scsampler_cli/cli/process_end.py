"""The end of a process that is connected to Ray, and of a Ray that it has started.

`ray.shutdown()` is not called. After it, Ray's native code ends the process as soon as a thread
uses Ray, with exit code 1 and without a message; and Ray Data has threads that use Ray for a while
after the last row. A cluster cleans up after a process that is gone.

This file is also a program: python process_end.py CODE FOLDER PID [...]
"""

import os
import shutil
import signal
import sys
import time
from contextlib import suppress

GRACE_S = 3
"""Seconds between SIGTERM and SIGKILL."""


def end_process(code: int) -> None:
    """End this process, and the Ray that it has started; do nothing if it is not connected to Ray.

    Args:
        code: exit code.
    """
    # without this module, no engine has connected it
    module = sys.modules.get("scsampler_cli.batch.ray.connection")
    connection = module.current() if module else None
    if connection is None:
        return
    for stream in (sys.stdout, sys.stderr):
        # what cannot be written has been reported by whoever wrote it
        with suppress(OSError):
            stream.flush()
    if connection.folder is None:
        os._exit(code)
    # Ray's native code also ends this process when the Ray that it has started ends: this file as
    # a program takes its place first
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    arguments = [str(code), connection.folder, *map(str, connection.own_processes())]
    # -P: the modules of this folder do not hide those of the standard library; -S: installed
    # packages are not searched, so that it starts faster
    os.execv(sys.executable, [sys.executable, "-P", "-S", __file__, *arguments])


def _end_child(pid: int) -> None:
    """End a child process, and wait until it is gone."""
    # it may have ended before
    with suppress(ProcessLookupError, ChildProcessError):
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + GRACE_S
        while time.monotonic() < deadline:
            if os.waitpid(pid, os.WNOHANG)[0]:
                return
            time.sleep(0.01)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _main(code: int, folder: str, pids: list[int]) -> None:
    """End the children one after the other, remove the folder, and exit with the code."""
    for pid in pids:
        _end_child(pid)
    shutil.rmtree(folder, ignore_errors=True)
    sys.exit(code)


if __name__ == "__main__":
    _main(int(sys.argv[1]), sys.argv[2], [int(pid) for pid in sys.argv[3:]])
