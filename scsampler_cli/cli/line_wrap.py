"""Breaking of messages into the lines of a terminal, between words.

A terminal itself breaks a line in the middle of a word.
"""

from __future__ import annotations

import os
import re
from typing import TextIO
from unicodedata import category, east_asian_width

INDENT = "  "
"""Before each further line of a message."""
_WIDE = frozenset("WF")
_NO_WIDTH = frozenset(("Mn", "Me", "Cf"))


def columns(text: str) -> int:
    """Number of columns of a terminal that a text takes.

    Example: "tags" -> 4; a Chinese character takes two columns, a combining accent none.
    """
    if text.isascii():
        return len(text)
    return sum(_columns_of(character) for character in text)


def _columns_of(character: str) -> int:
    if category(character) in _NO_WIDTH:
        return 0
    return 2 if east_asian_width(character) in _WIDE else 1


def wrapped(text: str, width: int) -> list[str]:
    """The lines of a message, broken at blanks.

    Args:
        text: one line. Several blanks between two words stay.
        width: columns of the terminal, above 0. A word that is longer, such as a path, stays whole.

    Example: "note: no text", 10 -> ["note: no", "  text"].
    """
    # each word with the blanks before it
    pieces = re.findall(r" *[^ ]+| +$", text)
    lines: list[str] = []
    line = ""
    for piece in pieces:
        # blanks at the start of the message stay, those at a break do not
        if line.strip() and columns(line) + columns(piece) > width:
            lines.append(line)
            line = INDENT + piece.lstrip(" ")
        else:
            line += piece
    return [*lines, line]


def terminal_columns(stream: TextIO) -> int:
    """Columns of the terminal that a stream is; 0 where it is none."""
    try:
        return os.get_terminal_size(stream.fileno()).columns if stream.isatty() else 0
    # a stream without a number, or a terminal that has no size
    except (OSError, ValueError):
        return 0
