"""Text files and lists in the encodings that programs write: UTF-8, UTF-16 and UTF-32, with or without a byte order mark.

A byte order mark names the encoding and is dropped. Without a mark the zero bytes tell: UTF-8 text has none, ASCII
characters have one in UTF-16 and three in UTF-32. A list of names with a zero byte after each (`find -print0`) has zero
bytes, too. It must never be taken for UTF-16, nor UTF-16 be cut at its zero bytes: among the letters could be "/".
"""

from __future__ import annotations

import codecs
import os
from pathlib import Path

from scsampler_cli.errors import InputError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
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
        InputError: it is no text, or bytes of it do not fit its encoding.
        OSError: it cannot be read.
    """
    return decoded(path.read_bytes(), str(path))


def decoded(data: bytes, source: str) -> str:
    """Bytes as text, without a byte order mark.

    Args:
        data: a whole file.
        source: what messages call it.

    Raises:
        InputError: it is no text, or bytes of it do not fit its encoding.
    """
    encoding, mark = encoding_of(data, source)
    return _strictly(data[mark:], encoding, source)


def encoding_of(data: bytes, source: str, whole: bool = True) -> tuple[str, int]:
    """The encoding of a text, and the length of its byte order mark.

    Args:
        data: the text, or its beginning.
        source: what messages call it.
        whole: False for a beginning, which must be a multiple of four bytes long.

    Returns:
        one of "utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"; bytes of the mark, 0 without one.

    Raises:
        InputError: it is no text.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding, len(mark)
    if b"\0" not in data:
        return "utf-8", 0
    likely = _with_zero_bytes(data, source, whole)
    if likely is None:
        raise InputError(
            f"{source} is not a text file: it holds zero bytes", code="damaged-text", hint=_HINT
        )
    return likely, 0


def names(data: bytes, source: str) -> list[str]:
    """File names of a list: one a line, or with a zero byte after each. Bytes that are not UTF-8 stay as they are.

    Args:
        data: the whole list.
        source: what messages call it.

    Returns:
        names as the operating system takes them (`os.fsdecode`); no empty ones.

    Raises:
        InputError: bytes do not fit its encoding, or it can be read in two ways.
    """
    encoding, mark = "utf-8", 0
    if data.startswith(tuple(mark for mark, _ in _MARKS)):
        encoding, mark = encoding_of(data, source)
    elif b"\0" in data:
        encoding = _with_zero_bytes(data, source) or "utf-8"
    if encoding != "utf-8":
        text = _strictly(data[mark:], encoding, source)
        # some programs end each name with a zero character here, too
        return _nonempty(
            text.split("\0") if "\0" in text else [line.rstrip("\r") for line in text.split("\n")]
        )
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


def _with_zero_bytes(data: bytes, source: str, whole: bool = True) -> str | None:
    """UTF-16 or UTF-32 where the zero bytes show it; None for names with a zero byte after each.

    In UTF-16 an ASCII character beside another one, and a line end, leave one byte between two zero bytes; all suffixes of
    files do. Names are hardly ever one byte long, and do not begin or end with a line end.

    Raises:
        InputError: both are possible.
    """
    for encoding in _UTF32:
        if len(data) > 4 and _clean(data, encoding, whole) is not None:
            return encoding
    pieces = data.removesuffix(b"\0").split(b"\0")
    edges = [piece[:1] in _LINE_ENDS or piece[-1:] in _LINE_ENDS for piece in pieces]
    odd = sum(edge or len(piece) < 2 for piece, edge in zip(pieces, edges, strict=True))
    line_end = any(piece in _LINE_ENDS for piece in pieces)
    if odd * 2 < len(pieces) or (odd * 2 == len(pieces) and not line_end):
        return None
    texts = {
        encoding: text for encoding in _UTF16 if (text := _clean(data, encoding, whole)) is not None
    }
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
    return max(texts, key=lambda encoding: sum(map(str.isascii, texts[encoding])))


def _clean(data: bytes, encoding: str, whole: bool) -> str | None:
    """The text, if it decodes and has no control characters but tabs and line ends."""
    try:
        # of a beginning the last character may be cut
        text = codecs.getincrementaldecoder(encoding)().decode(data, final=whole)
    except UnicodeDecodeError:
        return None
    return (
        None if any(character < " " and character not in "\t\r\n" for character in text) else text
    )
