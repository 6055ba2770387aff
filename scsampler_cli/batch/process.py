"""A worker process as its parent sees it: give it a file, read its reports, and end it.

But: what a report means for the batch, and when a process has had its time, is the worker pool's business.
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
from scsampler_cli.batch.stderr_log import Messages
from scsampler_cli.batch.task import Task
from scsampler_cli.batch.worker import serve
from scsampler_cli.errors import WorkerError

Message = dict[str, Any]
_CHUNK, _CHUNKS = 1 << 16, 16
"""Bytes read at once, and how often: a pipe holds 64 KiB unless someone has made it larger, up to 1 MiB."""
_GOODBYE_S = 5
"""Seconds to wait for a killed process: the system may be busy with its memory."""


@dataclass
class Job:
    """A file that a process works on."""

    index: int
    """Place of the file among the inputs."""
    path: Path
    source: dict[str, int] | None
    """Size and time of the file when work began; None where it could not be asked."""
    began: float = field(default_factory=time.monotonic)
    seconds: float = 0.0
    """Length of the video, as soon as it is known."""


class WorkerProcess:
    """One process.

    Args:
        task: what it does.
        number: of the process, from 1; for people.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(self, task: Task, number: int) -> None:
        # spawned, not forked: torch's threads do not survive a fork
        context = multiprocessing.get_context("spawn")
        self.number = number
        self.ready = False
        self.before_bytes = 0
        """Memory that it held when it had loaded its models."""
        self.job: Job | None = None
        pipes: list[Connection] = []
        started = False
        try:
            for _ in range(3):
                pipes += context.Pipe(duplex=False)
            jobs, results, log = theirs = pipes[0], pipes[3], pipes[5]
            self._process = context.Process(
                target=serve,
                args=(task, jobs, results),
                kwargs={"log": log},
                name=f"scsampler-{number}",
            )
            with _interrupt_held():
                self._process.start()
                started = True
        except BaseException:
            if started:  # Ctrl-C came meanwhile: nobody else knows of it
                self.kill()
            for pipe in pipes:
                pipe.close()
            raise
        self._jobs, self._results, self._log = pipes[1], pipes[2], pipes[4]
        for pipe in theirs:
            pipe.close()
        for pipe in (self._results, self._log):
            os.set_blocking(pipe.fileno(), False)
        self._messages = Messages()
        self._partial = b""

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid or 0

    @property
    def idle(self) -> bool:
        """True when it waits for a file."""
        return self.ready and self.job is None

    @property
    def alive(self) -> bool:
        """False once the process has ended."""
        return self._process.is_alive()

    def began_to_wait(self) -> None:
        """It has loaded its models; what was said meanwhile belongs to no file."""
        self.ready, self.before_bytes = True, self.resident_bytes()
        self.messages()

    def resident_bytes(self) -> int:
        """Memory that it holds now."""
        return resident_bytes(self.pid)

    def sources(self) -> list[Connection | int]:
        """What becomes ready when there is something to read, or when the process ends."""
        return [self._results, self._log, self._process.sentinel]

    def give(self, job: Job, hashed: bool, order: tuple[Any, ...] = ()) -> None:
        """Have it work on a file, as `order` tells `Prepared.work`.

        Raises:
            OSError: the process has just died.
        """
        self._messages.take()
        self._jobs.send((os.fspath(job.path), hashed, order))
        self.job = job

    def reports(self) -> list[Message]:
        """What it has reported since the last time; never waits."""
        self._listen(self._log, self._messages.feed)
        lines: list[bytes] = []
        self._listen(self._results, lines.append)
        *whole, self._partial = (self._partial + b"".join(lines)).split(b"\n")
        return [json.loads(line) for line in whole]

    def messages(self) -> list[str]:
        """What native code complained of during the file."""
        self._listen(self._log, self._messages.feed)
        return self._messages.take()

    def _listen(self, pipe: Connection, take: Callable[[bytes], object]) -> None:
        """What is in a pipe now; not more than it can hold, or a process that never stops talking would hold up the others."""
        try:
            for _ in range(_CHUNKS):
                data = os.read(pipe.fileno(), _CHUNK)
                if not data:
                    return
                take(data)
        except BlockingIOError:
            return

    def kill(self) -> None:
        """End it at once, if it still lives."""
        self._process.kill()
        self._process.join(_GOODBYE_S)

    def close(self) -> None:
        """Let go of it; there are no messages after this."""
        for pipe in (self._jobs, self._results, self._log):
            pipe.close()

    def fate(self) -> WorkerError:
        """Why it died, in words; the process has ended."""
        self._process.join(_GOODBYE_S)
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
            hint=hint
            or "its decoder, or a plug-in, may have crashed on it; try it again",
        )


@contextmanager
def _interrupt_held() -> Iterator[None]:
    """Ctrl-C waits, and what is started meanwhile never sees it, not even while it imports: it is the parent's alone."""
    resource_tracker.ensure_running()  # it lifts the block when it starts
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
