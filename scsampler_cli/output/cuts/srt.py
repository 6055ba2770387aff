"""The stretches of a video as subtitles (SubRip) for players: each has its text while it runs."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import floor

from scsampler_cli.output.cuts.cut import origin
from scsampler_cli.output.stretches import Record, Stretch, stretches


def render(record: Record) -> str:
    """Subtitles of one video, from the origin of players; empty without a stretch."""
    zero = origin(record)
    blocks = []
    subtitles = _timed(stretches(record), zero)
    for number, (start, end, text) in enumerate(subtitles, start=1):
        blocks.append(f"{number}\n{_clock(start)} --> {_clock(end)}\n{text}\n")
    return "\n".join(blocks)


def _timed(found: list[Stretch], zero: Fraction) -> Iterator[tuple[int, int, str]]:
    """(start, end, text) in whole milliseconds, from 0, without overlap, at least 1 ms each."""
    free = 0
    for stretch in found:
        start = max(free, _milliseconds(stretch.start - zero))
        free = max(start + 1, _milliseconds(stretch.end - zero))
        yield start, free, stretch.text


def _milliseconds(seconds: Fraction) -> int:
    # half up, so that equal times round alike
    return floor(seconds * 1000 + Fraction(1, 2))


def _clock(milliseconds: int) -> str:
    # the format has a comma before the milliseconds
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d},{rest % 1000:03d}"
