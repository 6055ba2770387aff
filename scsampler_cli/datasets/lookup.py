"""Video files by their names without suffix, for lists that name no files."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from scsampler_cli.files.inputs import VIDEO_SUFFIXES

Folders = tuple[str, ...]
"""Path of a folder below the root, as the names of the folders on the way."""


class _Folder(NamedTuple):
    """Contents of a folder."""

    names: frozenset[str]
    videos: dict[str, str]
    """Name without suffix -> name."""


# a folder that does not exist, or cannot be read
_NOTHING = _Folder(frozenset(), {})


class Lookup:
    """The files below a root. Each folder is listed once: asking the disk for a million rows would
    take hours.
    """

    def __init__(self, root: Path) -> None:
        self.root = str(root)
        self._listed: dict[Folders, _Folder] = {}

    def find(self, wanted: Iterable[tuple[Folders, str]]) -> str | None:
        """Path of the first existing file of the candidates; None where there is none.

        Args:
            wanted: (folders, name without suffix) of each candidate.
        """
        for folders, stem in wanted:
            if name := self._list(folders).videos.get(stem):
                return os.path.join(self.root, *folders, name)  # noqa: PTH118 (faster)
        return None

    def _list(self, folders: Folders) -> _Folder:
        found = self._listed.get(folders)
        if found is None:
            # the listing of the parent says without the disk whether a folder exists
            exists = not folders or folders[-1] in self._list(folders[:-1]).names
            path = os.path.join(self.root, *folders)  # noqa: PTH118
            found = self._listed[folders] = _list_folder(path) if exists else _NOTHING
        return found


def is_video(name: str) -> bool:
    """Whether a file of this name is a video that is not hidden."""
    return has_video_suffix(name) and not name.startswith(".")


def has_video_suffix(name: str) -> bool:
    """Whether a name has the suffix of a video."""
    # faster than pathlib, which counts for a million rows
    return os.path.splitext(name)[1].lower() in VIDEO_SUFFIXES  # noqa: PTH122


def _list_folder(folder: str) -> _Folder:
    try:
        # in reverse: of x.mkv and x.mp4 the first in the alphabet is written last, and stays
        names = sorted(os.listdir(folder), reverse=True)  # noqa: PTH208
    except OSError:
        return _NOTHING
    videos = {os.path.splitext(name)[0]: name for name in names if is_video(name)}  # noqa: PTH122
    return _Folder(frozenset(names), videos)
