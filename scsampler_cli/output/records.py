"""Results as frozen records, and their JSON form: fixed key order, rounded floats, no NaN.

But: nothing is written here; `writers` does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from scsampler_cli.config import __version__
from scsampler_cli.errors import ScsamplerError, code_of
from scsampler_cli.text import score, seconds

Record = dict[str, Any]
"""A result as it is written."""
PACKAGES = ("torch", "torchvision", "torchaudio", "av", "numpy")
PARTS = 60
"""Of a video, of which a record tells the course of its saliency (our choice: what fits into a line of a terminal)."""


def _told(name: str, value: float | None) -> dict[str, float | None]:
    """A score that is mentioned only where there is one, or could have been (NaN)."""
    return {} if value is None else {name: score(value)}


def versions(ffmpeg: str) -> dict[str, str]:
    """Versions of what computed a result, without importing any of it."""
    found = {"scsampler": __version__}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "unknown"
    return {**found, "ffmpeg": ffmpeg}


@dataclass(frozen=True)
class SelectedClip:
    """A clip that the classifier saw."""

    clip: int
    start: Fraction
    """Seconds."""
    end: Fraction
    """Seconds, exclusive."""
    first_frame: int
    frames: int
    visual: float | None
    audio: float | None
    why: str
    label: str | None
    """Most probable label of this clip alone; None where it could not be decoded."""
    probability: float | None
    packets: float | None = None
    """NaN where nothing is known; None when no packet sampler ran: then the record does not mention it."""

    def record(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "clip": self.clip,
            "start_s": seconds(self.start),
            "end_s": seconds(self.end),
            "first_frame": self.first_frame,
            "frames": self.frames,
            "visual": score(self.visual),
            "audio": score(self.audio),
            **_told("packets", self.packets),
            "why": self.why,
            "label": self.label,
            "probability": score(self.probability),
        }


@dataclass(frozen=True)
class ScoredClip:
    """A clip with its saliency."""

    clip: int
    start: Fraction
    """Seconds."""
    end: Fraction
    """Seconds, exclusive."""
    first_frame: int
    visual: float | None
    audio: float | None
    rank: int
    """From 1, under the strategy."""
    taken: bool
    why: str | None
    packets: float | None = None
    """As in `SelectedClip`."""

    def record(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "clip": self.clip,
            "start_s": seconds(self.start),
            "end_s": seconds(self.end),
            "first_frame": self.first_frame,
            "visual": score(self.visual),
            "audio": score(self.audio),
            **_told("packets", self.packets),
            "rank": self.rank,
            "taken": self.taken,
            "why": self.why,
        }


def saliency(
    clips: Sequence[ScoredClip], video: dict[str, Any]
) -> dict[str, list[float | None] | None]:
    """The course of the saliency in PARTS equal parts of the video, for a glance: the highest score of the clips that touch each.

    Args:
        clips: scored, in any order.
        video: with "start_s" and "duration_s".

    Returns:
        of "visual" and "audio", and of "packets" where they were asked, PARTS values, None where no clip has one; None in place
        of the list where no clip at all has one.
    """
    start, step = video["start_s"], max(video["duration_s"], 1e-6) / PARTS
    spans = [
        (int((float(c.start) - start) / step), math.ceil((float(c.end) - start) / step - 1e-6))
        for c in clips
    ]
    courses = {"visual": _course(spans, [clip.visual for clip in clips])}
    courses["audio"] = _course(spans, [clip.audio for clip in clips])
    by_packets = _course(spans, [clip.packets for clip in clips])
    return courses if by_packets is None else {**courses, "packets": by_packets}


def _course(
    spans: Sequence[tuple[int, int]], scores: Sequence[float | None]
) -> list[float | None] | None:
    highest: list[float | None] = [None] * PARTS
    for (first, end), value in zip(spans, scores, strict=True):
        if value is None or math.isnan(value):
            continue
        for part in range(max(first, 0), min(max(end, first + 1), PARTS)):
            highest[part] = round(max(value, highest[part] or 0.0), 3)
    return None if all(value is None for value in highest) else highest


@dataclass(frozen=True)
class ClassifyResult:
    """Everything about one tagged video."""

    path: str
    tags: tuple[tuple[str, float], ...]
    """(label, probability), best first."""
    clips: tuple[SelectedClip, ...]
    """Best first."""
    video: dict[str, Any]
    decode_errors: int
    """`media.damage.Damage.decode_errors`."""
    frames_missing: int
    """`media.damage.Damage.frames_missing`."""
    classifier: dict[str, Any]
    samplers: list[dict[str, Any]]
    settings: dict[str, Any]
    notes: tuple[str, ...]
    timings_s: dict[str, float]
    versions: dict[str, str]
    scored: tuple[ScoredClip, ...] = ()
    """The saliency of every scored clip, in time order; the record tells its course alone."""

    @property
    def label(self) -> str:
        """The best tag."""
        return self.tags[0][0]

    def record(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "schema": "scsampler.classify/1",
            "path": self.path,
            "status": "ok",
            "tags": [{"label": label, "probability": score(p)} for label, p in self.tags],
            "clips": [clip.record() for clip in self.clips],
            "saliency": saliency(self.scored, self.video),
            "video": self.video,
            "decode_errors": self.decode_errors,
            "frames_missing": self.frames_missing,
            "classifier": self.classifier,
            "samplers": self.samplers,
            "settings": self.settings,
            "notes": list(self.notes),
            "timings_s": self.timings_s,
            "versions": self.versions,
        }


@dataclass(frozen=True)
class ScoreResult:
    """Saliency of every scored clip of one video."""

    path: str
    clips: tuple[ScoredClip, ...]
    """In time order."""
    video: dict[str, Any]
    decode_errors: int
    frames_missing: int
    samplers: list[dict[str, Any]]
    settings: dict[str, Any]
    notes: tuple[str, ...]
    timings_s: dict[str, float]
    versions: dict[str, str]

    def record(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "schema": "scsampler.score/1",
            "path": self.path,
            "status": "ok",
            "clips": [clip.record() for clip in self.clips],
            "saliency": saliency(self.clips, self.video),
            "video": self.video,
            "decode_errors": self.decode_errors,
            "frames_missing": self.frames_missing,
            "samplers": self.samplers,
            "settings": self.settings,
            "notes": list(self.notes),
            "timings_s": self.timings_s,
            "versions": self.versions,
        }


@dataclass(frozen=True)
class ExtractResult:
    """A feature file that was written."""

    path: str
    output: str
    inputs: tuple[str, ...]
    clips: int
    bytes: int
    video: dict[str, Any]
    decode_errors: int
    frames_missing: int
    settings: dict[str, Any]
    notes: tuple[str, ...]
    timings_s: dict[str, float]
    versions: dict[str, str]
    reencoded: str | None = None
    """The video that the features are of, where it was written anew for them; then the record mentions it."""

    def record(self) -> dict[str, Any]:
        """JSON form."""
        anew = {} if self.reencoded is None else {"reencoded": self.reencoded}
        return {
            "schema": "scsampler.extract/1",
            "path": self.path,
            "status": "ok",
            "output": self.output,
            **anew,
            "inputs": list(self.inputs),
            "clips": self.clips,
            "bytes": self.bytes,
            "video": self.video,
            "decode_errors": self.decode_errors,
            "frames_missing": self.frames_missing,
            "settings": self.settings,
            "notes": list(self.notes),
            "timings_s": self.timings_s,
            "versions": self.versions,
        }


@dataclass(frozen=True)
class Failure:
    """A video that could not be done."""

    command: str
    path: str
    error: BaseException

    def record(self) -> dict[str, Any]:
        """JSON form."""
        return failure(self.command, self.path, self.error)


def failure(command: str, path: str, error: BaseException) -> dict[str, Any]:
    """The record of a video that could not be done."""
    return {
        "schema": f"scsampler.{command}/1",
        "path": path,
        "status": "error",
        "error": described(error),
    }


def described(error: BaseException) -> dict[str, Any]:
    """An error as records have it: its type, code, message in one line, and hint."""
    expected = isinstance(error, ScsamplerError)
    message = str(error) if expected else f"unexpected {type(error).__name__}: {error}"
    return {
        "type": type(error).__name__,
        "code": code_of(error),
        "message": " ".join(message.split()),
        "hint": error.hint
        if isinstance(error, ScsamplerError)
        else "please report it, with the traceback",
    }
