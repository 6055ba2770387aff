"""Values in one short line, as `repr` shows them."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable

_LONGEST = 60

_short = reprlib.Repr()
_short.maxstring = _LONGEST


def quoted(text: str) -> str:
    """A text in quotes, of at most 60 characters: a longer one lacks its middle."""
    return _short.repr(text)


def tagged(label: str, probability: float) -> str:
    """A label with its probability.

    Example: 'spinning' 94.5 %.
    """
    return f"{quoted(label)} {probability * 100:.1f} %"


def called(owner: object, parts: Iterable[str]) -> str:
    """The name of an object's class, with what is known of it.

    Example: Segment(1.50-9.25 s, 'spinning' 94.5 %).
    """
    return f"{type(owner).__name__}({', '.join(parts)})"
