"""Messages that FFmpeg and other native code write to stderr during the work on a file.

They are recorded as they are; the notes of the record explain what they mean for the result.
"""

from __future__ import annotations

import re

MAX_MESSAGES = 20
"""Different messages in the record of a file: a damaged file may give a hundred thousand."""
# characters of a message
_MAX_LENGTH = 300
# FFmpeg names a decoder with the address of its context, which differs from run to run
_ADDRESS = re.compile(r" @ 0x[0-9a-f]+(?=\])")


class StderrLog:
    """Lines of stderr; equal lines are counted. Memory addresses are removed, so that a file gives
    the same messages each time.

    Example: "[h264 @ 0x55d3c0] no frame!" twice -> "[h264] no frame! (2 times)".
    """

    def __init__(self) -> None:
        self._clear()

    def _clear(self) -> None:
        # bytes after the last line end
        self._rest = b""
        # message -> how often it came, in the order of first appearance
        self._counts: dict[str, int] = {}
        # lines beyond MAX_MESSAGES
        self._more = 0

    def feed(self, data: bytes) -> None:
        """Add bytes; a line may be cut anywhere."""
        *lines, rest = (self._rest + data).split(b"\n")
        # a line without end must not fill the memory
        self._rest = rest[-_MAX_LENGTH:]
        for line in lines:
            self._add(line)

    def _add(self, line: bytes) -> None:
        text = _ADDRESS.sub("", line.decode(errors="replace")).strip()[:_MAX_LENGTH]
        if not text:
            return
        if text in self._counts or len(self._counts) < MAX_MESSAGES:
            self._counts[text] = self._counts.get(text, 0) + 1
        else:
            self._more += 1

    def take(self) -> list[str]:
        """The messages so far, in the order of first appearance; they are removed here."""
        self._add(self._rest)
        messages = []
        for text, count in self._counts.items():
            messages.append(text if count == 1 else f"{text} ({count} times)")
        if self._more:
            messages.append(f"... and {self._more} more")
        self._clear()
        return messages
