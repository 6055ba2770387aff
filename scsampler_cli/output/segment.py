"""A segment: a stretch of a video that shows one of the classes."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from scsampler_cli.output.exact_times import ExactTimes
from scsampler_cli.output.one_line import called, tagged
from scsampler_cli.text import score, seconds


@dataclass(frozen=True, repr=False)
class Segment(ExactTimes):
    """A stretch of a video that shows one of the classes."""

    exact_start: Fraction
    """Seconds on the clock of the file."""
    exact_end: Fraction
    """Seconds, exclusive."""
    label: str
    """The class that it shows; never the background class."""
    probability: float
    """How sure it is that the stretch shows this class, 0 to 1."""
    clips: tuple[int, ...]
    """The clips whose answers by the classifier it rests on, in time order."""

    def __repr__(self) -> str:
        return called(self, (self._span, tagged(self.label, self.probability)))

    def record(self) -> dict[str, Any]:
        """The fields as a JSON object."""
        return {
            "start_s": seconds(self.exact_start),
            "end_s": seconds(self.exact_end),
            # as text: JSON numbers would round a third of a second
            "exact_s": [str(self.exact_start), str(self.exact_end)],
            "label": self.label,
            "probability": score(self.probability),
            "clips": list(self.clips),
        }
