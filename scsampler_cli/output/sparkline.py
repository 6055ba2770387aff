"""Saliency over time as lines of plain text, for tables."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

_LEVELS = "▁▂▃▄▅▆▇█"
_NO_VALUE = " "
_MARK, _NO_MARK = "^", " "
_SEGMENT = "="
_NAME_WIDTH, _MOST_WIDTH = 9, 16
_PARTS = 60
"""Parts of a video without saliency, as many as of one with it."""


def spark(values: Sequence[float | None]) -> str:
    """One character per value, from the lowest to the highest of 0 to 1; a blank for None.

    Example: 0, 0.5, None, 1 -> "▁▅ █".
    """
    highest = len(_LEVELS) - 1
    line = ""
    for value in values:
        if value is None:
            line += _NO_VALUE
        else:
            line += _LEVELS[round(min(max(value, 0.0), 1.0) * highest)]
    return line


def marks(
    spans: Sequence[tuple[float, float]],
    start_s: float,
    duration_s: float,
    *,
    parts: int,
    mark: str = _MARK,
) -> str:
    """A mark at each part of the video that one of the spans touches.

    Args:
        spans: (start, end), in seconds.
        start_s: start of the video.
        duration_s: its duration.
        parts: number of equal parts.
        mark: a character.

    Example: (1.0, 2.0) of 10 s from 0 in 10 parts -> " ^        ".
    """
    line = [_NO_MARK] * parts
    step = max(duration_s, 1e-6) / parts
    for begin, end in spans:
        # 1e-6: rounding must not let a span touch the part that begins at its end
        first = int((begin - start_s) / step + 1e-6)
        # -(-x // 1) rounds up
        last = -int(-((end - start_s) / step - 1e-6) // 1)
        # at least one part, within the video
        for part in range(max(first, 0), min(max(last, first + 1), parts)):
            line[part] = mark
    return "".join(line)


def timeline(record: dict[str, Any]) -> list[str]:
    """Lines with the saliency over time (and what a search believes), the segments of each class,
    the selected clips, and the time; none without scores or segments.
    """
    # records of earlier versions do not have it
    saliency = record.get("saliency", {})
    scored = {name: values for name, values in saliency.items() if values}
    segments = record.get("segments", [])
    if not scored and not segments:
        return []

    start, length = record["video"]["start_s"], record["video"]["duration_s"]
    parts = max(map(len, scored.values()), default=_PARTS)
    selected = []
    for clip in record["clips"]:
        # records of `classify` have selected clips only, without the key
        if clip.get("taken", True):
            selected.append((clip["start_s"], clip["end_s"]))

    rows = [(name, spark(values)) for name, values in scored.items()]
    for label in dict.fromkeys(segment["label"] for segment in segments):
        spans = [(s["start_s"], s["end_s"]) for s in segments if s["label"] == label]
        # a long name would leave no room for the line
        name = textwrap.shorten(label, _MOST_WIDTH, placeholder="...") or label[:_MOST_WIDTH]
        rows.append((name, marks(spans, start, length, parts=parts, mark=_SEGMENT)))
    rows.append(("selected", marks(selected, start, length, parts=parts)))
    first, last = clock_time(start), clock_time(start + length)
    # the end is at the right edge of the line
    rows.append(("", f"{first}{last:>{parts - len(first)}}"))
    # a longer name moves all lines
    width = max(_NAME_WIDTH, *(len(name) + 1 for name, _ in rows))
    return [f"  {name:<{width}}{line}".rstrip() for name, line in rows]


def clock_time(seconds: float) -> str:
    """Minutes and seconds, with hours where there are any.

    Example: 75.2 -> 1:15, 3661 -> 1:01:01.
    """
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    if whole < 3600:
        return f"{minutes}:{rest:02d}"
    return f"{hours}:{minutes:02d}:{rest:02d}"
