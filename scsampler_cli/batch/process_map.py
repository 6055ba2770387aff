"""Several passes over files by one worker pool, whose processes load models once and keep them.

`train` and `bench` do several things with each video: read it, classify it, time it. `Loading` is
the task of such a pool, and `Pool` maps functions over files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from scsampler_cli.batch.outcome import Outcome
from scsampler_cli.batch.pool import WorkerPool
from scsampler_cli.batch.task import Log, Prepared, Progress, Record
from scsampler_cli.errors import OutputError

Do = Callable[[Any, Path, Progress], Record]
"""(what the process has loaded, file, progress) -> record; picklable, such as a `partial` of a
function of a module."""
Attended = Callable[[Callable[[], None]], AbstractContextManager[None]]
"""Within the context, Ctrl-C calls the given function, from a signal handler."""
DONE: Record = {"status": "ok"}
"""The record of work that stores its result elsewhere, as in a cache."""


@dataclass(frozen=True)
class Loading:
    """A task that loads something once in each process; the work itself comes with each file."""

    command: str
    load: Callable[[Log], tuple[Any, dict[str, Any]]]
    """Picklable; called in each process. Gives what the process keeps, and facts on it for the
    caller, JSON-able."""

    def prepare(self, log: Log) -> Prepared:
        """Load the models, and return the work on one file."""
        loaded, facts = self.load(log)
        return Prepared(_work_with(loaded), facts)


@dataclass(frozen=True)
class Making:
    """A task that loads nothing, and makes the files, which need not exist."""

    command: str

    def prepare(self, log: Log) -> Prepared:
        """Return the work on one file; no models are loaded."""
        return Prepared(_work_with(None), {}, makes=True)


def _work_with(loaded: Any) -> Callable[[Path, Progress, Do], Record]:
    """The work of a process: call the function that comes with the file."""

    def work(path: Path, progress: Progress, do: Do) -> Record:
        return do(loaded, path, progress)

    return work


class Rounds(Protocol):
    """The part of `Pool` that `train` and `bench` use."""

    def each(self, paths: Sequence[Path], do: Do) -> Iterator[Outcome]:
        """Work on files, as `Pool.each` does."""
        ...

    def dismiss(self) -> None:
        """End the processes, as `Pool.dismiss` does."""
        ...


class Pool:
    """Maps functions over files with a worker pool whose task is a `Loading` or a `Making`.

    Args:
        worker_pool: the pool, which the caller enters and leaves.
        attended: handles Ctrl-C during the work.
        on_outcome: called with each outcome as soon as its file is done.
    """

    def __init__(
        self,
        worker_pool: WorkerPool,
        attended: Attended,
        on_outcome: Callable[[Outcome], None] = lambda _: None,
    ) -> None:
        self._pool, self._attended, self._on_outcome = worker_pool, attended, on_outcome

    def about(self) -> dict[str, Any]:
        """The facts of `Loading.load`; one process loads the models for them.

        Raises:
            ScsamplerError: the models cannot be loaded.
            KeyboardInterrupt: Ctrl-C.
        """
        with self._attended(self._pool.stop):
            return self._pool.identity(1)

    def each(self, paths: Sequence[Path], do: Do) -> Iterator[Outcome]:
        """Call a function for each file. Without files no process is started.

        Yields:
            one outcome for each file, in the order of the files.

        Raises:
            OutputError: something could not be written, which concerns all files.
            WorkerError: processes die before they have loaded their models.
            ScsamplerError: the models cannot be loaded.
            KeyboardInterrupt: Ctrl-C, after the files in progress are finished.
        """
        if not paths:
            return
        # outcomes that wait for earlier ones, and the index of the next one
        early: dict[int, Outcome] = {}
        next_index = 0
        with self._attended(self._pool.stop):
            for outcome in self._pool.run(list(enumerate(paths)), do):
                self._on_outcome(outcome)
                error = outcome.error
                # a full disk, say: it would fail all the other files, too
                if isinstance(error, OutputError):
                    raise error
                early[outcome.index] = outcome
                while next_index in early:
                    yield early.pop(next_index)
                    next_index += 1
        if self._pool.stopping:
            raise KeyboardInterrupt

    def dismiss(self) -> None:
        """End the processes, with all that they have loaded; the next call starts new ones."""
        self._pool.dismiss()
