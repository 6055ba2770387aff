"""Lists of frames (`--frames`): JSON lines, one for each frame, beside the JPEG files.

Each video has a folder with its frames and their list. The list of a batch has the lines of all
these lists; it is made of them, and can be made again.

Not handled here: which frames, and their decoding; see `artifacts.frame_folder`.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scsampler_cli.files.output_paths import fresh, sibling

MANIFEST = "manifest.jsonl"
"""Name of a list."""
FRAME_FILES = "frame-*.jpg"
"""Names of the frames of a video; the display position is in place of the star."""
OF_CLIP, OF_SEGMENT = 1, 4
"""Frames of a clip, which lasts about half a second, and of a segment, where no number is given."""
_KEYS = {"video", "file", "time_s", "frame"}
# bytes read of a first line
_MAX_LINE = 1 << 20
Line = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class FrameSettings:
    """How many frames are written, and how large."""

    each: int | None = None
    """Frames of each selected clip, or of each segment where segments are looked for; None: OF_CLIP
    or OF_SEGMENT."""
    size: int | None = None
    """Longest side in pixels; larger frames are scaled down. None keeps the size."""

    def number(self, *, has_segments: bool) -> int:
        """Frames of each part in force.

        Args:
            has_segments: True where segments were looked for.
        """
        return self.each or (OF_SEGMENT if has_segments else OF_CLIP)

    def record(self, *, has_segments: bool) -> dict[str, int | None]:
        """The settings in force as a JSON object; the argument is that of `number`."""
        return {"each": self.number(has_segments=has_segments), "size": self.size}


def is_manifest(path: Path) -> bool:
    """True for a file that begins as a list of frames; False for one that cannot be read."""
    try:
        with path.open("rb") as file:
            line = json.loads(file.readline(_MAX_LINE))
    except (OSError, ValueError):
        return False
    return isinstance(line, dict) and set(line) >= _KEYS


def write_lines(target: Path, lines: Iterable[Line]) -> None:
    """Write a list, which gets its name when it is complete.

    Raises:
        OSError: it cannot be written.
    """
    part = sibling(target, ".part")
    try:
        with fresh(part).open("xb") as file:
            for line in lines:
                # ASCII: bytes of file names that are no text stay halves of surrogate pairs
                file.write(json.dumps(line).encode() + b"\n")
        part.replace(target)
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def joined_lines(manifests: Iterable[Path], target: Path) -> Iterator[Line]:
    """The lines of some lists, with files relative to the folder of another one.

    Args:
        manifests: of videos.
        target: the list that gets the lines.

    Raises:
        OSError: a list cannot be read.
    """
    for manifest in manifests:
        below = os.path.relpath(manifest.parent, target.parent)
        with manifest.open("rb") as file:
            for text in file:
                line = json.loads(text)
                yield line | {"file": os.path.join(below, line["file"])}  # noqa: PTH118
