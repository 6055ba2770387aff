"""Tasks whose records have the modules of the worker process that made them."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scsampler_cli.batch.task import Log, Prepared, Progress, Record, Task


def modules() -> list[str]:
    """The modules of this process that are of interest."""
    # matplotlib takes as long to import as a short video takes to be tagged
    rooms = ("scsampler_cli.cli", "typer", "rich", "matplotlib")
    return sorted(name for name in sys.modules if name.startswith(rooms))


@dataclass(frozen=True)
class WithModules:
    """Do another task, and look at the modules afterwards.

    Args:
        task: the other task.
    """

    task: Task
    command: str = "classify"

    def prepare(self, say: Log) -> Prepared:
        """Load what the other task loads."""
        prepared = self.task.prepare(say)

        def work(path: Path, progress: Progress) -> Record:
            return {**prepared.work(path, progress), "modules": modules()}

        return Prepared(work, prepared.identity)


def modules_after(loaded: Any, path: Path, progress: Progress) -> Record:
    """What is done with a file by processes that `train` and `bench` use."""
    return {"status": "ok", "path": str(path), "modules": modules()}
