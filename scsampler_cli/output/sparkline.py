"""The course of the saliency in a line of text, for tables. But: no colour; plain characters that any log file keeps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_LEVELS = "▁▂▃▄▅▆▇█"
_NOTHING = " "
_MARK, _FREE = "^", " "
_NAMES = {"visual": "picture", "audio": "sound", "packets": "packets"}


def spark(values: Sequence[float | None]) -> str:
    """One character a value, from the lowest to the highest of 0 to 1; a blank where there is none.

    Example: 0, 0.5, None, 1 -> "▁▅ █".
    """
    top = len(_LEVELS) - 1
    return "".join(
        _NOTHING if value is None else _LEVELS[round(min(max(value, 0.0), 1.0) * top)]
        for value in values
    )


def marks(
    spans: Sequence[tuple[float, float]], start_s: float, duration_s: float, *, parts: int
) -> str:
    """A mark under each part of the video that one of the spans, in seconds, touches.

    Example: (1.0, 2.0) of 10 s from 0 in 10 parts -> " ^        ".
    """
    line = [_FREE] * parts
    step = max(duration_s, 1e-6) / parts
    for begin, end in spans:
        first = int((begin - start_s) / step + 1e-6)
        for part in range(
            max(first, 0), min(max(-int(-((end - start_s) / step - 1e-6) // 1), first + 1), parts)
        ):
            line[part] = _MARK
    return "".join(line)


def timeline(record: dict[str, Any]) -> list[str]:
    """The lines of a record's table that show the saliency over time, the clips taken, and the time; none without scores."""
    told = record.get("saliency", {})  # records of earlier versions do not tell it
    courses = {name: course for name, course in told.items() if course}
    if not courses:
        return []
    start, length = record["video"]["start_s"], record["video"]["duration_s"]
    parts = max(map(len, courses.values()))
    taken = [
        (clip["start_s"], clip["end_s"]) for clip in record["clips"] if clip.get("taken", True)
    ]
    rows = [(_NAMES[name], spark(course)) for name, course in courses.items()]
    rows.append(("taken", marks(taken, start, length, parts=parts)))
    ends = f"{clock_time(start)}", f"{clock_time(start + length)}"
    rows.append(("", f"{ends[0]}{ends[1]:>{parts - len(ends[0])}}"))
    return [f"  {name:<8}{line}".rstrip() for name, line in rows]


def clock_time(seconds: float) -> str:
    """Minutes and seconds, or hours where there are any.

    Example: 75.2 -> 1:15, 3661 -> 1:01:01.
    """
    whole = round(seconds)
    minutes = (
        f"{whole // 60 % 60}:{whole % 60:02d}"
        if whole < 3600
        else f"{whole // 60 % 60:02d}:{whole % 60:02d}"
    )
    return minutes if whole < 3600 else f"{whole // 3600}:{minutes}"
