"""What an editor or a player is told of a chosen clip: where it lies, and one line of text."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from scsampler_cli.text import printable

Record = dict[str, Any]
_SALIENCY = ("visual", "audio", "packets")


@dataclass(frozen=True)
class Cut:
    """A chosen clip."""

    start: Fraction
    """Seconds on the file's own clock."""
    end: Fraction
    """Seconds, exclusive."""
    text: str
    """What it shows and how salient it is, or, of a video that was only scored, why it was taken.

    Example: spinning 94% (visual 0.804, audio 1.000)."""


def cuts(record: Record) -> list[Cut]:
    """The clips that a record of classify or score takes, in time order."""
    taken = [clip for clip in record["clips"] if clip.get("taken", True)]
    return [
        Cut(seconds(clip["start_s"]), seconds(clip["end_s"]), _text(clip))
        for clip in sorted(taken, key=lambda clip: clip["clip"])
    ]


def origin(record: Record) -> Fraction:
    """What players show as 0: the earliest time in the file, in seconds on its own clock.

    MPEG-TS and recordings begin late, some by hours. A feature file of an earlier version knows only where the picture begins.
    """
    video = record["video"]
    return seconds(video.get("file_start_s", video["start_s"]))


def seconds(value: float) -> Fraction:
    """The decimal number that stands in the record, exactly."""
    return Fraction(str(value))


def _text(clip: Record) -> str:
    salient = ", ".join(
        f"{name} {clip[name]:.3f}" for name in _SALIENCY if clip.get(name) is not None
    )
    return printable(f"{_shows(clip)} ({salient})" if salient else _shows(clip))


def _shows(clip: Record) -> str:
    if "label" not in clip:
        return str(clip["why"])
    return "not decoded" if clip["label"] is None else f"{clip['label']} {clip['probability']:.0%}"
