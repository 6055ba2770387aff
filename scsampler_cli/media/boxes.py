"""Facts from the boxes of an MP4 or QuickTime header (ISO/IEC 14496-12), read without FFmpeg.

These are the number of frames that the header claims, and the frames that its timecode track counts
in a second, which FFmpeg does not export.

FFmpeg allocates memory for every frame that the header claims before it reports their number. Where
all frames have one size, twenty bytes can claim a hundred million of them.

Not handled here: all other boxes; FFmpeg reads them.
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
"""Types of boxes whose content is boxes."""
_MAX_BOXES = 10_000
"""Boxes that are read at most: a header has some tens for each track."""
_MAX_DEPTH = 6
"""Levels of boxes in boxes that are read: stbl is the fifth."""
_FIRST_BOXES = {b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"uuid"}
"""Types of the box with which such a file begins."""


def claimed_frames(path: Path) -> int:
    """The largest number of frames that a picture track claims; 0 without a readable header.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if file.read(8)[4:] not in _FIRST_BOXES:
            return 0
        most = 0
        is_picture = False
        for kind, start in itertools.islice(_boxes(file, 0, size), _MAX_BOXES):
            if kind == b"hdlr":
                # behind version and flags; the box comes before the track's stsz
                file.seek(start + 4)
                component, handler = file.read(4), file.read(4)
                # QuickTime has a second hdlr in each track, for the handler of its data
                if component != b"dhlr":
                    is_picture = handler == b"vide"
            elif kind == b"stsz" and is_picture:
                # behind version, flags and the size that all frames share
                file.seek(start + 8)
                most = max(most, int.from_bytes(file.read(4), "big"))
        return most


def timecode_base(path: Path) -> int | None:
    """Frames in a second by the timecode track; None without such a track.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if file.read(8)[4:] not in _FIRST_BOXES:
            return None
        for kind, start in itertools.islice(_boxes(file, 0, size), _MAX_BOXES):
            if kind != b"stsd":
                continue
            # behind version, flags and the number of entries
            file.seek(start + 8)
            # size, "tmcd", eight bytes, reserved, flags, time scale, frame duration, number of
            # frames
            entry = file.read(33)
            if entry[4:8] == b"tmcd" and len(entry) == 33:
                return entry[32] or None
    return None


def _boxes(file: BinaryIO, at: int, end: int, *, depth: int = 1) -> Iterator[tuple[bytes, int]]:
    """Boxes in the bytes [at, end) of the file and, after each, those inside it.

    Yields:
        (type, byte at which the content begins).
    """
    while at + 8 <= end:
        file.seek(at)
        size, kind = _HEADER.unpack(file.read(8))
        start = at + 8
        # 1: a 64-bit size follows; 0: the box goes on to the end
        if size == 1:
            size, start = int.from_bytes(file.read(8), "big"), at + 16
        stop = end if size == 0 else at + size
        if stop < start or stop > end:
            return
        yield kind, start
        if kind in _PARENTS and depth < _MAX_DEPTH:
            yield from _boxes(file, start, stop, depth=depth + 1)
        at = stop
