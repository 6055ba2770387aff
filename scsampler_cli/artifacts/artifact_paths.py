"""Paths of the artifacts of each video.

Nothing is made here and torch is not imported: the process that distributes the work does not need
it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from scsampler_cli.artifacts.frame_manifest import FrameSettings
from scsampler_cli.files.output_paths import sibling

Record = dict[str, Any]
Targets = Mapping[Path, Path]
"""Video -> a file that is made of it."""


@dataclass(frozen=True)
class Artifacts:
    """Which files are made of each video."""

    reports: Targets = field(default_factory=dict)
    index: Path | None = None
    """Index page of the batch, which the pages of the videos link to."""
    thumbnails: Targets = field(default_factory=dict)
    reels: Targets = field(default_factory=dict)
    reel_pad_s: float = 0.0
    """Seconds that a reel shows before and after each clip."""
    frames: Targets = field(default_factory=dict)
    """Lists of frames, each in the folder of its frames."""
    frame_settings: FrameSettings | None = None
    """Which frames; None where none are requested."""
    frames_manifest: Path | None = None
    """List of the frames of all videos."""
    folders: tuple[Path, ...] = ()
    """Folders that the files of a batch must stay below, also where links lie in them."""

    def targets(self) -> dict[str, Targets]:
        """Name in the record -> the files, in the order in which they are made."""
        # the page comes last: it links to the others
        return {
            "thumbnails": self.thumbnails,
            "reel": self.reels,
            "frames": self.frames,
            "report": self.reports,
        }

    def are_there(self, record: Record) -> bool:
        """True if all requested files were made for a record, and still exist."""
        if record["status"] != "ok":
            return True
        files, nothing = record.get("files", {}), record.get("files_empty", ())
        for name, targets in self.targets().items():
            # no targets: this kind of file is not requested
            if not targets or name in nothing:
                continue
            if name not in files or not Path(files[name]).is_file():
                return False
        # an earlier run may have written fewer frames, or smaller ones
        if self.frame_settings is None:
            return True
        requested = self.frame_settings.record(has_segments="segments" in record)
        return bool(record.get("frames") == requested)


def row_picture(page: Path) -> Path:
    """Path of the small picture of a video in the index of a batch, beside the page of the video.

    Args:
        page: of the video.
    """
    return sibling(page, ".jpg")


def relative_link(target: Path, page: Path) -> str:
    """Relative URL of a file for a page; an absolute one where the page is on another drive."""
    # names may hold bytes that are not UTF-8, and characters that URLs reserve
    try:
        return quote(os.fsencode(os.path.relpath(target, page.parent)))
    except ValueError:
        return target.absolute().as_uri()
