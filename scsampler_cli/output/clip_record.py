"""The clips of a video as records list them: selected clips and scored clips."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from scsampler_cli.compat import renamed
from scsampler_cli.output.exact_times import ExactTimes
from scsampler_cli.output.one_line import called, tagged
from scsampler_cli.text import score, seconds


@dataclass(frozen=True, repr=False)
class SelectedClip(ExactTimes):
    """A clip that was selected for the classifier."""

    clip: int
    exact_start: Fraction
    """Seconds on the clock of the file."""
    exact_end: Fraction
    """Seconds, exclusive."""
    first_frame: int
    frames: int
    visual: float | None
    audio: float | None
    reason: str
    """Why it was selected, such as "visual #1"; "why" in JSON."""
    label: str | None
    """Most probable label of this clip alone, background included; None where it could not be
    decoded."""
    probability: float | None
    packets: float | None = None
    """NaN where packet sizes are unknown; None without a packet sampler: JSON then lacks it."""
    picture: str | None = None
    """Where the picture that was scored comes from: one of `features.clip.PICTURE_SOURCES`; ""
    where nothing could be decoded (null in JSON); None where none was read: JSON then lacks it."""
    predicted: float | None = None
    """Confidence of the classifier on this clip as a search believed it before the answer; None
    for its first clips and without a search: JSON then lacks it."""

    why = renamed("reason")

    def __repr__(self) -> str:
        # a clip that could not be decoded has neither
        is_known = self.label is not None and self.probability is not None
        shows = tagged(self.label or "", self.probability or 0) if is_known else "not decoded"
        return called(self, (f"clip {self.clip}", self._span, shows, self.reason))

    def record(self) -> dict[str, Any]:
        """The fields as a JSON object."""
        return {
            "clip": self.clip,
            "start_s": seconds(self.exact_start),
            "end_s": seconds(self.exact_end),
            "first_frame": self.first_frame,
            "frames": self.frames,
            # null where the clip has no score
            "visual": score(self.visual),
            "audio": score(self.audio),
            **optional_score("packets", self.packets),
            **_picture(self.picture),
            "why": self.reason,
            **optional_score("predicted", self.predicted),
            "label": self.label,
            "probability": score(self.probability),
        }


@dataclass(frozen=True, repr=False)
class ScoredClip(ExactTimes):
    """A clip with its saliency."""

    clip: int
    exact_start: Fraction
    """Seconds on the clock of the file."""
    exact_end: Fraction
    """Seconds, exclusive."""
    first_frame: int
    visual: float | None
    audio: float | None
    rank: int
    """Rank under the strategy, 1 = best."""
    selected: bool
    """Whether the strategy selected it; "taken" in JSON."""
    reason: str | None
    """Why it was selected; "why" in JSON."""
    packets: float | None = None
    """As in `SelectedClip`."""
    picture: str | None = None
    """As in `SelectedClip`."""
    confidence: float | None = None
    """Confidence of the classifier as a search believes it after the last answer; None without a
    search: JSON then lacks it."""

    taken = renamed("selected")
    why = renamed("reason")

    def __repr__(self) -> str:
        selected = f"selected as {self.reason}" if self.selected else "not selected"
        return called(self, (f"clip {self.clip}", self._span, f"rank {self.rank}", selected))

    def record(self) -> dict[str, Any]:
        """The fields as a JSON object."""
        return {
            "clip": self.clip,
            "start_s": seconds(self.exact_start),
            "end_s": seconds(self.exact_end),
            "first_frame": self.first_frame,
            "visual": score(self.visual),
            "audio": score(self.audio),
            **optional_score("packets", self.packets),
            **optional_score("confidence", self.confidence),
            **_picture(self.picture),
            "rank": self.rank,
            "taken": self.selected,
            "why": self.reason,
        }


def optional_score(name: str, value: float | None) -> dict[str, float | None]:
    """A score that the record has only where its sampler ran; null for NaN."""
    # NaN has a key, with the value null
    return {} if value is None else {name: score(value)}


def _picture(source: str | None) -> dict[str, str | None]:
    """Where a clip's picture comes from, which the record has only where pictures were read."""
    # null where nothing could be decoded
    return {} if source is None else {"picture": source or None}
