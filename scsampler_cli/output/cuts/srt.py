"""The chosen clips as subtitles (SubRip), for players: what a clip shows is written over it while it runs."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import floor

from scsampler_cli.output.cuts.cut import Cut, Record, cuts, origin


def render(record: Record) -> str:
    """Subtitles of one video, from where players begin to count; empty where no clip was taken."""
    zero = origin(record)
    blocks = [
        f"{number}\n{_clock(start)} --> {_clock(end)}\n{text}\n"
        for number, (start, end, text) in enumerate(_shown(_joined(cuts(record)), zero), start=1)
    ]
    return "\n".join(blocks)


def _joined(taken: list[Cut]) -> Iterator[Cut]:
    """Adjoining clips of the same text as one."""
    before: Cut | None = None
    for cut in taken:
        if before is not None and (before.end, before.text) == (cut.start, cut.text):
            before = Cut(before.start, cut.end, cut.text)
            continue
        if before is not None:
            yield before
        before = cut
    if before is not None:
        yield before


def _shown(taken: Iterator[Cut], zero: Fraction) -> Iterator[tuple[int, int, str]]:
    """(start, end, text) in whole milliseconds, none before 0, each at least one long."""
    free = 0
    for cut in taken:
        start = max(free, _milliseconds(cut.start - zero))
        free = max(start + 1, _milliseconds(cut.end - zero))
        yield start, free, cut.text


def _milliseconds(seconds: Fraction) -> int:
    return floor(seconds * 1000 + Fraction(1, 2))


def _clock(milliseconds: int) -> str:
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d},{rest % 1000:03d}"
