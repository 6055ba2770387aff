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
    folders: tuple[Path, ...] = ()
    """Folders that the files of a batch must stay below, also where links lie in them."""

    def targets(self) -> dict[str, Targets]:
        """Name in the record -> the files, in the order in which they are made."""
        # the page comes last: it links to the other two
        return {"thumbnails": self.thumbnails, "reel": self.reels, "report": self.reports}

    def are_there(self, record: Record) -> bool:
        """True if all requested files were made for a record, and still exist."""
        if record["status"] != "ok":
            return True
        files = record.get("files", {})
        for name, targets in self.targets().items():
            # no targets: this kind of file is not requested
            if targets and not (name in files and Path(files[name]).is_file()):
                return False
        return True


def relative_link(target: Path, page: Path) -> str:
    """Relative URL of one page in another one."""
    # names may hold bytes that are not UTF-8, and characters that URLs reserve
    return quote(os.fsencode(os.path.relpath(target, page.parent)))
