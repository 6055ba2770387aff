"""Times of clips and segments: exact where they are computed, floats where people read them."""

from __future__ import annotations

from fractions import Fraction


class ExactTimes:
    """A part of a video with exact times, which are also there as floats."""

    exact_start: Fraction
    """Seconds on the clock of the file."""
    exact_end: Fraction
    """Seconds, exclusive."""

    @property
    def start(self) -> float:
        """Seconds on the clock of the file."""
        return float(self.exact_start)

    @property
    def end(self) -> float:
        """Seconds, exclusive."""
        return float(self.exact_end)

    @property
    def _span(self) -> str:
        """Both times, as `repr` shows them: 1.50-9.25 s."""
        return f"{self.start:.2f}-{self.end:.2f} s"
