"""A found clip: a stretch of a video whose picture, or whose clip, fits a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from scsampler_cli.output.exact_times import ExactTimes
from scsampler_cli.output.one_line import called, quoted
from scsampler_cli.text import score, seconds


@dataclass(frozen=True, repr=False)
class FoundClip(ExactTimes):
    """A stretch of a video that was compared with a sentence.

    Clips that share one picture are one found clip, from the start of the first to the end of the
    last.
    """

    rank: int
    """1 = fits best, over all videos."""
    path: str
    """The video."""
    exact_start: Fraction
    """Seconds on the clock of the file."""
    exact_end: Fraction
    """Seconds, exclusive."""
    clip: int
    """The clip that its picture lies in, counted from 0 in its video."""
    clips: int
    """Number of clips that share the picture."""
    exact_picture: Fraction | None
    """Time of the compared picture, in seconds on the clock of the file; None where the model reads
    whole clips."""
    similarity: float
    """Cosine of the angle between the vectors of picture and sentence, -1 to 1."""
    probability: float | None = None
    """How probable the model calls it that the sentence fits, 0 to 1; None where it has no such
    probability."""

    def __repr__(self) -> str:
        fits = f"similarity {self.similarity:.3f}"
        return called(self, (f"rank {self.rank}", quoted(self.path), self._span, fits))

    def record(self) -> dict[str, Any]:
        """The fields as a JSON object."""
        return {
            "rank": self.rank,
            "path": self.path,
            "start_s": seconds(self.exact_start),
            "end_s": seconds(self.exact_end),
            # as text: JSON numbers would round a third of a second
            "exact_s": [str(self.exact_start), str(self.exact_end)],
            "clip": self.clip,
            "clips": self.clips,
            "picture_s": None if self.exact_picture is None else seconds(self.exact_picture),
            "similarity": score(self.similarity),
            "probability": score(self.probability),
        }
