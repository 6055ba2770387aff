"""The files of a folder and of all folders below it. Links to folders are followed; each folder is
searched once.

Names that begin with a dot are hidden, and so are folders of the operating system. Hidden folders
are not searched, hidden files are not taken. A link to a folder above is not followed: a link to
"/" would lead to the whole disk.
Not handled here: the content of the files.
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
"""Folders of network storage (thumbnails, deleted files), Windows, Linux and macOS; lower case."""
# names that a note lists
_SHOWN = 3
# sort key of a path: for each name in it (0, name) for a file and (1, name) for a folder, so that
# the files of a folder come before its folders
_Key = tuple[tuple[int, str], ...]


class Found(NamedTuple):
    """A file, or a folder that cannot be read."""

    path: str
    error: OSError | None
    """Why the folder cannot be read; None for a file."""


@dataclass
class Walk:
    """The result of `walk`."""

    found: list[Found] = field(default_factory=list)
    """Sorted by name, the files of a folder before its folders."""
    notes: list[str] = field(default_factory=list)
    """Notes on what was left out."""


def is_hidden(name: str) -> bool:
    """Whether a folder of this name is searched only if it is named itself."""
    return name.startswith(".") or name.lower() in SYSTEM_FOLDERS


def walk(folder: str, wanted: Callable[[str], bool], known: str | None = None) -> Walk:
    """All wanted files below a folder.

    Args:
        folder: the folder, which is searched also if its name is that of a hidden one.
        wanted: path of a file -> whether it is taken.
        known: a folder whose files are taken elsewhere: links into it are not followed.
    """
    search = _Search(folder, wanted, None if known is None else os.path.realpath(known))
    search.tree(folder, ())
    # links come last: a file gets its name without links, if it has one
    while search.links:
        search.follow(*heapq.heappop(search.links))
    return Walk(
        [found for _, found in sorted(search.found, key=lambda each: each[0])], search.notes()
    )


class _Search:
    """State of one walk."""

    def __init__(self, root: str, wanted: Callable[[str], bool], known: str | None) -> None:
        self.root = root
        self.known = known
        self.wanted = wanted
        self.found: list[tuple[_Key, Found]] = []
        self.links: list[tuple[_Key, str]] = []
        """Links to folders that are not followed yet, as a heap."""
        # (device, inode) of the folders that were searched
        self._entered: set[tuple[int, int]] = set()
        # reason -> paths below the root that were left out
        self._left_out: dict[str, list[str]] = {}

    def tree(self, top: str, top_key: _Key) -> None:
        """Take the files of a folder and of all folders below it, links not followed."""
        # a list and no recursion: folders may be nested deeper than Python's stack
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
                # it becomes a failed record
                self.found.append((key, Found(folder, error)))
                continue
            for entry in listed:
                if self._take_or_enter(entry, key):
                    waiting.append((entry.path, (*key, (1, entry.name))))

    def _take_or_enter(self, entry: os.DirEntry[str], key: _Key) -> bool:
        """Take a wanted file, and keep a link to a folder for later.

        Returns:
            True for a folder that is to be searched now.
        """
        is_folder = entry.is_dir(follow_symlinks=False)
        if entry.is_symlink():
            if os.path.isdir(entry.path):  # noqa: PTH112 (says no where the other raises)
                if is_hidden(entry.name):
                    self._leave_out("hidden folders", entry.path)
                else:
                    heapq.heappush(self.links, ((*key, (1, entry.name)), entry.path))
                return False
            # a link that leads nowhere and looks like a video becomes a failed record
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
        """Search the folder that a link leads to, unless it is above the link or known."""
        target = os.path.realpath(path)
        # folders above the link itself, and above the folder that is searched
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
        """One note for each reason why something was left out."""
        return [
            f"{self.root}: {what} left out: {shortened(paths)}"
            for what, paths in sorted(self._left_out.items())
        ]


class RealPaths:
    """Resolves links in paths. Each folder is looked up once, however many files it has."""

    def __init__(self) -> None:
        # folder as named -> folder without links
        self._folders: dict[str, str] = {}

    def entry(self, path: str) -> str:
        """The path with links in its folder resolved; the last name itself may be a link."""
        folder, name = os.path.split(path)
        real = self._folders.get(folder)
        if real is None:
            real = self._folders[folder] = os.path.realpath(folder)
        return os.path.join(real, name)  # noqa: PTH118 (quicker)

    def file(self, path: str) -> str:
        """The path with all links resolved."""
        # os.path.islink is False where pathlib raises
        return os.path.realpath(path) if os.path.islink(path) else self.entry(path)  # noqa: PTH114


def shortened(names: Iterable[str]) -> str:
    """The first three names, sorted, and the number of the others."""
    listed = sorted(names)
    more = f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
    return ", ".join(listed[:_SHOWN]) + more
