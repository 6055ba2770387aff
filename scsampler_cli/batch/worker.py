"""The worker process: it loads the models once, then works on one file after another.

It reports in lines of JSON. While it loads: {"note": text}, then {"ready": identity} or {"failed":
error}. For each file: {"progress": [stage, done, total]}, then {"done": record, "traceback": text}.
Its stderr, where native code writes messages, goes through a pipe of its own to the parent, which
puts it into the record.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import multiprocessing
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from scsampler_cli.batch.error_transport import pack_error
from scsampler_cli.batch.task import Record, Task
from scsampler_cli.dependencies import import_failure
from scsampler_cli.errors import MemoryLimitError
from scsampler_cli.files.inputs import check_readable
from scsampler_cli.files.urls import local_path
from scsampler_cli.output import records

PROGRESS_S = 0.1
"""Seconds between two reports of progress: about as often as a person can see a change."""
# from linux/prctl.h
_PR_SET_PDEATHSIG = 1


class _Reports:
    """Sends reports to the parent."""

    def __init__(self, connection: Connection) -> None:
        self._fd = connection.fileno()
        # time of the last report of progress, on the monotonic clock
        self._last = 0.0

    def send(self, **message: Any) -> None:
        data = json.dumps(message).encode() + b"\n"
        try:
            # a write to a pipe may take a part of the data only
            while data:
                data = data[os.write(self._fd, data) :]
        except BrokenPipeError:
            # the parent is gone
            os._exit(1)

    def progress(self, stage: str, done: int, total: int) -> None:
        now = time.monotonic()
        # the first and the last step always: bars must begin and end
        if stage == "index" or done in (1, total) or now - self._last > PROGRESS_S:
            self._last = now
            self.send(progress=[stage, done, total])


def serve(task: Task, jobs: Connection, results: Connection, *, stderr_pipe: Connection) -> None:
    """Work on files until the parent closes the pipe or is gone.

    Args:
        task: the work on each file.
        jobs: gives (path, True if the content is to be hashed, further arguments of `work`).
        results: takes the reports.
        stderr_pipe: takes what native code writes to stderr.
    """
    _set_up_process(stderr_pipe)
    reports = _Reports(results)
    try:
        # imported late: the parent imports this module for `serve` alone, and must not load FFmpeg
        from scsampler_cli.media.log import use_native_log

        use_native_log()
        prepared = task.prepare(lambda text: reports.send(note=text))
    except Exception as error:
        reports.send(failed=pack_error(error))
        return
    reports.send(ready=prepared.identity)
    while True:
        try:
            path, hashed, arguments = jobs.recv()
        except EOFError:
            # the parent has closed the pipe: there is no more work
            return
        local = local_path(path)
        work = partial(prepared.work, local, reports.progress, *arguments)
        record, trace = _record(task.command, local, work, reads=not prepared.makes, hashed=hashed)
        reports.send(done=record, traceback=trace)


def _set_up_process(stderr_pipe: Connection) -> None:
    """Ignore signals, die with the parent, and separate native messages from those of Python."""
    # Ctrl-C goes to the whole process group: the parent alone decides what ends
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=exit_with_parent, daemon=True).start()
    # native code that holds Python's lock would keep that thread from running
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)

    terminal = os.dup(2)
    # what a plug-in prints is no result
    os.dup2(terminal, 1)
    # native code writes to descriptor 2, Python to `sys.stderr`
    os.dup2(stderr_pipe.fileno(), 2)
    sys.stderr = os.fdopen(terminal, "w", buffering=1, errors="backslashreplace")


def exit_with_parent() -> None:
    """Wait for the end of the parent, then exit: the process would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _record(
    command: str, path: Path, work: Callable[[], Record], *, reads: bool, hashed: bool
) -> tuple[Record, str | None]:
    """The record of one file, and the traceback of a failure."""
    try:
        if reads:
            check_readable(path)
        record = work()
        if hashed:
            with path.open("rb") as file:
                record["sha256"] = hashlib.file_digest(file, "sha256").hexdigest()
        # a record that is not JSON must fail here, as an error of this file
        json.dumps(record, allow_nan=False)
    except MemoryError as error:
        hint = "give it more memory, or run fewer processes"
        return _failed(
            command,
            path,
            MemoryLimitError(f"{path}: out of memory", code="out-of-memory", hint=hint),
            cause=error,
        )
    # SystemExit: a plug-in must not end the process
    except (Exception, SystemExit) as error:
        return _failed(command, path, import_failure(error) or error, cause=error)
    return record, None


def _failed(
    command: str, path: Path, error: BaseException, *, cause: BaseException
) -> tuple[Record, str]:
    return records.failure(command, str(path), error), "".join(traceback.format_exception(cause))
