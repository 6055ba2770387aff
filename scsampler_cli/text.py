"""Numbers and text for people: plurals, rounded numbers, text without control characters."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from unicodedata import category

DIGITS = 6
"""Digits after the point of seconds (microseconds) and scores."""


def seconds(value: Fraction) -> float:
    """An exact time in seconds, rounded to a microsecond."""
    return round(float(value), DIGITS)


def is_utf8(text: str) -> bool:
    """False for text with bytes of the command line that are not UTF-8.

    They arrive as halves of surrogate pairs.
    """
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def counted(number: int, noun: str) -> str:
    """A number with its noun, whose last word is in the plural unless the number is 1.

    Example: 1 packet, 2 packets, 0 processes, 3 entries.
    """
    return f"{number} {noun}" if number == 1 else f"{number} {plural(noun)}"


def plural(noun: str) -> str:
    """The plural of a regular English noun.

    Example: packet -> packets, process -> processes, entry -> entries.
    """
    # class -> classes, batch -> batches
    if re.search(r"(s|x|z|ch|sh)$", noun):
        return f"{noun}es"
    # entry -> entries, but array -> arrays
    return f"{noun[:-1]}ies" if re.search(r"[^aeiou]y$", noun) else f"{noun}s"


def score(value: float | None) -> float | None:
    """A score rounded to six digits; None for NaN."""
    # JSON has no NaN
    return None if value is None or math.isnan(value) else round(value, DIGITS)


def duration(seconds: float) -> str:
    """A duration for people, in at most two units.

    Example: 3.24 -> 3.2 s, 17.3 -> 17 s, 75 -> 1 min 15 s, 7530 -> 2 h 5 min.
    """
    # 9.96 s would be shown as 10.0 s
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    if whole < 60:
        return f"{whole} s"
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def printable(text: str) -> str:
    r"""Text without characters that control a terminal.

    Control characters, line ends and bytes that are not UTF-8 become \xNN or \uNNNN.

    Example: an escape character in a file's name -> \x1b.
    """
    return "".join(c.encode("unicode_escape").decode() if _is_control(c) else c for c in text)


def _is_control(character: str) -> bool:
    return category(character) in _CONTROL_CATEGORIES or character in _BIDI_CONTROLS


# Unicode categories: controls, lone surrogates (bytes that are not UTF-8), and separators of lines
# and paragraphs
_CONTROL_CATEGORIES = frozenset(("Cc", "Cs", "Zl", "Zp"))
# Characters that change the direction of the text after them
_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
