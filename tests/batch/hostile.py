"""FFmpeg as damaged files may make it: it crashes, hangs, or takes more and more memory."""

import ctypes
import os
import time
from pathlib import Path
from typing import Any

import av

KINDS = ("crash", "hang", "swell")


def harm(log: object = None) -> None:
    """Change FFmpeg in this process: a video with a name such as "hang-1.mp4" makes it hang.

    The file hang-1.begun shows that it has begun to hang.
    """
    genuine = av.open

    def opened(source: Any, *given: Any, **named: Any) -> Any:
        path = Path(str(source).removeprefix("file:"))
        what = path.name.split("-")[0]
        if what in KINDS:
            path.with_suffix(".begun").touch()
        if what == "crash":
            ctypes.string_at(0)
        if what == "hang":
            time.sleep(600)
        if what == "swell":
            held = [bytearray(os.urandom(1 << 20) * 100) for _ in range(40)]
            time.sleep(600 + len(held))
        return genuine(source, *given, **named)

    av.open = opened
