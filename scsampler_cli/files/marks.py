"""The mark in the files that scsampler makes beside its records, by which a run that goes on knows them from any others.

Pages, contact sheets, drawings of features, reels and re-encoded videos have it; feature files begin with bytes of their own.
"""

from __future__ import annotations

import mmap
import struct
import zlib
from pathlib import Path

MARK = "made by scsampler"
_PNG_HEAD = 33
"""Bytes of a PNG up to the end of its first chunk, IHDR: signature 8, length 4, name 4, data 13, checksum 4."""


def is_marked(path: Path) -> bool:
    """True for a file that has the mark; False for one that cannot be read."""
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return data.find(MARK.encode()) >= 0
    except (OSError, ValueError):  # an empty file cannot be mapped
        return False


def marked_png(data: bytes) -> bytes:
    """A PNG with the mark as its comment."""
    body = b"tEXtComment\0" + MARK.encode()
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return data[:_PNG_HEAD] + chunk + data[_PNG_HEAD:]
