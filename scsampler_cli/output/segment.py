"""A segment: a stretch of a video that shows one of the classes."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from scsampler_cli.text import score, seconds


@dataclass(frozen=True)
class Segment:
    """A stretch of a video that shows one of the classes."""

    start: Fraction
    """Seconds on the clock of the file."""
    end: Fraction
    """Seconds, exclusive."""
    label: str
    """The class that it shows; never the background class."""
    probability: float
    """How sure it is that the stretch shows this class, 0 to 1."""
    clips: tuple[int, ...]
    """The clips whose answers by the classifier it rests on, in time order."""

    def record(self) -> dict[str, Any]:
        """The fields as a JSON object."""
        return {
            "start_s": seconds(self.start),
            "end_s": seconds(self.end),
            "label": self.label,
            "probability": score(self.probability),
            "clips": list(self.clips),
        }
