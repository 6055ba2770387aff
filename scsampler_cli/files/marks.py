"""The mark in files that scsampler makes: a resumed run may replace marked files, and no others.

Pages, contact sheets, pictures of features, reels and re-encoded videos have it. Feature files
begin with bytes of their own.
"""

from __future__ import annotations

import mmap
import struct
import zlib
from pathlib import Path

MARK = "made by scsampler"
# bytes up to the end of IHDR, the first chunk: signature 8, length 4, name 4, data 13, checksum 4
_PNG_HEAD = 33


def is_marked(path: Path) -> bool:
    """True for a file that has the mark; False for one that cannot be read."""
    try:
        # mapped: the mark of a reel may lie anywhere in gigabytes
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return data.find(MARK.encode()) >= 0
    except (OSError, ValueError):
        # ValueError: an empty file cannot be mapped
        return False


def marked_png(data: bytes) -> bytes:
    """A PNG with the mark as its comment."""
    # a chunk is length, name, data, checksum; the length counts the data alone, the checksum also
    # the name
    body = b"tEXtComment\0" + MARK.encode()
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return data[:_PNG_HEAD] + chunk + data[_PNG_HEAD:]
