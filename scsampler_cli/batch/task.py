"""What a process is asked to do with each file.

A `Task` travels to the process by pickle; the models that it names are loaded there, once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

Record = dict[str, Any]
Log = Callable[[str], None]
Progress = Callable[[str, int, int], None]
"""(stage, done, total); the stage "index" comes once, with the video's length in whole seconds."""


@dataclass(frozen=True)
class Prepared:
    """A task whose models are loaded."""

    work: Callable[..., Record]
    """(file, progress, what else `WorkerPool.run` was told) -> its record; whatever it raises becomes a failed record."""
    identity: dict[str, Any]
    """JSON-able: all that a record depends on beside the file; equal identities give equal records."""
    makes: bool = False
    """True where `work` makes the file: it need not be there before."""


class Task(Protocol):
    """What one command does with each of its inputs; picklable."""

    @property
    def command(self) -> str:
        """Name of the command, for the records of files that fail."""
        ...

    def prepare(self, say: Log) -> Prepared:
        """Load what is needed; `say` takes notes for the user.

        Raises:
            ScsamplerError: it cannot be done for any file; ends the batch.
        """
        ...
