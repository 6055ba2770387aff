"""The stretches of a video that are worth watching: its segments, or else its selected clips.

Edit lists, subtitles, chapters and reels are made of them. Selected clips of one label that touch
or overlap are one stretch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from statistics import fmean
from typing import Any

from scsampler_cli.output.clip_record import ScoredClip, SelectedClip
from scsampler_cli.output.segment import Segment
from scsampler_cli.text import counted, printable

Record = dict[str, Any]
_SALIENCY = ("visual", "audio", "packets")


@dataclass(frozen=True)
class Stretch:
    """A part of a video, and what it shows."""

    start: Fraction
    """Seconds on the clock of the file."""
    end: Fraction
    """Seconds, exclusive."""
    label: str | None
    """The class; None where the clips could not be decoded, and where none was classified."""
    probability: float | None
    """Of the class, 0 to 1; the mean of joined clips. None without a label."""
    text: str
    """One line: the label with its probability, and for clips their saliency (the mean of joined
    clips); for a video that was only scored, the reason of the selection.

    Example: spinning 94% (visual 0.804, audio 1.000); "unsure: " is in front where the video is
    unsure.
    """
    clips: tuple[int, ...]
    """Numbers of the clips that it is made of, in time order; of a segment, those that it rests
    on."""


def stretches(record: Record) -> list[Stretch]:
    """The stretches of a record of `classify` or `score`, in time order; may be empty.

    A record with segments has these, even if there are none. Any other record has its selected
    clips, those of one label joined where they touch. Clips of the background class are left out,
    since they show nothing of interest (`left_out` counts them); clips that could not be decoded
    are stretches of their own.
    """
    segments = record.get("segments")
    if segments is not None:
        return [_of_segment(segment, record) for segment in segments]
    kept = [clip for clip in _selected(record) if not _is_background(clip, record)]
    return [_of_clips(clips, record) for clips in _runs(kept)]


def exact_stretches(
    record: Record,
    clips: Sequence[SelectedClip | ScoredClip],
    segments: Sequence[Segment] | None = None,
) -> list[Stretch]:
    """`stretches` with exact times: those of a record are rounded to microseconds.

    Args:
        record: of a result.
        clips: of this result.
        segments: of this result; None without them.
    """
    found = stretches(record)
    if segments is not None:
        # both are in time order
        return [
            replace(stretch, start=segment.exact_start, end=segment.exact_end)
            for stretch, segment in zip(found, segments, strict=True)
        ]
    known = {clip.clip: clip for clip in clips}
    return [
        replace(
            stretch,
            start=known[stretch.clips[0]].exact_start,
            end=known[stretch.clips[-1]].exact_end,
        )
        for stretch in found
    ]


def left_out(record: Record) -> str:
    """How many of the selected clips are no stretch since they show background; "" for none.

    Example: 3 of 10 clips show background and are left out.
    """
    if record.get("segments") is not None:
        return ""
    selected = _selected(record)
    number = sum(_is_background(clip, record) for clip in selected)
    if not number:
        return ""
    verbs = ("shows", "is") if number == 1 else ("show", "are")
    of = counted(len(selected), "clip")
    return f"{number} of {of} {verbs[0]} background and {verbs[1]} left out"


def seconds(value: float) -> Fraction:
    """The decimal number in a record as an exact fraction."""
    # by way of text: Fraction(0.1) is not 1/10
    return Fraction(str(value))


def _selected(record: Record) -> list[Record]:
    """The selected clips, in time order."""
    # a record of `classify` has selected clips only, without the key
    selected = [clip for clip in record["clips"] if clip.get("taken", True)]
    return sorted(selected, key=lambda clip: int(clip["clip"]))


def _is_background(clip: Record, record: Record) -> bool:
    name = record.get("classifier", {}).get("background")
    return name is not None and clip.get("label") == name


def _runs(clips: Iterable[Record]) -> Iterator[list[Record]]:
    """Clips that touch or overlap and have one label, together."""
    run: list[Record] = []
    for clip in clips:
        # both times are rounded alike, so that those of touching clips are equal
        if run and (clip["start_s"] > run[-1]["end_s"] or _label(clip) != _label(run[-1])):
            yield run
            run = []
        run.append(clip)
    if run:
        yield run


def _label(clip: Record) -> str | None:
    # a record of `score` has no labels
    label: str | None = clip.get("label")
    return label


def _of_segment(segment: Record, record: Record) -> Stretch:
    label, probability = segment["label"], segment["probability"]
    return Stretch(
        seconds(segment["start_s"]),
        seconds(segment["end_s"]),
        label,
        probability=probability,
        text=_text(f"{label} {probability:.0%}", record),
        clips=tuple(segment["clips"]),
    )


def _of_clips(clips: Sequence[Record], record: Record) -> Stretch:
    scores = []
    for name in _SALIENCY:
        mean = _mean(clip.get(name) for clip in clips)
        if mean is not None:
            scores.append(f"{name} {mean:.3f}")
    label = _label(clips[0])
    probability = None if label is None else _mean(clip["probability"] for clip in clips)
    shows = _shows(clips, probability)
    return Stretch(
        seconds(clips[0]["start_s"]),
        # of overlapping clips the last one ends last, as each ends behind the one before
        seconds(clips[-1]["end_s"]),
        label,
        probability=probability,
        text=_text(f"{shows} ({', '.join(scores)})" if scores else shows, record),
        clips=tuple(clip["clip"] for clip in clips),
    )


def _mean(values: Iterable[float | None]) -> float | None:
    """The mean of the values that are there; None without one."""
    there = [value for value in values if value is not None]
    return fmean(there) if there else None


def _shows(clips: Sequence[Record], probability: float | None) -> str:
    if "label" not in clips[0]:
        best = min(clips, key=lambda clip: int(clip.get("rank", 0)))
        return f"{best['why']} and {len(clips) - 1} more" if clips[1:] else str(best["why"])
    return "not decoded" if probability is None else f"{clips[0]['label']} {probability:.0%}"


def _text(shows: str, record: Record) -> str:
    # older records do not say whether a video is confident: it was not asked
    is_confident = record.get("confident", True)
    # editors and players show one line
    return printable(shows if is_confident else f"unsure: {shows}")
