"""Labels of parts of videos, in lists that give a video no label as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

_WHOLE = 0.95
"""Share of a video from which on its parts count as all of it: a trimmed video may last some frames
longer than its part."""


class Part(NamedTuple):
    """A part of a video, and what it shows."""

    label: str
    start: float
    """Seconds or frames from the beginning of the video."""
    end: float
    """Exclusive; larger than the start."""


def longest_label(parts: Sequence[Part]) -> str:
    """The label that the parts have for the longest time; of equal ones the first."""
    times: dict[str, float] = {}
    for part in parts:
        times[part.label] = times.get(part.label, 0.0) + part.end - part.start
    return max(times, key=lambda label: times[label])


def covered(parts: Sequence[Part]) -> float:
    """How long the parts are together; what lies in several counts once."""
    total, done = 0.0, float("-inf")
    for part in sorted(parts, key=lambda part: part.start):
        total += max(0.0, part.end - max(part.start, done))
        done = max(done, part.end)
    return total


class PartCounts:
    """Videos that a list labels by their parts, for notes on what becomes of the parts."""

    def __init__(self) -> None:
        self._videos = self._several = 0
        self._shares: list[float] = []

    def add(self, parts: Sequence[Part], duration: float | None) -> None:
        """Count a video.

        Args:
            parts: of the video, at least one.
            duration: of the video, in the unit of the parts; None where it is unknown.
        """
        self._several += len({part.label for part in parts}) > 1
        share = covered(parts) / duration if duration else None
        if share is None or share < _WHOLE:
            self._videos += 1
            self._shares += [] if share is None else [share]

    def notes(self, is_training: bool) -> list[str]:
        """Notes for the user.

        Args:
            is_training: True where the videos are learnt from.
        """
        found = []
        if self._several:
            found.append(
                f"videos with parts of several labels: {self._several}; the label of the longest "
                "time is used"
            )
        if self._videos and is_training:
            mean = sum(self._shares) / len(self._shares) if self._shares else None
            share = "" if mean is None else f" (on average {mean:.0%} of a video)"
            found.append(
                f"videos with labels of parts alone: {self._videos}{share}; training takes the "
                "whole videos, also what lies between the parts; to learn from the parts alone, "
                "make a file of each"
            )
        return found
