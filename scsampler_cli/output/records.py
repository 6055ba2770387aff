"""Results as frozen dataclasses, and their JSON form: fixed key order, rounded floats, no NaN.

Not handled here: `writers` writes records to files.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from scsampler_cli.config import __version__
from scsampler_cli.errors import ScsamplerError, code_of
from scsampler_cli.output.clip_record import ScoredClip as ScoredClip
from scsampler_cli.output.clip_record import SelectedClip as SelectedClip
from scsampler_cli.output.clip_record import optional_score
from scsampler_cli.output.one_line import called, quoted, tagged
from scsampler_cli.output.saliency_course import saliency
from scsampler_cli.output.segment import Segment
from scsampler_cli.text import counted, score

Record = dict[str, Any]
"""A result in JSON form."""
PACKAGES = ("torch", "torchvision", "torchaudio", "av", "numpy")


def command_of(record: Record) -> str:
    """The command that made a record, such as "classify", from its schema."""
    # "scsampler.classify/1" -> "classify"
    return str(record["schema"]).removeprefix("scsampler.").split("/")[0]


def versions(ffmpeg: str) -> dict[str, str]:
    """Versions of the packages, which are not imported for it.

    Args:
        ffmpeg: version of the FFmpeg libraries.
    """
    found = {"scsampler": __version__}
    for package in PACKAGES:
        try:
            # from the metadata on disk: an import of torch takes seconds
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "unknown"
    return {**found, "ffmpeg": ffmpeg}


@dataclass(frozen=True, repr=False)
class ClassifyResult:
    """The result of tagging one video."""

    path: str
    tags: tuple[tuple[str, float], ...]
    """(label, probability), best first."""
    clips: tuple[SelectedClip, ...]
    """Selected clips, best first; of a search, in the order in which they were asked; of a
    baseline, in time order."""
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
    """Every scored clip, in time order; JSON has only their saliency over time."""
    background: float | None = None
    """Mean probability of the background class over the selected clips that were decoded; None for
    a classifier without such a class: JSON then lacks it."""
    confidence: float = 1.0
    """How sure it is that the video shows the best tag at all, 0 to 1."""
    min_probability: float | None = None
    """The confidence below which the video is unsure; None without such a limit."""
    segments: tuple[Segment, ...] | None = None
    """Where the actions are, in time order; None where they were not looked for: JSON then lacks
    them."""

    @property
    def confident(self) -> bool:
        """False where the video may show none of the classes ("unsure")."""
        return self.min_probability is None or self.confidence >= self.min_probability

    @property
    def label(self) -> str | None:
        """The label of the best tag; None where the video is unsure."""
        return self.tags[0][0] if self.confident else None

    def __repr__(self) -> str:
        best = tagged(*self.tags[0]) if self.confident else "unsure"
        parts = [quoted(self.path), best, counted(len(self.clips), "clip")]
        if self.segments is not None:
            parts.append(counted(len(self.segments), "segment"))
        return called(self, parts)

    def record(self) -> dict[str, Any]:
        """The fields as a JSON object."""
        return {
            "schema": "scsampler.classify/1",
            "path": self.path,
            "status": "ok",
            # null where the video is unsure; the tags are there all the same
            "label": self.label,
            "confident": self.confident,
            "confidence": score(self.confidence),
            "tags": [{"label": label, "probability": score(p)} for label, p in self.tags],
            **optional_score("background", self.background),
            **self._segments(),
            "clips": [clip.record() for clip in self.clips],
            # 60 values: all clips of a long video would make the record large
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

    def _segments(self) -> dict[str, Any]:
        if self.segments is None:
            return {}
        return {"segments": [segment.record() for segment in self.segments]}


@dataclass(frozen=True, repr=False)
class ScoreResult:
    """The result of scoring one video."""

    path: str
    clips: tuple[ScoredClip, ...]
    """Scored clips, in time order."""
    video: dict[str, Any]
    decode_errors: int
    frames_missing: int
    samplers: list[dict[str, Any]]
    settings: dict[str, Any]
    notes: tuple[str, ...]
    timings_s: dict[str, float]
    versions: dict[str, str]

    def __repr__(self) -> str:
        selected = sum(clip.selected for clip in self.clips)
        clips = f"{selected} of {counted(len(self.clips), 'clip')} selected"
        return called(self, (quoted(self.path), clips))

    def record(self) -> dict[str, Any]:
        """The fields as a JSON object."""
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


@dataclass(frozen=True, repr=False)
class ExtractResult:
    """The result of extracting features."""

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
    """Path of the re-encoded video whose features these are; None without re-encoding."""

    def __repr__(self) -> str:
        features = f"{', '.join(self.inputs)} of {counted(self.clips, 'clip')}"
        return called(self, (quoted(self.path), quoted(self.output), features))

    def record(self) -> dict[str, Any]:
        """The fields as a JSON object."""
        reencoded = {} if self.reencoded is None else {"reencoded": self.reencoded}
        return {
            "schema": "scsampler.extract/1",
            "path": self.path,
            "status": "ok",
            "output": self.output,
            **reencoded,
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


@dataclass(frozen=True, repr=False)
class Failure:
    """A failed video."""

    command: str
    path: str
    error: BaseException

    def __repr__(self) -> str:
        error = f"{type(self.error).__name__}({quoted(str(self.error))})"
        return called(self, (quoted(self.command), quoted(self.path), error))

    def record(self) -> dict[str, Any]:
        """The fields as a JSON object."""
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
    # other exceptions are errors of this program
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
