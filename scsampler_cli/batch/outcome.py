"""The outcome of the work on one file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from scsampler_cli import errors
from scsampler_cli.batch.task import Record
from scsampler_cli.errors import ScsamplerError, WorkerError


@dataclass(frozen=True)
class Outcome:
    """The record of one file, and how it came about."""

    index: int
    """Position of the file among the inputs."""
    path: Path
    record: Record
    seconds: float
    """Duration of the work."""
    traceback: str | None
    """Traceback of the failure; None where there was none."""

    @property
    def error(self) -> ScsamplerError | None:
        """The error of a failed file, for callers that raise or show it; None for an ok record."""
        if self.record["status"] == "ok":
            return None
        facts = self.record["error"]
        # an unexpected exception, such as ValueError, has no class in `errors`
        kind = getattr(errors, facts["type"], WorkerError)
        error: ScsamplerError = kind(facts["message"], code=facts["code"], hint=facts["hint"])
        if self.traceback:
            error.add_note(self.traceback)
        return error
