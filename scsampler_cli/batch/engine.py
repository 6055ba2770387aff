"""The interface of engines: worker processes (`pool`), or actors of Ray (`ray.ray_pool`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from scsampler_cli.batch.outcome import Outcome


class Engine(Protocol):
    """Works on the files of a batch. A context manager.

    What it has started ends with it; with Ray, it ends with the process.

    `pool.WorkerPool` documents what each method does and raises.
    """

    stopping: bool
    """True after `stop`."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def stop(self) -> None:
        """Start no more files; those in progress are finished. A signal handler may call it."""
        ...

    def identity(self, count: int) -> dict[str, Any]:
        """All that the records depend on except the files."""
        ...

    def run(self, files: Sequence[tuple[int, Path]]) -> Iterator[Outcome]:
        """Work on files, given as (index, path): one outcome each."""
        ...
