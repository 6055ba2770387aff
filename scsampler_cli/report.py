"""Results as frozen records, and their JSON form: fixed key order, rounded floats, no NaN.

But: nothing is written here; `writers` does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from scsampler_cli import __version__
from scsampler_cli.errors import ScsamplerError

PACKAGES = ("torch", "torchvision", "torchaudio", "av", "numpy")
DIGITS = 6
"""Of seconds (microseconds) and scores."""


def seconds(value: Fraction) -> float:
    """Exact time -> seconds rounded to a microsecond."""
    return round(float(value), DIGITS)


def counted(number: int, noun: str) -> str:
    """A number with its noun.

    Example: 1 packet, 2 packets.
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def score(value: float | None) -> float | None:
    """A score rounded to six digits; None for NaN."""
    return None if value is None or math.isnan(value) else round(value, DIGITS)


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
class TakenClip:
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
class ClassifyResult:
    """Everything about one tagged video."""

    path: str
    tags: tuple[tuple[str, float], ...]
    """(label, probability), best first."""
    clips: tuple[TakenClip, ...]
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

    def record(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "schema": "scsampler.classify/1",
            "path": self.path,
            "status": "ok",
            "tags": [{"label": label, "probability": score(p)} for label, p in self.tags],
            "clips": [clip.record() for clip in self.clips],
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
    """As in `TakenClip`."""

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

    def record(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "schema": "scsampler.extract/1",
            "path": self.path,
            "status": "ok",
            "output": self.output,
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


def failure(command: str, path: str, error: BaseException) -> dict[str, Any]:
    """The record of a video that could not be done."""
    expected = isinstance(error, ScsamplerError)
    message = str(error) if expected else f"unexpected {type(error).__name__}: {error}"
    return {
        "schema": f"scsampler.{command}/1",
        "path": path,
        "status": "error",
        "error": {
            "type": type(error).__name__,
            "message": " ".join(message.split()),
            "hint": error.hint if isinstance(error, ScsamplerError) else "run with --debug for the traceback",
        },
    }
