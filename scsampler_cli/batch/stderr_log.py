"""What FFmpeg, and other native code, writes to the error output of a process while it works on a file.

But: it is kept as it was said; what it means for the result is told by the notes of the record.
"""

from __future__ import annotations

import re

KEPT = 20
"""Different messages kept of a file (our choice): a damaged one may have a hundred thousand."""
_LONGEST = 300
_ADDRESS = re.compile(r" @ 0x[0-9a-f]+(?=\])")


class Messages:
    """Lines, the same ones counted; addresses of memory are left out, so that the same file always says the same.

    Example: "[h264 @ 0x55d3c0] no frame!" twice -> "[h264] no frame! (2 times)".
    """

    def __init__(self) -> None:
        self._rest = b""
        self._counts: dict[str, int] = {}
        self._more = 0

    def feed(self, data: bytes) -> None:
        """Take some bytes; a line may be cut anywhere."""
        *lines, rest = (self._rest + data).split(b"\n")
        self._rest = rest[-_LONGEST:]
        for line in lines:
            self._add(line)

    def _add(self, line: bytes) -> None:
        text = _ADDRESS.sub("", line.decode(errors="replace")).strip()[:_LONGEST]
        if not text:
            return
        if text in self._counts or len(self._counts) < KEPT:
            self._counts[text] = self._counts.get(text, 0) + 1
        else:
            self._more += 1

    def take(self) -> list[str]:
        """The messages so far, in the order in which each was first said; begins anew."""
        self._add(self._rest)
        said = [
            text if count == 1 else f"{text} ({count} times)"
            for text, count in self._counts.items()
        ]
        if self._more:
            said.append(f"... and {self._more} more")
        self.__init__()  # type: ignore[misc]
        return said
