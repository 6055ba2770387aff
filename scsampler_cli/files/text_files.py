"""Text files and lists of names in UTF-8, UTF-16 or UTF-32, with or without a byte order mark.

A byte order mark names the encoding and is dropped. Without a mark the zero bytes decide: UTF-8
text has none, ASCII characters have one in UTF-16 and three in UTF-32. A list with a zero byte
after each name (`find -print0`) has zero bytes, too. It must never be read as UTF-16, and UTF-16
must never be split at its zero bytes: one of the pieces could be "/".
"""

from __future__ import annotations

import codecs
import os
from pathlib import Path

from scsampler_cli.errors import InputError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    # before UTF-16: the mark of UTF-16-LE is the beginning of this one
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_UTF32 = ("utf-32-le", "utf-32-be")
_UTF16 = ("utf-16-le", "utf-16-be")
_HINT = "save it as UTF-8"
_LINE_ENDS = (b"\r", b"\n")


def read_text(path: Path) -> str:
    """The text of a file, without a byte order mark.

    Raises:
        InputError: it is not text, or has bytes that are invalid in its encoding.
        OSError: it cannot be read.
    """
    return decoded(path.read_bytes(), str(path))


def decoded(data: bytes, source: str) -> str:
    """Bytes as text, without a byte order mark.

    Args:
        data: a whole file.
        source: its name in messages.

    Raises:
        InputError: it is not text, or has bytes that are invalid in its encoding.
    """
    encoding, mark = encoding_of(data, source)
    return _strictly(data[mark:], encoding, source)


def encoding_of(data: bytes, source: str, whole: bool = True) -> tuple[str, int]:
    """The encoding of a text, and the length of its byte order mark.

    Args:
        data: the text, or its beginning.
        source: its name in messages.
        whole: False for a beginning, which must be a multiple of four bytes long.

    Returns:
        one of "utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"; number of bytes of the
        mark, 0 without one.

    Raises:
        InputError: it is not text.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding, len(mark)
    if b"\0" not in data:
        return "utf-8", 0
    likely = _guess_from_zero_bytes(data, source, whole)
    if likely is None:
        raise InputError(
            f"{source} is not a text file: it holds zero bytes",
            code="damaged-text",
            hint="a text file in UTF-8 is needed here; a video is known by its suffix, as .mp4",
        )
    return likely, 0


def names(data: bytes, source: str) -> list[str]:
    """File names of a list with one name per line, or with a zero byte after each name.

    Args:
        data: the whole list. Names need not be UTF-8.
        source: its name in messages.

    Returns:
        names in the form of `os.fsdecode`, without empty ones.

    Raises:
        InputError: it has bytes that are invalid in its encoding, or can be read in two ways.
    """
    encoding, mark = "utf-8", 0
    if data.startswith(tuple(mark for mark, _ in _MARKS)):
        encoding, mark = encoding_of(data, source)
    elif b"\0" in data:
        encoding = _guess_from_zero_bytes(data, source) or "utf-8"
    if encoding != "utf-8":
        text = _strictly(data[mark:], encoding, source)
        # some programs end each name with a zero character here, too
        if "\0" in text:
            return _nonempty(text.split("\0"))
        return _nonempty([line.rstrip("\r") for line in text.split("\n")])
    # as bytes: a name that is not UTF-8 must keep its bytes
    data = data[mark:]
    if b"\0" in data:
        return _nonempty([os.fsdecode(name) for name in data.split(b"\0")])
    return _nonempty([os.fsdecode(line.rstrip(b"\r")) for line in data.split(b"\n")])


def _nonempty(found: list[str]) -> list[str]:
    return [name for name in found if name]


def _strictly(data: bytes, encoding: str, source: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise InputError(
            f"{source}: damaged text ({encoding} at byte {error.start}: {error.reason})",
            code="damaged-text",
            hint=_HINT,
        ) from error


def _guess_from_zero_bytes(data: bytes, source: str, whole: bool = True) -> str | None:
    """UTF-16 or UTF-32 where the zero bytes show it; None for names with a zero byte after each.

    In UTF-16 two neighbouring ASCII characters, and a line end, leave one byte between two zero
    bytes; all suffixes of files do. Names hardly ever have one byte, and do not begin or end with a
    line end.

    Raises:
        InputError: both are possible.
    """
    # Text of another kind hardly ever is valid UTF-32: most numbers of 32 bits are no characters.
    for encoding in _UTF32:
        if len(data) > 4 and _clean(data, encoding, whole) is not None:
            return encoding

    # Count the pieces between zero bytes that are hardly names.
    pieces = data.removesuffix(b"\0").split(b"\0")
    edges = [piece[:1] in _LINE_ENDS or piece[-1:] in _LINE_ENDS for piece in pieces]
    no_names = sum(edge or len(piece) < 2 for piece, edge in zip(pieces, edges, strict=True))
    line_end = any(piece in _LINE_ENDS for piece in pieces)
    # the majority decides; of a tie, a line end
    if no_names * 2 < len(pieces) or (no_names * 2 == len(pieces) and not line_end):
        return None

    texts: dict[str, str] = {}
    for encoding in _UTF16:
        text = _clean(data, encoding, whole)
        if text is not None:
            texts[encoding] = text
    if len(pieces) == 1 and (not texts or len(pieces[0]) == 1):
        return None
    # without a dot, a slash or a line end these may be names of one letter
    certain = any(edges) or b"." in pieces or b"/" in pieces or len(pieces) == 1
    if not texts or not certain:
        raise InputError(
            f"{source}: damaged text (utf-16), or names of one letter with a zero byte after each",
            code="damaged-text",
            hint="save it as UTF-8; write names of one letter as ./a",
        )
    # the wrong byte order turns ASCII characters into others
    return max(texts, key=lambda encoding: sum(map(str.isascii, texts[encoding])))


def _clean(data: bytes, encoding: str, whole: bool) -> str | None:
    """The decoded text; None if it does not decode, or has control characters other than tabs and
    line ends.
    """
    try:
        # the beginning of a text may end within a character
        text = codecs.getincrementaldecoder(encoding)().decode(data, final=whole)
    except UnicodeDecodeError:
        return None
    has_controls = any(character < " " and character not in "\t\r\n" for character in text)
    return None if has_controls else text
