"""The selected clips as subtitles (SubRip) for players: each clip has its text while it runs."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import floor

from scsampler_cli.output.cuts.cut import Cut, Record, cuts, origin


def render(record: Record) -> str:
    """Subtitles of one video, from the origin of players; empty without a selected clip."""
    zero = origin(record)
    blocks = []
    subtitles = _timed(_joined(cuts(record)), zero)
    for number, (start, end, text) in enumerate(subtitles, start=1):
        blocks.append(f"{number}\n{_clock(start)} --> {_clock(end)}\n{text}\n")
    return "\n".join(blocks)


def _joined(selected: list[Cut]) -> Iterator[Cut]:
    """The clips, where adjoining clips with the same text are one."""
    before: Cut | None = None
    for cut in selected:
        # exact fractions: adjoining clips have equal times
        if before is not None and (before.end, before.text) == (cut.start, cut.text):
            before = Cut(before.start, cut.end, cut.text)
            continue
        if before is not None:
            yield before
        before = cut
    if before is not None:
        yield before


def _timed(selected: Iterator[Cut], zero: Fraction) -> Iterator[tuple[int, int, str]]:
    """(start, end, text) in whole milliseconds, from 0, without overlap, at least 1 ms each."""
    free = 0
    for cut in selected:
        start = max(free, _milliseconds(cut.start - zero))
        free = max(start + 1, _milliseconds(cut.end - zero))
        yield start, free, cut.text


def _milliseconds(seconds: Fraction) -> int:
    # half up, so that equal times round alike
    return floor(seconds * 1000 + Fraction(1, 2))


def _clock(milliseconds: int) -> str:
    # the format has a comma before the milliseconds
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d},{rest % 1000:03d}"
