"""A selected clip for editors and players: its times, and one line of text."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from scsampler_cli.text import printable

Record = dict[str, Any]
_SALIENCY = ("visual", "audio", "packets")


@dataclass(frozen=True)
class Cut:
    """A selected clip."""

    start: Fraction
    """Seconds on the clock of the file."""
    end: Fraction
    """Seconds, exclusive."""
    text: str
    """Label and saliency; for a video that was only scored, the reason of the selection.

    Example: spinning 94% (visual 0.804, audio 1.000).
    """


def cuts(record: Record) -> list[Cut]:
    """The selected clips of a record of `classify` or `score`, in time order."""
    # a record of `classify` has selected clips only, without the key
    selected = [clip for clip in record["clips"] if clip.get("taken", True)]
    selected.sort(key=lambda clip: clip["clip"])
    return [Cut(seconds(clip["start_s"]), seconds(clip["end_s"]), _text(clip)) for clip in selected]


def origin(record: Record) -> Fraction:
    """The time that players show as 0: the earliest time in the file, in seconds on its clock.

    The clocks of MPEG-TS and of recordings begin later than 0, some by hours.
    """
    video = record["video"]
    # feature files of earlier versions have only the start of the video stream
    return seconds(video.get("file_start_s", video["start_s"]))


def seconds(value: float) -> Fraction:
    """The decimal number in the record as an exact fraction."""
    # by way of text: Fraction(0.1) is not 1/10
    return Fraction(str(value))


def _text(clip: Record) -> str:
    scores = []
    for name in _SALIENCY:
        if clip.get(name) is not None:
            scores.append(f"{name} {clip[name]:.3f}")
    shows = _shows(clip)
    # editors and players show one line
    return printable(f"{shows} ({', '.join(scores)})" if scores else shows)


def _shows(clip: Record) -> str:
    # a record of `score` has no labels
    if "label" not in clip:
        return str(clip["why"])
    if clip["label"] is None:
        return "not decoded"
    return f"{clip['label']} {clip['probability']:.0%}"
