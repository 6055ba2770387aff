"""The files of a folder and of all folders below it, those that are links, too: each folder once, whatever leads to it.

Folders and files that begin with a dot are hidden, and so are the folders that systems keep for themselves. Hidden folders are
not entered, hidden files not taken. A link to a folder above is not followed: from a link to "/" the whole disk would be read.
Not handled here: what the files hold.
"""

from __future__ import annotations

import heapq
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

SYSTEM_FOLDERS = frozenset(
    (
        "@eadir",
        "#recycle",
        "@recycle",
        "$recycle.bin",
        "system volume information",
        "lost+found",
        "__macosx",
    )
)
"""Of network storage (thumbnails, deleted files), Windows, Linux and macOS; in lower case."""
_SHOWN = 3
"""Names of a kind that a note gives."""
_Key = tuple[tuple[int, str], ...]


class Found(NamedTuple):
    """A file, or a folder that cannot be read."""

    path: str
    error: OSError | None
    """Why the folder cannot be read; None for a file."""


@dataclass
class Walk:
    """What a folder holds, from `walk`."""

    found: list[Found] = field(default_factory=list)
    """Sorted by name, the files of a folder before its folders."""
    notes: list[str] = field(default_factory=list)
    """What was left out."""


def is_hidden(name: str) -> bool:
    """Whether a folder of this name is not entered unless it is named itself."""
    return name.startswith(".") or name.lower() in SYSTEM_FOLDERS


def walk(folder: str, wanted: Callable[[str], bool], known: str | None = None) -> Walk:
    """All wanted files below a folder.

    Args:
        folder: is entered, whatever its name.
        wanted: told the path of a file; whether it is taken.
        known: a folder whose files come in another way: links into it are not followed.
    """
    search = _Search(folder, wanted, None if known is None else os.path.realpath(known))
    search.tree(folder, ())
    # after all that lies in the folder itself: a file keeps the name without a link in it
    while search.links:
        search.follow(*heapq.heappop(search.links))
    return Walk(
        [found for _, found in sorted(search.found, key=lambda each: each[0])], search.notes()
    )


class _Search:
    """One walk."""

    def __init__(self, root: str, wanted: Callable[[str], bool], known: str | None) -> None:
        self.root = root
        self.known = known
        self.wanted = wanted
        self.found: list[tuple[_Key, Found]] = []
        self.links: list[tuple[_Key, str]] = []
        """Links to folders, yet to be followed: a heap."""
        self._entered: set[tuple[int, int]] = set()
        """(device, inode) of folders."""
        self._left_out: dict[str, list[str]] = {}
        """What a note says -> paths below the root."""

    def tree(self, top: str, top_key: _Key) -> None:
        """Take the files of a folder and of the folders in it."""
        waiting = [(top, top_key)]
        while waiting:
            folder, key = waiting.pop()
            try:
                facts = os.stat(folder)  # noqa: PTH116 (quicker)
                if (facts.st_dev, facts.st_ino) in self._entered:
                    self._leave_out("linked folders that were entered before", folder)
                    continue
                self._entered.add((facts.st_dev, facts.st_ino))
                with os.scandir(folder) as entries:
                    listed = list(entries)
            except OSError as error:
                self.found.append((key, Found(folder, error)))
                continue
            waiting += [
                (entry.path, (*key, (1, entry.name)))
                for entry in listed
                if self._is_folder(entry, key)
            ]

    def _is_folder(self, entry: os.DirEntry[str], key: _Key) -> bool:
        """Whether it is a folder to enter; a file is taken, and a link put aside, if it should be."""
        is_folder = entry.is_dir(follow_symlinks=False)
        if entry.is_symlink():
            if os.path.isdir(entry.path):  # noqa: PTH112 (says no where the other raises)
                if is_hidden(entry.name):
                    self._leave_out("hidden folders", entry.path)
                else:
                    heapq.heappush(self.links, ((*key, (1, entry.name)), entry.path))
                return False
            broken = not os.path.exists(entry.path)  # noqa: PTH110 (as above)
            if broken and not entry.name.startswith(".") and not self.wanted(entry.path):
                self._leave_out("links that lead nowhere", entry.path)
                return False
        if is_folder and is_hidden(entry.name):
            self._leave_out("hidden folders", entry.path)
            return False
        if is_folder:
            return True
        if self.wanted(entry.path):
            if entry.name.startswith("."):
                self._leave_out("hidden files", entry.path)
            else:
                self.found.append(((*key, (0, entry.name)), Found(entry.path, None)))
        return False

    def follow(self, key: _Key, path: str) -> None:
        """Follow a link to a folder."""
        target = os.path.realpath(path)
        above = (os.path.realpath(os.path.dirname(path)), os.path.realpath(self.root))  # noqa: PTH120
        if any(os.path.commonpath([target, folder]) == target for folder in above):
            self._leave_out("links to a folder above", path)
        elif self.known is not None and os.path.commonpath([target, self.known]) == self.known:
            self._leave_out("links to other folders of the data set", path)
        else:
            self.tree(path, key)

    def _leave_out(self, what: str, path: str) -> None:
        self._left_out.setdefault(what, []).append(os.path.relpath(path, self.root))

    def notes(self) -> list[str]:
        """One for each kind of what was left out."""
        return [
            f"{self.root}: {what} left out: {shortened(paths)}"
            for what, paths in sorted(self._left_out.items())
        ]


class RealPaths:
    """Paths without links in them; the folder of many files is looked up once."""

    def __init__(self) -> None:
        self._folders: dict[str, str] = {}

    def entry(self, path: str) -> str:
        """The folder without links in it, and the name that the path has there, which may be a link."""
        folder, name = os.path.split(path)
        real = self._folders.get(folder)
        if real is None:
            real = self._folders[folder] = os.path.realpath(folder)
        return os.path.join(real, name)  # noqa: PTH118 (quicker)

    def file(self, path: str) -> str:
        """The file itself, whatever links lead to it."""
        # os.path's islink says no where pathlib's raises
        return os.path.realpath(path) if os.path.islink(path) else self.entry(path)  # noqa: PTH114


def shortened(names: Iterable[str]) -> str:
    """The first names, sorted, and how many more there are."""
    listed = sorted(names)
    more = f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
    return ", ".join(listed[:_SHOWN]) + more
