"""The line at the end of a batch: how many videos were tagged, are unsure, or failed.

Example: 11 tagged, 1 unsure, 2 failed, 30 kept in 17 s -> tags.jsonl
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scsampler_cli.cli import output_targets
from scsampler_cli.text import duration

_DONE = {"classify": "tagged", "score": "scored", "extract": "extracted", "find": "searched"}
"""Command -> what it has done with a video."""


def is_unsure(record: Mapping[str, Any]) -> bool:
    """True for a video that has tags, and none that the classifier is confident of."""
    # records of earlier versions do not say it
    return record["status"] == "ok" and not record.get("confident", True)


@dataclass
class BatchCounts:
    """Numbers of videos, by what became of them."""

    command: str
    done: int = 0
    unsure: int = 0
    failed: int = 0
    incomplete: int = 0
    """Videos of which a page, a contact sheet or a reel could not be made; they count as done."""
    lost: int = 0
    """Videos whose own file of records could not be written; they count as done."""
    kept: int = 0
    """Records of an earlier run that stay."""
    kept_failed: int = 0
    """Those of them that are of failed files."""
    left: int = 0
    """Videos whose work has not started, because the run was interrupted."""

    def add(self, record: Mapping[str, Any]) -> None:
        """Count the record of a video."""
        if record["status"] != "ok":
            self.failed += 1
            return
        self.unsure += is_unsure(record)
        self.done += not is_unsure(record)
        self.incomplete += "files_failed" in record

    @property
    def all_failed(self) -> int:
        """Failed videos, those of an earlier run and lost records included."""
        return self.failed + self.kept_failed + self.lost

    def words(self) -> str:
        """The numbers as text. Numbers that are 0 are left out, except the first.

        Example: 11 tagged, 1 unsure, 2 failed; 1 not written.
        """
        kept_failed = f" ({self.kept_failed} of them failed)" if self.kept_failed else ""
        # each video is one of these
        parts = [f"{self.done} {_DONE[self.command]}"]
        parts += _shown(
            {
                "unsure": self.unsure,
                "failed": self.failed,
                f"kept{kept_failed}": self.kept,
                "not started": self.left,
            }
        )
        # some of the videos above
        of_these = {"not written": self.lost, "without a page, sheet or reel": self.incomplete}
        return "; ".join([", ".join(parts), *_shown(of_these)])


def _shown(numbers: Mapping[str, int]) -> list[str]:
    """The numbers above 0, each with its word."""
    return [f"{number} {what}" for what, number in numbers.items() if number]


def end_line(counts: BatchCounts, seconds: float, places: Sequence[Path | None]) -> str:
    """The line at the end of a batch.

    Args:
        counts: of its videos.
        seconds: duration of the run.
        places: files and folders with the results; None for standard output.
    """
    shown = [shown_path(place) for place in places if place is not None]
    target = f" -> {' and '.join(shown)}" if shown else ""
    return f"{counts.words()} in {duration(seconds)}{target}"


def shown_path(path: Path) -> str:
    """A path as a person writes it: a folder ends with a slash."""
    is_folder = isinstance(path, output_targets.Folder) or path.is_dir()
    return f"{path}/" if is_folder and str(path) != "/" else str(path)
