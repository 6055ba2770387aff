"""The result of a search for a sentence in many videos, and its JSON form.

Not handled here: `found_writers` writes it in each format.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from scsampler_cli.output.found_clip import FoundClip
from scsampler_cli.output.one_line import called, quoted
from scsampler_cli.output.records import Failure
from scsampler_cli.text import counted


@dataclass(frozen=True, kw_only=True, repr=False)
class FindResult:
    """The clips of many videos that fit a sentence best."""

    sentence: str
    clips: tuple[FoundClip, ...]
    """Best first; may be empty."""
    videos: int
    """Number of videos that were searched, without those that failed."""
    embedded: int
    """Of how many of them the vectors were computed now; the others were kept from before."""
    failures: tuple[Failure, ...]
    """The videos that could not be searched."""
    model: dict[str, Any]
    """Name, weights, SHA-256 and number of dimensions of the text-image model."""
    settings: dict[str, Any]
    notes: tuple[str, ...]
    timings_s: dict[str, float]
    versions: dict[str, str]
    files: dict[str, str] = field(default_factory=dict)
    """Files that were made beside the result, by what they are: report, reel."""

    def __repr__(self) -> str:
        found = counted(len(self.clips), "found clip")
        parts = [quoted(self.sentence), found, counted(self.videos, "video")]
        if self.failures:
            parts.append(f"{len(self.failures)} failed")
        return called(self, parts)

    def record(self) -> dict[str, Any]:
        """The fields as a JSON object."""
        return {
            "schema": "scsampler.find/1",
            "status": "ok",
            "sentence": self.sentence,
            "clips": [clip.record() for clip in self.clips],
            "videos": self.videos,
            "embedded": self.embedded,
            "failures": [failure.record() for failure in self.failures],
            "model": self.model,
            "settings": self.settings,
            "notes": list(self.notes),
            "timings_s": self.timings_s,
            "versions": self.versions,
            "files": self.files,
        }
