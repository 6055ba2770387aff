"""The worker pool: processes that share the files of a batch. Each file has exactly one outcome.

A process that dies, or takes too long or too much memory, costs one failed record, and another one
replaces it.
Not handled here: which files, and where the records go.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from multiprocessing.connection import wait
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from scsampler_cli.batch.bounds import Bounds
from scsampler_cli.batch.error_transport import raise_packed
from scsampler_cli.batch.outcome import Outcome
from scsampler_cli.batch.process import Job, Message, WorkerProcess
from scsampler_cli.batch.task import Log, Record, Task
from scsampler_cli.errors import MemoryLimitError, ScsamplerError, TimeLimitError, WorkerError
from scsampler_cli.files.inputs import file_stamp
from scsampler_cli.files.output_paths import check_working_folder
from scsampler_cli.output import records
from scsampler_cli.text import counted

TICK_S = 0.1
"""Seconds between two checks of time and memory."""
# processes in a row that may die before their models are loaded
_MAX_FAILED_STARTS = 3


class Watch(Protocol):
    """Callback for the progress of files."""

    def __call__(self, path: Path, stage: str, done: int, *, total: int) -> None:
        """`done` of `total` steps of a stage are finished for a file."""


class WorkerPool:
    """Up to `count` worker processes. A context manager; at its end no process is left.

    Args:
        task: the work on each file.
        count: number of processes.
        bounds: limits for each file.
        note: gets the notes of the task while it loads, each once.
        detail: gets messages for `--verbose`.
        watch: gets the progress of files.
        hashed: True to put the sha256 of each file into its record.
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
        # processes so far, and those in a row that died while they loaded
        self._started = self._failed_starts = 0
        # each process makes the same notes while it loads
        self._noted: set[str] = set()
        self._identity: dict[str, Any] | None = None
        # ends the batch; raised after the outcomes that came at the same time
        self._fatal: ScsamplerError | None = None
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
        """Kill all processes and drop their work; the next call of `run` starts new ones."""
        for worker in self._workers:
            worker.kill()
            worker.close()
        self._workers.clear()

    def stop(self) -> None:
        """Start no more files; those in progress are finished. A signal handler may call it."""
        self.stopping = True

    def identity(self, count: int) -> dict[str, Any]:
        """All that the records depend on except the files.

        It is known when the first process has loaded its models.

        Args:
            count: number of processes to start.

        Raises:
            ScsamplerError: the task cannot be done.
            KeyboardInterrupt: `stop` was called.
        """
        while self._identity is None:
            if self.stopping:
                raise KeyboardInterrupt
            self._start_workers(count)
            self._step()
            self._raise_fatal()
        return self._identity

    def run(self, files: Sequence[tuple[int, Path]], *arguments: Any) -> Iterator[Outcome]:
        """Work on files, started in the given order.

        Args:
            files: (index, path) of each file.
            arguments: further arguments of the task's `work`; picklable.

        Yields:
            one outcome for each file, as it is done; fewer only after `stop`, or before an error.

        Raises:
            WorkerError: processes die before they have loaded their models.
            ScsamplerError: the task cannot be done.
        """
        # position of the next file to start
        next_file, noted = 0, False
        while True:
            if self.stopping and not noted and self._busy():
                noted = True
                files_left = counted(self._busy(), "file")
                self._note(
                    f"interrupted: finishing {files_left} in progress; once more ends this at once"
                )
            if not self.stopping:
                # no more processes than files left to do
                self._start_workers(min(self._count, len(files) - next_file + self._busy()))
                for worker in self._workers:
                    if worker.idle and next_file < len(files):
                        index, path = files[next_file]
                        next_file += self._assign(worker, index, path, arguments=arguments)
            if not self._busy() and (self.stopping or next_file == len(files)):
                return
            yield from self._step()
            self._raise_fatal()

    def _raise_fatal(self) -> None:
        """Raise the error that ends the batch, if there is one."""
        if self._fatal is not None:
            raise self._fatal

    def _busy(self) -> int:
        """Number of files in progress."""
        return sum(worker.job is not None for worker in self._workers)

    def _start_workers(self, count: int) -> None:
        """Start processes until there are `count` of them.

        Raises:
            WorkerError: not even one process can be started.
        """
        while len(self._workers) < count:
            try:
                worker = WorkerProcess(self._task, self._started + 1)
            except OSError as error:
                # a limit on processes or open files: fewer processes do the work
                if not self._workers:
                    check_working_folder()
                    raise WorkerError(
                        f"cannot start a process ({error.strerror or error})",
                        code="process-not-started",
                        hint="ulimit -a lists the limits",
                    ) from error
                processes = counted(len(self._workers), "process")
                self._note(f"{error.strerror or error}: going on with {processes}")
                self._count = len(self._workers)
                return
            self._started += 1
            self._workers.append(worker)
            self._detail(f"process {worker.number} (pid {worker.pid}) started")

    def _assign(
        self, worker: WorkerProcess, index: int, path: Path, *, arguments: tuple[Any, ...]
    ) -> bool:
        """Send a file to an idle process; False if that has just died."""
        # the size and time before the work: a file that changes later is not current
        job = Job(index, path, file_stamp(path))
        try:
            worker.assign(job, self._hashed, arguments)
        except OSError:
            # the next step finds the dead process
            return False
        self._detail(f"{path}: started by process {worker.number}")
        return True

    def _step(self) -> list[Outcome]:
        """Wait for at most TICK_S, then handle all reports and limits.

        An error that ends the batch is stored for `_raise_fatal`: the outcomes of other processes
        must not be lost with it.
        """
        sources = []
        for worker in self._workers:
            sources += worker.sources()
        wait(sources, TICK_S)

        outcomes: list[Outcome] = []
        for worker in list(self._workers):
            # before the reports are read: those of a dead process are then complete
            alive = worker.alive
            try:
                for message in worker.reports():
                    outcomes += self._handle(worker, message)
                error = self._limit_error(worker) if alive else worker.death_error()
                if error is not None:
                    outcomes += self._remove(worker, error)
            except ScsamplerError as fatal:
                self._fatal = self._fatal or fatal
        return outcomes

    def _handle(self, worker: WorkerProcess, message: Message) -> Iterator[Outcome]:
        """Handle one message of a process; `worker.serve` sends them."""
        match message:
            case {"note": text}:
                if text not in self._noted:
                    self._noted.add(text)
                    self._note(text)
            case {"ready": identity}:
                worker.set_ready()
                self._failed_starts = 0
                self._identity = identity
                self._detail(f"process {worker.number} is ready")
            case {"failed": packed_error}:
                raise_packed(packed_error)
            case {"progress": [stage, done, total]} if worker.job is not None:
                # the length of the video, for the time limit; it is no progress
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
        # {"size": ..., "mtime_ns": ..., "sha256": ...}, by which a resumed run knows the file
        source = job.source
        if source is not None and (digest := record.pop("sha256", None)):
            source = {**source, "sha256": digest}
        whole = {**record, "ffmpeg": worker.messages(), "source": source}
        return Outcome(
            job.index, job.path, whole, seconds=time.monotonic() - job.start, traceback=trace
        )

    def _limit_error(self, worker: WorkerProcess) -> ScsamplerError | None:
        """The limit that a process has exceeded; None where it has not."""
        job, limit = worker.job, self._bounds.memory_bytes
        if job is None:
            return None
        now = time.monotonic()
        if now > self._bounds.deadline(job):
            spent = now - job.start
            return TimeLimitError(
                f"not done after {spent:.3g} s",
                code="time-limit",
                hint="raise the time limit",
            )
        if limit is not None and (used := worker.resident_bytes()) > limit:
            before = f"{worker.before_bytes / 1e9:.2g} GB"
            return MemoryLimitError(
                f"took {used / 1e9:.3g} GB of memory, the limit is {limit / 1e9:.3g}",
                code="memory-limit",
                hint=f"raise the limit; {before} are taken before any file is read",
            )
        return None

    def _remove(self, worker: WorkerProcess, cause: ScsamplerError) -> Iterator[Outcome]:
        """End a process that died or exceeded a limit; the next step starts another one.

        Yields:
            the failed outcome of its file, if it had one.

        Raises:
            WorkerError: too many processes in a row died before they had loaded their models.
        """
        self._workers.remove(worker)
        self._failed_starts += not worker.ready
        self._detail(f"process {worker.number} (pid {worker.pid}): {cause}")
        worker.kill()
        try:
            if worker.job is not None:
                path = worker.job.path
                error = type(cause)(f"{path}: {cause}", code=cause.code, hint=cause.hint)
                yield self._outcome(
                    worker,
                    worker.job,
                    records.failure(self._task.command, str(path), error),
                    trace=None,
                )
            # without a file only a failed start counts: an idle process that dies is replaced
            elif self._failed_starts == _MAX_FAILED_STARTS:
                # native code often says on stderr why it ended the process
                last_messages = "; ".join(worker.messages()[-2:])
                raise WorkerError(
                    f"{cause} before it could begin"
                    + (f" ({last_messages})" if last_messages else ""),
                    code=cause.code,
                    hint=cause.hint,
                )
        finally:
            worker.close()
