"""Several processes that share the files of a batch among them: each file ends in exactly one outcome.

A process that dies, takes too long or too much memory is one failed record, and another takes its place.
But: what is done before, and where the records go, is the caller's business.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, Protocol, Self

from scsampler_cli import errors
from scsampler_cli.batch.memory import machine_bytes
from scsampler_cli.batch.process import Job, Message, WorkerProcess
from scsampler_cli.batch.task import Log, Record, Task
from scsampler_cli.errors import MemoryLimitError, ScsamplerError, TimeLimitError, WorkerError
from scsampler_cli.files.inputs import identified
from scsampler_cli.files.output_paths import check_working_folder
from scsampler_cli.output import records
from scsampler_cli.text import counted

TICK_S = 0.1
"""Seconds between two looks at time and memory (our choice)."""
TIMEOUT_S = 3600.0
"""Seconds that a file may take for each hour of video begun, where nothing else is asked for (our choice)."""
MEMORY_SHARE = 0.8
"""Of the machine's memory, for all processes together (our choice): the rest is for the system and for files in its cache."""
_TRIES = 3
"""Processes in a row that may die before they have loaded anything."""


class Watch(Protocol):
    """Called while files are worked on."""

    def __call__(self, path: Path, stage: str, done: int, *, total: int) -> None:
        """`path` is at `done` of `total` steps of a stage."""


@dataclass(frozen=True)
class Bounds:
    """What one file may take of a process."""

    timeout_s: float | None
    """Seconds; 0 is no limit, None is TIMEOUT_S for each hour of video begun."""
    memory_bytes: int | None
    """None is no limit."""

    @classmethod
    def asked(cls, timeout_s: float | None, memory_gb: float | None, sharers: int) -> Bounds:
        """Bounds as a user gives them.

        Args:
            timeout_s: as `timeout_s`.
            memory_gb: 0 is no limit; None is an equal share of MEMORY_SHARE of this machine's.
            sharers: processes of this machine that share its memory.
        """
        if memory_gb is not None:
            return cls(
                timeout_s, math.ceil(memory_gb * 1e9) if 0 < memory_gb < float("inf") else None
            )
        there = machine_bytes()
        return cls(timeout_s, there and int(there * MEMORY_SHARE) // sharers)

    def deadline(self, job: Job) -> float:
        """When a file has had its time, on the monotonic clock."""
        if self.timeout_s is None:
            return job.began + TIMEOUT_S * max(1.0, job.seconds / 3600)
        return job.began + (self.timeout_s or float("inf"))


@dataclass(frozen=True)
class Outcome:
    """What became of a file."""

    index: int
    path: Path
    record: Record
    seconds: float
    """That it took."""
    traceback: str | None
    """Of what failed."""

    @property
    def error(self) -> ScsamplerError | None:
        """Why the file failed, for callers that raise or show errors; None where it did not fail."""
        if self.record["status"] == "ok":
            return None
        said = self.record["error"]
        kind = getattr(errors, said["type"], WorkerError)
        error: ScsamplerError = kind(said["message"], code=said["code"], hint=said["hint"])
        if self.traceback:
            error.add_note(self.traceback)
        return error


class WorkerPool:
    """Up to `count` processes; a context manager that leaves none behind.

    Args:
        task: what is done with each file.
        count: processes.
        bounds: what a file may take.
        note: takes what the task says while it loads, each line once.
        detail: takes what is for those who want to know more.
        watch: told how far files are.
        hashed: True to have each file's sha256 in its record.
    """

    def __init__(
        self,
        task: Task,
        count: int,
        bounds: Bounds,
        *,
        note: Log,
        detail: Log,
        watch: Watch,
        hashed: bool = False,
    ) -> None:
        self._task, self._count, self._bounds, self._hashed = task, count, bounds, hashed
        self._note, self._detail, self._watch = note, detail, watch
        self._workers: list[WorkerProcess] = []
        self._started = self._stillborn = 0
        self._noted: set[str] = set()
        self._identity: dict[str, Any] | None = None
        self._trouble: ScsamplerError | None = None
        self.stopping = False
        """True after `stop`."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.dismiss()

    def dismiss(self) -> None:
        """End all processes, and what they are at; more are started when there is more to do."""
        for worker in self._workers:
            worker.kill()
            worker.close()
        self._workers.clear()

    def stop(self) -> None:
        """Begin no more files; those under way are finished. Safe to be called by a signal handler."""
        self.stopping = True

    def identity(self, count: int) -> dict[str, Any]:
        """What the records depend on beside the files: known when the first process has loaded its models.

        Args:
            count: processes to start meanwhile.

        Raises:
            ScsamplerError: the task cannot be done.
            KeyboardInterrupt: it was stopped meanwhile.
        """
        while self._identity is None:
            if self.stopping:
                raise KeyboardInterrupt
            self._staff(count)
            self._step()
            self._check()
        return self._identity

    def run(self, files: Sequence[tuple[int, Path]], *order: Any) -> Iterator[Outcome]:
        """Work on files, given as (index, path), begun in this order.

        Args:
            files: the files.
            order: what the task's `work` gets beside each file; picklable.

        Yields:
            their outcomes as they come; fewer than files only after `stopping`, or before an error.

        Raises:
            WorkerError: processes die before they begin to work.
            ScsamplerError: the task cannot be done.
        """
        at, told = 0, False
        while True:
            if self.stopping and not told and self._busy():
                told = True
                under_way = counted(self._busy(), "file")
                self._note(
                    f"interrupted: finishing {under_way} under way; once more ends this at once"
                )
            if not self.stopping:
                self._staff(min(self._count, len(files) - at + self._busy()))
                for worker in self._workers:
                    if worker.idle and at < len(files):
                        index, path = files[at]
                        at += self._give(worker, index, path, order=order)
            if not self._busy() and (self.stopping or at == len(files)):
                return
            yield from self._step()
            self._check()

    def _check(self) -> None:
        """Raise what ends the batch, after the outcomes that came at the same time."""
        if self._trouble is not None:
            raise self._trouble

    def _busy(self) -> int:
        return sum(worker.job is not None for worker in self._workers)

    def _staff(self, wanted: int) -> None:
        """Start processes until there are as many as wanted."""
        while len(self._workers) < wanted:
            try:
                worker = WorkerProcess(self._task, self._started + 1)
            except OSError as error:
                if not self._workers:
                    check_working_folder()
                    raise WorkerError(
                        f"no process can be started ({error.strerror or error})",
                        code="process-not-started",
                        hint="ulimit -a lists the limits",
                    ) from error
                self._note(
                    f"{error.strerror or error}: going on with {counted(len(self._workers), 'process')}"
                )
                self._count = len(self._workers)
                return
            self._started += 1
            self._workers.append(worker)
            self._detail(f"process {worker.number} (pid {worker.pid}) started")

    def _give(
        self, worker: WorkerProcess, index: int, path: Path, *, order: tuple[Any, ...]
    ) -> bool:
        """True when the process has taken the file."""
        job = Job(index, path, identified(path))
        try:
            worker.give(job, self._hashed, order)
        except OSError:
            return False  # it died while it was idle: seen at the next step
        self._detail(f"{path}: begun by process {worker.number}")
        return True

    def _step(self) -> list[Outcome]:
        """Wait a moment, then what has come of it; what ends the batch is kept for `_check`."""
        wait([source for worker in self._workers for source in worker.sources()], TICK_S)
        outcomes: list[Outcome] = []
        for worker in list(self._workers):
            alive = worker.alive  # asked first: what it said before it died is then all there
            try:
                for message in worker.reports():
                    outcomes += self._heard(worker, message)
                trouble = worker.fate() if not alive else self._excess(worker)
                if trouble is not None:
                    outcomes += self._lost(worker, trouble)
            except ScsamplerError as error:  # the others' outcomes must not be lost with it
                self._trouble = self._trouble or error
        return outcomes

    def _heard(self, worker: WorkerProcess, message: Message) -> Iterator[Outcome]:
        match message:
            case {"note": text}:
                if text not in self._noted:
                    self._noted.add(text)
                    self._note(text)
            case {"ready": identity}:
                worker.began_to_wait()
                self._stillborn = 0
                self._identity = identity
                self._detail(f"process {worker.number} is ready")
            case {"unfit": trouble}:
                raise_described(trouble)
            case {"progress": [stage, done, total]} if worker.job is not None:
                if stage == "index":
                    worker.job.seconds = total
                else:
                    self._watch(worker.job.path, stage, done, total=total)
            case {"done": record, "traceback": trace} if worker.job is not None:
                yield self._outcome(worker, worker.job, record, trace=trace)

    def _outcome(
        self, worker: WorkerProcess, job: Job, record: Record, *, trace: str | None
    ) -> Outcome:
        worker.job = None
        source = job.source
        if source is not None and (digest := record.pop("sha256", None)):
            source = {**source, "sha256": digest}
        whole = {**record, "ffmpeg": worker.messages(), "source": source}
        return Outcome(
            job.index, job.path, whole, seconds=time.monotonic() - job.began, traceback=trace
        )

    def _excess(self, worker: WorkerProcess) -> ScsamplerError | None:
        """Why a process must be ended, if it must."""
        job, limit = worker.job, self._bounds.memory_bytes
        if job is None:
            return None
        now = time.monotonic()
        if now > self._bounds.deadline(job):
            spent = now - job.began
            return TimeLimitError(
                f"not done after {spent:.3g} s",
                code="time-limit",
                hint="raise the time limit",
            )
        if limit is not None and (held := worker.resident_bytes()) > limit:
            return MemoryLimitError(
                f"took {held / 1e9:.3g} GB of memory, the limit is {limit / 1e9:.3g}",
                code="memory-limit",
                hint=f"raise the limit; {worker.before_bytes / 1e9:.2g} GB are taken before any file is read",
            )
        return None

    def _lost(self, worker: WorkerProcess, trouble: ScsamplerError) -> Iterator[Outcome]:
        """A process that died or must be ended."""
        self._workers.remove(worker)
        self._stillborn += not worker.ready
        self._detail(f"process {worker.number} (pid {worker.pid}): {trouble}")
        worker.kill()
        try:
            if worker.job is not None:
                path = worker.job.path
                error = type(trouble)(f"{path}: {trouble}", code=trouble.code, hint=trouble.hint)
                yield self._outcome(
                    worker,
                    worker.job,
                    records.failure(self._task.command, str(path), error),
                    trace=None,
                )
            elif self._stillborn == _TRIES:
                said = "; ".join(worker.messages()[-2:])
                raise WorkerError(
                    f"{trouble} before it could begin" + (f" ({said})" if said else ""),
                    code=trouble.code,
                    hint=trouble.hint,
                )
        finally:
            worker.close()


def raise_described(trouble: dict[str, Any]) -> NoReturn:
    """What a process could not load is an error here."""
    kind: type[ScsamplerError] = getattr(errors, trouble["type"] or "WorkerError", WorkerError)
    hint = (
        trouble["hint"]
        if trouble["type"]
        else "please report it, with the traceback"
    )
    error = kind(
        trouble["message"], code=trouble["code"], hint=hint, example=trouble["example"]
    )
    error.add_note(trouble["traceback"])
    raise error
