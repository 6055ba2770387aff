"""What an MP4 or QuickTime header says, read from its boxes (ISO/IEC 14496-12), without FFmpeg: how
many frames it claims, and how many frames its timecode track counts in a second, which FFmpeg does
not tell.

FFmpeg takes memory for every frame that the header claims before anyone can ask it how many these
are; where all frames have one size, twenty bytes can claim a hundred million of them. But: nothing
else is read from boxes; FFmpeg does that.
"""

from __future__ import annotations

import itertools
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_HEADER = struct.Struct(">I4s")
_PARENTS = {b"moov", b"trak", b"mdia", b"minf", b"stbl"}
_MOST = 10_000
"""Boxes looked at (our choice): a header has some tens for each track."""
_DEEPEST = 6
"""Levels of boxes in boxes: stbl is the fifth."""
_TOP = {b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"uuid"}
"""What such a file begins with."""


def claimed_frames(path: Path) -> int:
    """The most frames that a picture track claims to have; 0 where there is no such header, or none
    that can be read.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if file.read(8)[4:] not in _TOP:
            return 0
        most = 0
        picture = False
        for count, (kind, start) in enumerate(_boxes(file, 0, size)):
            if count == _MOST:
                break
            if kind == b"hdlr":
                file.seek(start + 4)
                of, what = file.read(4), file.read(4)
                if of != b"dhlr":  # QuickTime says of a track's data, too, who handles it
                    picture = what == b"vide"
            elif kind == b"stsz" and picture:
                file.seek(start + 8)
                most = max(most, int.from_bytes(file.read(4), "big"))
        return most


def timecode_base(path: Path) -> int | None:
    """Frame numbers in a second of the timecode track; None where there is none.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if file.read(8)[4:] not in _TOP:
            return None
        for kind, start in itertools.islice(_boxes(file, 0, size), _MOST):
            if kind == b"stsd":
                file.seek(start + 8)  # behind version, flags and the number of entries
                entry = file.read(
                    33
                )  # size, "tmcd", eight bytes, reserved, flags, time scale, frame duration, frames
                if entry[4:8] == b"tmcd" and len(entry) == 33:
                    return entry[32] or None
    return None


def _boxes(file: BinaryIO, at: int, end: int, *, depth: int = 1) -> Iterator[tuple[bytes, int]]:
    """(type, where its content begins) of the boxes in a stretch of the file and, after each, of
    those inside it."""
    while at + 8 <= end:
        file.seek(at)
        size, kind = _HEADER.unpack(file.read(8))
        start = at + 8
        if size == 1:
            size, start = int.from_bytes(file.read(8), "big"), at + 16
        stop = end if size == 0 else at + size
        if stop < start or stop > end:
            return
        yield kind, start
        if kind in _PARENTS and depth < _DEEPEST:
            yield from _boxes(file, start, stop, depth=depth + 1)
        at = stop
