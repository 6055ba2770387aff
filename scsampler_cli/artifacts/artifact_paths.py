"""Which files are made of each video beside its record, and where they go.

But: nothing is made here, and nothing heavy is imported: the process that hands out the work needs no torch.
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
"""Video -> the file that is made of it."""


@dataclass(frozen=True)
class Artifacts:
    """Which files are made of each video."""

    reports: Targets = field(default_factory=dict)
    index: Path | None = None
    """Of a batch, that its pages lead back to."""
    thumbnails: Targets = field(default_factory=dict)
    reels: Targets = field(default_factory=dict)
    reel_pad_s: float = 0.0
    """Seconds that a reel shows before and after each clip."""
    folders: tuple[Path, ...] = ()
    """Trees that the files of a batch must stay in, whatever links lie there."""

    def targets(self) -> dict[str, Targets]:
        """The files, by the names that records use, in the order in which they are made: a page tells of the others."""
        return {"thumbnails": self.thumbnails, "reel": self.reels, "report": self.reports}

    def are_there(self, record: Record) -> bool:
        """True when all that is asked for was made for a record, and is still there."""
        files = record.get("files", {})
        return record["status"] != "ok" or all(
            name in files and Path(files[name]).is_file()
            for name, targets in self.targets().items()
            if targets
        )


def relative_link(target: Path, page: Path) -> str:
    """How one page links to another, as in a URL."""
    return quote(os.fsencode(os.path.relpath(target, page.parent)))
