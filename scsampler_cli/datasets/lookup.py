"""Video files by name without suffix, for lists that give no file names."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from scsampler_cli.files.inputs import VIDEO_SUFFIXES

Place = tuple[str, ...]
"""Names of folders, one in the other, below the root."""


class _Folder(NamedTuple):
    names: frozenset[str]
    videos: dict[str, str]
    """Name without suffix -> name."""


_NOTHING = _Folder(frozenset(), {})


class Lookup:
    """What lies below a root; each folder is listed once, since a look at the disk for every row would take hours."""

    def __init__(self, root: Path) -> None:
        self.root = str(root)
        self._listed: dict[Place, _Folder] = {}

    def find(self, wanted: Iterable[tuple[Place, str]]) -> str | None:
        """Path of the first of the wanted (place, name without suffix) that is there."""
        for place, stem in wanted:
            if name := self._list(place).videos.get(stem):
                return os.path.join(self.root, *place, name)  # noqa: PTH118 (quicker)
        return None

    def _list(self, place: Place) -> _Folder:
        found = self._listed.get(place)
        if found is None:
            # a folder that its parent does not show is not looked for on the disk
            shown = not place or place[-1] in self._list(place[:-1]).names
            path = os.path.join(self.root, *place)  # noqa: PTH118
            found = self._listed[place] = _listed(path) if shown else _NOTHING
        return found


def is_video(name: str) -> bool:
    """Whether a file of this name is taken from a folder."""
    return has_video_suffix(name) and not name.startswith(".")


def has_video_suffix(name: str) -> bool:
    """Whether a name ends as those of videos do."""
    return os.path.splitext(name)[1].lower() in VIDEO_SUFFIXES  # noqa: PTH122 (quicker)


def _listed(folder: str) -> _Folder:
    try:
        # backwards: of x.mkv and x.mp4 the first in the alphabet stays
        names = sorted(os.listdir(folder), reverse=True)  # noqa: PTH208
    except OSError:
        return _NOTHING
    return _Folder(
        frozenset(names),
        {os.path.splitext(name)[0]: name for name in names if is_video(name)},  # noqa: PTH122
    )
