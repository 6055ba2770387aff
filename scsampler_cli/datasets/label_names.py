"""Labels of a list that are none of a classifier's: the nearest names, for messages.

Labels are compared letter by letter, so that "archery" is not "Archery".
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

MOST_SHOWN = 6
"""Names that a message gives of a list; there may be a thousand."""
MOST_COMPARED = 50


def nearest(label: str, known: Iterable[str], most: int = 3) -> list[str]:
    """The known labels that are most like a label, the nearest first.

    Case, blanks and punctuation do not count.

    Example: "archery" -> ["Archery"]; "playing_piano" -> ["PlayingPiano"].
    """
    return _nearest(label, tuple(known))[:most]


# cached: a list may have a thousand videos of one label
@functools.lru_cache
def _nearest(label: str, known: tuple[str, ...]) -> list[str]:
    # a plain form -> the labels that have it
    forms: dict[str, list[str]] = {}
    for name in known:
        forms.setdefault(_plain(name), []).append(name)
    close = get_close_matches(_plain(label), list(forms))
    return [name for form in close for name in forms[form]]


def _plain(label: str) -> str:
    return re.sub(r"[\W_]+", "", label.casefold()) or label


def guess(labels: Sequence[str], known: Sequence[str]) -> str:
    """What may be meant by labels that are not known.

    Example: did you mean 'Archery' by 'archery'? labels are compared letter by letter.

    Returns:
        "" where no known label is near.
    """
    pairs = []
    # comparing takes time, and nobody reads a thousand names
    for label in labels[:MOST_COMPARED]:
        if found := nearest(label, known, most=1):
            pairs.append(f"{found[0]!r} by {label!r}")
    if not pairs:
        return ""
    more = len(pairs) - MOST_SHOWN
    shown = ", ".join(pairs[:MOST_SHOWN]) + (f", and {more} more" if more > 0 else "")
    return f"did you mean {shown}? labels are compared letter by letter"


def some(labels: Sequence[str]) -> str:
    """The first of the labels, for a message.

    Example: 'Archery', 'Bowling' and 9 more.
    """
    shown = ", ".join(map(repr, labels[:MOST_SHOWN]))
    more = len(labels) - MOST_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def unknown_hint(labels: Sequence[str], known: Sequence[str]) -> str:
    """A hint for labels that are not known: what may be meant, and what is known."""
    guessed = guess(labels, known)
    knows = f"the classifier knows {some(known)}"
    return f"{guessed}; {knows}" if guessed else knows
