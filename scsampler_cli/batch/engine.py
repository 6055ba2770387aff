"""What goes through the files of a batch: processes of this machine (`worker_pool`), or actors of a Ray cluster (`cluster`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from scsampler_cli.batch.pool import Outcome


class Engine(Protocol):
    """A context manager that leaves nothing running behind; see `worker_pool.Crew` for what each does and raises."""

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
        """Begin no more files; those under way are finished. Safe to be called by a signal handler."""
        ...

    def identity(self, count: int) -> dict[str, Any]:
        """What the records depend on beside the files."""
        ...

    def run(self, files: Sequence[tuple[int, Path]]) -> Iterator[Outcome]:
        """Work on files, given as (index, path): one outcome each."""
        ...
