"""Several rounds of work on files by one worker pool, whose processes load something once and keep it.

`train` and `bench` ask for one thing after another of each video: read it, classify it, time it. `Loading` is the task of such a
worker pool, `Pool` is what asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from scsampler_cli.batch.pool import Outcome, WorkerPool
from scsampler_cli.batch.task import Log, Prepared, Progress, Record
from scsampler_cli.errors import OutputError

Do = Callable[[Any, Path, Progress], Record]
"""(what the process has loaded, file, progress) -> record; picklable, as a `partial` of a function of some module."""
Attended = Callable[[Callable[[], None]], AbstractContextManager[None]]
"""Within the context, whoever wants an end has the callback called, from a signal handler if need be."""
DONE: Record = {"status": "ok"}
"""The record of work that leaves its result elsewhere, as in a cache."""


@dataclass(frozen=True)
class Loading:
    """A task whose processes load something once; what is done with each file comes with the file."""

    command: str
    load: Callable[[Log], tuple[Any, dict[str, Any]]]
    """Picklable; called in each process; gives what is kept there, and what the caller is to know of it, JSON-able."""

    def prepare(self, say: Log) -> Prepared:
        """Load it."""
        loaded, told = self.load(say)
        return Prepared(_with(loaded), told)


@dataclass(frozen=True)
class Making:
    """A task that loads nothing and makes the files: they need not be there before."""

    command: str

    def prepare(self, say: Log) -> Prepared:
        """Nothing to load."""
        return Prepared(_with(None), {}, makes=True)


def _with(loaded: Any) -> Callable[[Path, Progress, Do], Record]:
    """Work on a file with what was loaded; what is done with it comes with the file."""

    def work(path: Path, progress: Progress, do: Do) -> Record:
        return do(loaded, path, progress)

    return work


class Rounds(Protocol):
    """What `train` and `bench` need of a `Pool`."""

    def each(self, paths: Sequence[Path], do: Do) -> Iterator[Outcome]:
        """See `Pool.each`."""
        ...

    def dismiss(self) -> None:
        """See `Pool.dismiss`."""
        ...


class Pool:
    """Rounds of work by a worker pool whose task is a `Loading` or a `Making`.

    Args:
        worker_pool: entered by the caller, who leaves it, too.
        attended: keeps watch for Ctrl-C while files are worked on.
    """

    def __init__(self, worker_pool: WorkerPool, attended: Attended) -> None:
        self._crew, self._attended = worker_pool, attended

    def about(self) -> dict[str, Any]:
        """What `Loading.load` tells of what it has loaded; a process loads it for that.

        Raises:
            ScsamplerError: they cannot be loaded.
            KeyboardInterrupt: it was stopped.
        """
        with self._attended(self._crew.stop):
            return self._crew.identity(1)

    def each(self, paths: Sequence[Path], do: Do) -> Iterator[Outcome]:
        """Work on files; without any, no process is started.

        Yields:
            one outcome for each file, in the order of the files.

        Raises:
            OutputError: something could not be written, which is no file's fault.
            WorkerError: processes die before they begin to work.
            ScsamplerError: models cannot be loaded.
            KeyboardInterrupt: it was stopped, and the files in progress are finished.
        """
        if not paths:
            return
        early: dict[int, Outcome] = {}
        turn = 0
        with self._attended(self._crew.stop):
            for outcome in self._crew.run(list(enumerate(paths)), do):
                error = outcome.error
                if isinstance(error, OutputError):
                    raise error
                early[outcome.index] = outcome
                while turn in early:
                    yield early.pop(turn)
                    turn += 1
        if self._crew.stopping:
            raise KeyboardInterrupt

    def dismiss(self) -> None:
        """End the processes, with what they have loaded; the next round starts others."""
        self._crew.dismiss()
