"""The actor of a cluster: it has a worker pool of one process on its machine."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scsampler_cli.batch.bounds import Bounds
from scsampler_cli.batch.outcome import Outcome
from scsampler_cli.batch.pool import WorkerPool
from scsampler_cli.batch.task import Log, Task
from scsampler_cli.errors import ClusterError, WorkerError
from scsampler_cli.files.inputs import file_stamp
from scsampler_cli.output import records
from scsampler_cli.text import counted


@dataclass(frozen=True, kw_only=True)
class ActorOptions:
    """Options of all actors of a batch; they travel by pickle."""

    task: Task
    """The work on each file."""
    timeout_s: float | None = None
    """Limit for each file, as in `Bounds.from_options`."""
    memory_gb: float | None = None
    """Limit for each file, as in `Bounds.from_options`, on the machine of the actor."""
    hashed: bool = False
    """True to put the sha256 of each file into its record."""
    folder: str = ""
    """Folder that relative paths begin in; "" for the current folder."""
    versions: tuple[tuple[str, str], ...] = ()
    """(package, version) of the packages that compute, on the machine that started the batch."""

    @classmethod
    def here(
        cls, task: Task, timeout_s: float | None, memory_gb: float | None, *, hashed: bool
    ) -> ActorOptions:
        """Options with the folder and the versions of this process."""
        return cls(
            task=task,
            timeout_s=timeout_s,
            memory_gb=memory_gb,
            hashed=hashed,
            folder=str(Path.cwd()),
            versions=tuple(records.versions("").items()),
        )


class RayActor:
    """A worker pool of one process on this machine.

    Args:
        options: task, limits and folder.
        sharers: number of actors that share the memory of this machine.
        place: name of the machine, for messages.
        note: gets the notes of the task while it loads.
        detail: gets messages for `--verbose`.

    Raises:
        ClusterError: this machine lacks the folder, or has other versions.
        ScsamplerError: the task cannot be done here.
    """

    def __init__(
        self, options: ActorOptions, sharers: int, place: str, *, note: Log, detail: Log
    ) -> None:
        _enter(options.folder, place)
        _check_versions(options.versions, place)
        self._command = options.task.command
        bounds = Bounds.from_options(options.timeout_s, options.memory_gb, sharers)
        self._pool = WorkerPool(
            options.task,
            1,
            bounds,
            note=note,
            detail=lambda text: detail(f"{place}: {text}"),
            watch=_ignore,
            hashed=options.hashed,
        )
        # entered here and left in `close`: the pool lives as long as the actor
        self._pool.__enter__()
        # loads the models
        try:
            self.identity: dict[str, Any] = self._pool.identity(1)
            """All that the records depend on except the files."""
        except BaseException:
            self.close()
            raise

    def work(self, path: Path) -> Outcome:
        """The outcome of a file, also of one that crashes its process."""
        (outcome,) = self._pool.run([(0, path)])
        return outcome

    def failed_outcome(self, path: Path, deaths: int) -> Outcome:
        """The outcome of a file that is not tried again: `deaths` actors have died of it."""
        error = WorkerError(
            f"{path}: the actor that worked on it died {counted(deaths, 'time')}",
            code="actor-died",
            hint="out of memory, or a machine that was lost? try it again",
        )
        record = {
            **records.failure(self._command, str(path), error),
            "ffmpeg": [],
            "source": file_stamp(path),
        }
        return Outcome(0, path, record, seconds=0.0, traceback=None)

    def close(self) -> None:
        """End the process."""
        self._pool.__exit__(None, None, None)


def _ignore(path: Path, stage: str, done: int, *, total: int) -> None:
    """Drop progress: Ray does not report it to the driver."""


def _enter(folder: str, place: str) -> None:
    """Change to the folder in which the batch was started: relative paths mean the same there.

    Raises:
        ClusterError: this machine does not have it.
    """
    try:
        os.chdir(folder or ".")
    except OSError as error:
        raise ClusterError(
            f"{place} has no folder {folder} ({error.strerror or error})",
            code="cluster-folder-missing",
            hint="start from a folder that all machines of the cluster share",
        ) from error


def _check_versions(wanted: tuple[tuple[str, str], ...], place: str) -> None:
    """Refuse versions other than those of the machine that started the batch.

    Raises:
        ClusterError: they differ; records would depend on the machine that made them.
    """
    installed = records.versions("")
    others = []
    for name, version in wanted:
        if installed.get(name) != version:
            others.append(f"{name} {installed.get(name)}, not {version}")
    if others:
        raise ClusterError(
            f"{place} has other versions: {', '.join(others)}",
            code="cluster-versions-differ",
            hint=(
                "install the same versions on all machines of the cluster: records would depend "
                "on where they were made"
            ),
        )
