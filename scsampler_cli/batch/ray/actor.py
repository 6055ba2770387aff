"""What an actor of a cluster holds: one process with the models on its machine, as locally, and the means to replace it."""

from __future__ import annotations

import os
from collections.abc import Callable
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


@dataclass(frozen=True)
class ActorOptions:
    """What every actor is told; travels by pickle."""

    task: Task
    timeout_s: float | None = None
    """As `Bounds.from_options` takes it."""
    memory_gb: float | None = None
    """The same; the share is of the actor's own machine."""
    hashed: bool = False
    folder: str = ""
    """Where relative paths begin."""
    versions: tuple[tuple[str, str], ...] = ()
    """Of the packages that compute, as the one who asks has them."""

    @classmethod
    def here(
        cls, task: Task, timeout_s: float | None, memory_gb: float | None, *, hashed: bool
    ) -> ActorOptions:
        """With the folder and the versions of this process."""
        return cls(
            task,
            timeout_s,
            memory_gb,
            hashed=hashed,
            folder=str(Path.cwd()),
            versions=tuple(records.versions("").items()),
        )


class RayActor:
    """A worker pool of one process on this machine.

    Args:
        options: what to do.
        sharers: stations that share this machine's memory.
        place: name of the machine, for people.
        note: takes what the task says while it loads.
        detail: takes what is for those who want to know more.

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
        self._pool.__enter__()
        try:
            self.identity: dict[str, Any] = self._pool.identity(1)
            """What records depend on beside the files."""
        except BaseException:
            self.close()
            raise

    def work(self, path: Path) -> Outcome:
        """What became of a file, whatever it does to its process."""
        (outcome,) = self._pool.run([(0, path)])
        return outcome

    def failed_outcome(self, path: Path, deaths: int) -> Outcome:
        """Of a file that is not begun any more: the actors that did have died."""
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
        """End its process."""
        self._pool.__exit__(None, None, None)


_ignore: Callable[..., None] = lambda *_: None  # noqa: E731


def _enter(folder: str, place: str) -> None:
    """Relative paths mean the same on every machine."""
    try:
        os.chdir(folder or ".")
    except OSError as error:
        raise ClusterError(
            f"{place} has no folder {folder} ({error.strerror or error})",
            code="cluster-folder-missing",
            hint="start from a folder that all machines of the cluster share",
        ) from error


def _check_versions(wanted: tuple[tuple[str, str], ...], place: str) -> None:
    here = records.versions("")
    others = [
        f"{name} {here.get(name)}, not {version}"
        for name, version in wanted
        if here.get(name) != version
    ]
    if others:
        raise ClusterError(
            f"{place} has other versions: {', '.join(others)}",
            code="cluster-versions-differ",
            hint=(
                "install the same versions on all machines of the cluster: records would depend "
                "on where they were made"
            ),
        )
