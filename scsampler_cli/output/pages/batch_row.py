"""The row of one video in the index of many, made from its record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from scsampler_cli.output.clip_order import best_first
from scsampler_cli.output.pages.markup import plain
from scsampler_cli.output.pages.wording import doubt

# Number of tags of a video that its row shows and the search finds
_TAGS = 3
# saliency over time is packed: one digit of base 36 per value
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Row:
    """The row of one video; its text is without control characters."""

    folder: str
    """Folder with the separator at its end; may be empty."""
    name: str
    page: str | None
    """Relative link to the page of the video."""
    ok: bool
    picture: str | None = None
    """Relative link to a small picture of the video."""
    doubt: str = ""
    """Why the video is unsure; empty for one that is not."""
    tags: tuple[tuple[str, float], ...] = ()
    """(label, probability), best first."""
    duration_s: float | None = None
    selected: int | None = None
    """Number of selected clips."""
    clips: int | None = None
    """Number of all clips."""
    segments: int | None = None
    """Number of segments; None where they were not looked for."""
    segments_s: float | None = None
    """Length of all segments, in seconds."""
    best_s: float | None = None
    """Start of the surest segment, in seconds, or else of the best clip; of a search, of the most
    confident answer."""
    visual: str | None = None
    """Saliency over time: a digit of base 36 for each part of the video, a dash without a score."""
    audio: str | None = None
    confidence: str | None = None
    """What a search believes over time, in the same form."""
    notes: tuple[str, ...] = ()
    error: str = ""
    hint: str = ""


def row_of(record: dict[str, Any], page: str | None, picture: str | None = None) -> Row:
    """The row of a `classify` or `score` record, or of a failure.

    Args:
        record: its saliency over time, under "saliency", may be missing.
        page: relative link to the page of the video, quoted as in a URL.
        picture: the same to a small picture of the video.
    """
    # folder and name are shown in different styles
    folder, name = _split(record["path"])
    if record["status"] != "ok":
        # the path is in the row already
        message = plain(record["error"]["message"]).removeprefix(f"{folder}{name}: ")
        hint = plain(record["error"].get("hint") or "")
        return Row(folder, name, page, ok=False, error=message, hint=hint)

    tags = []
    for tag in record.get("tags", ())[:_TAGS]:
        tags.append((plain(tag["label"]), tag["probability"] or 0.0))
    selected, segments = _best_first(record), record.get("segments")
    best = selected
    if segments:
        best = [max(segments, key=lambda segment: float(segment["probability"] or 0))]
    # null in records without scores
    saliency = record.get("saliency") or {}
    return Row(
        folder,
        name,
        page,
        ok=True,
        picture=picture,
        doubt=doubt(record),
        tags=tuple(tags),
        duration_s=record["video"]["duration_s"],
        selected=len(selected),
        clips=record["video"]["clips"],
        segments=None if segments is None else len(segments),
        segments_s=None if segments is None else _length(segments),
        best_s=best[0]["start_s"] if best else None,
        visual=_digits(saliency.get("visual")),
        audio=_digits(saliency.get("audio")),
        confidence=_digits(saliency.get("confidence")),
        notes=tuple(map(plain, record["notes"])),
    )


def _length(segments: list[dict[str, Any]]) -> float:
    """Seconds that segments last in all."""
    return float(sum(segment["end_s"] - segment["start_s"] for segment in segments))


def _split(path: str) -> tuple[str, str]:
    """Folder and name; joined, they are the path."""
    name = PurePath(path).name
    # a path such as ".." has no name
    if not name or not path.endswith(name):
        return "", plain(path)
    return plain(path.removesuffix(name)), plain(name)


def _best_first(record: dict[str, Any]) -> list[dict[str, Any]]:
    """The selected clips, the best one first."""
    # a record of `classify` has only these
    if "tags" in record:
        return best_first(record)
    selected = [clip for clip in record["clips"] if clip["taken"]]
    return sorted(selected, key=lambda clip: clip["rank"])


def _digits(values: Iterable[float | None] | None) -> str | None:
    """Scores as digits of base 36, a dash for None."""
    if values is None:
        return None
    highest = len(_DIGITS) - 1
    packed = ""
    for value in values:
        packed += "-" if value is None else _DIGITS[round(highest * min(max(value, 0.0), 1.0))]
    return packed
