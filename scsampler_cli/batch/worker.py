"""The process that does the work: loads the models once, then takes one file after another until there are no more.

It reports in lines of JSON: notes, {"ready": identity} or {"unfit": error}, then of each file its progress and {"done": record}.
Its own error output, where native code complains, goes to the parent too, who puts it into the file's record.
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

from scsampler_cli.batch.task import Record, Task
from scsampler_cli.dependencies import import_failure
from scsampler_cli.errors import MemoryLimitError, ScsamplerError, code_of
from scsampler_cli.files.inputs import check_readable
from scsampler_cli.files.urls import local_path
from scsampler_cli.output import records

PROGRESS_S = 0.1
"""Seconds between two reports of progress (our choice: what an eye can follow)."""
_PR_SET_PDEATHSIG = 1


class _Line:
    """The way to the parent."""

    def __init__(self, connection: Connection) -> None:
        self._fd = connection.fileno()
        self._last = 0.0

    def send(self, **message: Any) -> None:
        data = json.dumps(message).encode() + b"\n"
        try:
            while data:
                data = data[os.write(self._fd, data) :]
        except BrokenPipeError:
            os._exit(1)  # nobody listens any more

    def progress(self, stage: str, done: int, total: int) -> None:
        now = time.monotonic()
        if stage == "index" or done in (1, total) or now - self._last > PROGRESS_S:
            self._last = now
            self.send(progress=[stage, done, total])


def serve(task: Task, jobs: Connection, results: Connection, *, log: Connection) -> None:
    """Work until the parent sends no more, or is gone.

    Args:
        task: what to do with each file.
        jobs: brings (path, whether its content is to be hashed, what `work` gets beside it).
        results: takes the reports.
        log: takes what is written to the error output.
    """
    _settle(log)
    line = _Line(results)
    try:
        # imported late: the parent, which imports this module for its function alone, must not load FFmpeg
        from scsampler_cli.media.log import use_native_log

        use_native_log()
        prepared = task.prepare(lambda text: line.send(note=text))
    except Exception as error:
        line.send(unfit=described(error))
        return
    line.send(ready=prepared.identity)
    while True:
        try:
            path, hashed, order = jobs.recv()
        except EOFError:
            return
        local = local_path(path)
        work = partial(prepared.work, local, line.progress, *order)
        record, trace = _record(task.command, local, work, reads=not prepared.makes, hashed=hashed)
        line.send(done=record, traceback=trace)


def _settle(log: Connection) -> None:
    """Leave signals to the parent, follow it into death, and keep native messages apart from ours."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=follow_parent, daemon=True).start()
    if sys.platform == "linux":  # also when no thread of ours gets to run any more
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    own = os.dup(2)
    os.dup2(own, 1)  # what a plug-in prints is no result
    os.dup2(log.fileno(), 2)
    sys.stderr = os.fdopen(own, "w", buffering=1, errors="backslashreplace")


def follow_parent() -> None:
    """A process whose parent was killed would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def described(error: Exception) -> dict[str, Any]:
    """An error in a form that travels; `worker_pool.raise_described` makes it one again."""
    trace = "".join(traceback.format_exception(error))
    error = import_failure(error) or error
    expected = isinstance(error, ScsamplerError)
    return {
        "type": type(error).__name__ if expected else None,
        "message": str(error) if expected else f"unexpected {type(error).__name__}: {error}",
        "code": code_of(error),
        "hint": getattr(error, "hint", None),
        "example": getattr(error, "example", None),
        "traceback": trace,
    }


def _record(
    command: str, path: Path, work: Callable[[], Record], *, reads: bool, hashed: bool
) -> tuple[Record, str | None]:
    """The record of one file, and the traceback where it failed."""
    try:
        if reads:
            check_readable(path)
        record = work()
        if hashed:
            with path.open("rb") as file:
                record["sha256"] = hashlib.file_digest(file, "sha256").hexdigest()
        json.dumps(record, allow_nan=False)
    except MemoryError as error:
        hint = "give it more memory, or run fewer processes"
        return _failed(
            command,
            path,
            MemoryLimitError(f"{path}: out of memory", code="out-of-memory", hint=hint),
            cause=error,
        )
    except (Exception, SystemExit) as error:  # a plug-in must not end the process
        return _failed(command, path, import_failure(error) or error, cause=error)
    return record, None


def _failed(
    command: str, path: Path, error: BaseException, *, cause: BaseException
) -> tuple[Record, str]:
    return records.failure(command, str(path), error), "".join(traceback.format_exception(cause))
