"""A worker process, seen from its parent: send it a file, read its reports, and end it.

Not handled here: what a report means for the batch, and limits (`pool`).
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from scsampler_cli.batch.memory import resident_bytes
from scsampler_cli.batch.stderr_log import StderrLog
from scsampler_cli.batch.task import Task
from scsampler_cli.batch.worker import serve
from scsampler_cli.errors import WorkerError

Message = dict[str, Any]
# Bytes of one read, and reads in a row. A pipe of Linux holds 64 KiB by default, and 1 MiB at most
# without privileges.
_CHUNK, _CHUNKS = 1 << 16, 16
# Seconds to wait for the end of a killed process: freeing its memory may take the system a while.
_KILL_TIMEOUT_S = 5


@dataclass
class Job:
    """A file in the hands of a process."""

    index: int
    """Position of the file among the inputs."""
    path: Path
    source: dict[str, int] | None
    """`file_stamp` of the file at the start; None where it could not be read."""
    start: float = field(default_factory=time.monotonic)
    """Start of the work, on the monotonic clock."""
    seconds: float = 0.0
    """Length of the video, as soon as it is known."""


class WorkerProcess:
    """One worker process.

    Args:
        task: the work on each file.
        number: of the process, from 1; for messages.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(self, task: Task, number: int) -> None:
        # spawned, not forked: torch's threads do not survive a fork
        context = multiprocessing.get_context("spawn")
        self.number = number
        self.ready = False
        self.before_bytes = 0
        """Memory of the process after its models were loaded."""
        self.job: Job | None = None
        pipes: list[Connection] = []
        started = False
        try:
            # each Pipe is (reader, writer): jobs to the worker, results and stderr from it
            for _ in range(3):
                pipes += context.Pipe(duplex=False)
            jobs, results, stderr_pipe = worker_ends = pipes[0], pipes[3], pipes[5]
            self._process = context.Process(
                target=serve,
                args=(task, jobs, results),
                kwargs={"stderr_pipe": stderr_pipe},
                name=f"scsampler-{number}",
            )
            with _without_interrupt():
                self._process.start()
                started = True
        except BaseException:
            # Ctrl-C after the start: no caller has this object, so nobody else ends the process
            if started:
                self.kill()
            for pipe in pipes:
                pipe.close()
            raise
        self._jobs, self._results, self._stderr_pipe = pipes[1], pipes[2], pipes[4]
        # a pipe reports its end only when all copies of the other end are closed
        for pipe in worker_ends:
            pipe.close()
        for pipe in (self._results, self._stderr_pipe):
            os.set_blocking(pipe.fileno(), False)
        self._stderr_log = StderrLog()
        # bytes of a report whose end has not come yet
        self._partial = b""

    @property
    def pid(self) -> int:
        """Number of the process in the system."""
        return self._process.pid or 0

    @property
    def idle(self) -> bool:
        """True when it waits for a file."""
        return self.ready and self.job is None

    @property
    def alive(self) -> bool:
        """False once the process has ended."""
        return self._process.is_alive()

    def set_ready(self) -> None:
        """Note that the models are loaded."""
        self.ready, self.before_bytes = True, self.resident_bytes()
        # messages during loading belong to no file
        self.messages()

    def resident_bytes(self) -> int:
        """Memory of the process now."""
        return resident_bytes(self.pid)

    def sources(self) -> list[Connection | int]:
        """Objects for `multiprocessing.connection.wait`: ready with data, or with the end of the
        process.
        """
        return [self._results, self._stderr_pipe, self._process.sentinel]

    def assign(self, job: Job, hashed: bool, arguments: tuple[Any, ...] = ()) -> None:
        """Send a file to the process.

        Args:
            job: the file.
            hashed: True to have the sha256 of the file in the record.
            arguments: further arguments of `Prepared.work`.

        Raises:
            OSError: the process has just died.
        """
        self._stderr_log.take()
        self._jobs.send((os.fspath(job.path), hashed, arguments))
        self.job = job

    def reports(self) -> list[Message]:
        """The reports since the last call; does not wait for any."""
        self._drain(self._stderr_pipe, self._stderr_log.feed)
        chunks: list[bytes] = []
        self._drain(self._results, chunks.append)
        # one report per line; the last piece is the beginning of the next one, often empty
        *lines, self._partial = (self._partial + b"".join(chunks)).split(b"\n")
        return [json.loads(line) for line in lines]

    def messages(self) -> list[str]:
        """Messages of native code during the work on the file."""
        self._drain(self._stderr_pipe, self._stderr_log.feed)
        return self._stderr_log.take()

    def _drain(self, pipe: Connection, take: Callable[[bytes], object]) -> None:
        """Read what a pipe holds now.

        No more than it can hold: a process that writes without end must not stop the others.
        """
        try:
            for _ in range(_CHUNKS):
                data = os.read(pipe.fileno(), _CHUNK)
                # the other end is closed
                if not data:
                    return
                take(data)
        except BlockingIOError:
            # the pipe is empty
            return

    def kill(self) -> None:
        """End the process at once, if it is still alive."""
        self._process.kill()
        self._process.join(_KILL_TIMEOUT_S)

    def close(self) -> None:
        """Close the pipes; nothing can be read afterwards."""
        for pipe in (self._jobs, self._results, self._stderr_pipe):
            pipe.close()

    def death_error(self) -> WorkerError:
        """The reason why the process, which has ended, died."""
        self._process.join(_KILL_TIMEOUT_S)
        # negative: the number of the signal that ended it
        code = self._process.exitcode
        if code is not None and code < 0:
            how = f"was killed by {_signal_name(-code)}"
            known = {signal.SIGKILL: "out of memory? fewer processes need less"}
            hint = known.get(signal.Signals(-code) if -code < signal.NSIG else signal.SIGTERM)
        else:
            how, hint = f"ended with exit code {code}", None
        return WorkerError(
            f"the process that worked on it {how}",
            code="process-died",
            hint=hint or "its decoder, or a plug-in, may have crashed on it; try it again",
        )


@contextmanager
def _without_interrupt() -> Iterator[None]:
    """Block Ctrl-C. A process that is started within inherits the block and never sees Ctrl-C, not
    even while it imports: the parent alone handles it.
    """
    # started by the first process otherwise, and then it unblocks the signal in this thread
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
