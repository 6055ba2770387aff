"""The interface of tasks: the work of a worker process on each file.

A `Task` travels to the process by pickle. The process loads the models that it names, once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

Record = dict[str, Any]
Log = Callable[[str], None]
"""Takes a note for the user."""
Progress = Callable[[str, int, int], None]
"""(stage, done, total). The stage "index" comes once, with the video's length in whole seconds."""


@dataclass(frozen=True)
class Prepared:
    """A task whose models are loaded."""

    work: Callable[..., Record]
    """(file, progress, further arguments of `WorkerPool.run`) -> record of the file. An exception
    becomes a failed record."""
    identity: dict[str, Any]
    """All that a record depends on except the file; JSON-able."""
    makes: bool = False
    """True where `work` makes the file, which then need not exist."""


class Task(Protocol):
    """The work of one command on each of its inputs; picklable."""

    @property
    def command(self) -> str:
        """Name of the command, for the records of files that fail."""
        ...

    def prepare(self, log: Log) -> Prepared:
        """Load the models.

        Args:
            log: gets notes for the user.

        Raises:
            ScsamplerError: the task cannot be done for any file; this ends the batch.
        """
        ...
