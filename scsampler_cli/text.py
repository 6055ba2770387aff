"""Numbers and strings as they are shown: plurals, rounded times and scores, text without control characters."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from unicodedata import category

DIGITS = 6
"""Of seconds (microseconds) and scores."""


def seconds(value: Fraction) -> float:
    """Exact time -> seconds rounded to a microsecond."""
    return round(float(value), DIGITS)


def counted(number: int, noun: str) -> str:
    """A number with its noun, of which the last word is put in the plural unless the number is 1.

    Example: 1 packet, 2 packets, 0 processes, 3 entries.
    """
    return f"{number} {noun}" if number == 1 else f"{number} {plural(noun)}"


def plural(noun: str) -> str:
    """The plural of an English noun with a regular one.

    Example: packet -> packets, process -> processes, entry -> entries.
    """
    if re.search(r"(s|x|z|ch|sh)$", noun):
        return f"{noun}es"
    return f"{noun[:-1]}ies" if re.search(r"[^aeiou]y$", noun) else f"{noun}s"


def score(value: float | None) -> float | None:
    """A score rounded to six digits; None for NaN."""
    return None if value is None or math.isnan(value) else round(value, DIGITS)


def printable(text: str) -> str:
    r"""Text that cannot steer a terminal: control characters, line ends and bytes that are no text become \xNN or \uNNNN.

    Example: an escape character in a file's name -> \x1b.
    """
    return "".join(c.encode("unicode_escape").decode() if _steers(c) else c for c in text)


def _steers(character: str) -> bool:
    return category(character) in _STEERING or character in _TURNING


_STEERING = frozenset(("Cc", "Cs", "Zl", "Zp"))
"""Unicode categories: controls, halves of surrogate pairs (bytes that are not UTF-8), line and paragraph separators."""


_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""What turns the direction of all that follows it."""
