"""Numbers for people: times, scores, shares, counts."""

from __future__ import annotations

from typing import Any


def clock(seconds: float, digits: int = 2) -> str:
    """A time on the clock of the file.

    Example: 41.6 -> 0:41.60; 3761.25 -> 1:02:41.25; -0.04 -> -0:00.04.
    """
    # rounded before it is split, so that 59.999 becomes 1:00.00
    units = round(abs(seconds) * 10**digits)
    whole, part = divmod(units, 10**digits)
    hours, minutes = whole // 3600, whole // 60 % 60
    front = f"{hours}:{minutes:02d}" if hours else str(minutes)
    sign = "-" if seconds < 0 and units else ""
    return f"{sign}{front}:{whole % 60:02d}" + (f".{part:0{digits}d}" if digits else "")


def score(value: float | None) -> str:
    """A score with three digits; a dash for None."""
    return "–" if value is None else f"{value:.3f}"


def percent(share: float | None) -> str:
    """A share in percent, with a narrow no-break space; a dash for None.

    Example: 0.945 -> 94.5 %.
    """
    return "–" if share is None else f"{share:.1%}".replace("%", "\u202f%")


def count(number: int) -> str:
    """A number with commas between thousands.

    Example: 10,000.
    """
    return f"{number:,}"


def doubt(record: dict[str, Any]) -> str:
    """Why a video is unsure; empty for one that is not.

    Example: confidence 23 %, below 60 %.
    """
    # older records do not say it
    if record.get("confident", True):
        return ""
    limit = record.get("settings", {}).get("answer", {}).get("min_probability")
    confidence = record.get("confidence")
    if confidence is None or limit is None:
        return "the confidence is too low"
    # as many digits as make the two differ: a record has six
    for digits in range(5):
        lower, upper = (f"{value:.{digits}%}" for value in (confidence, limit))
        if lower != upper:
            break
    return f"confidence {lower}, below {upper}".replace("%", "\u202f%")
