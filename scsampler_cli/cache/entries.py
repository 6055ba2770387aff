"""Layout of the cache on disk, and a scan of its contents.

    <cache>/.using-XXXXXXXX              a run that uses the cache holds a lock on it
    <cache>/<32 hex digits>/             one folder for each video, named by its identity
        <kind>-<16 hex digits>/          an entry: entry.json and values.raw, and nothing else
        <kind>-<16 hex digits>.scf       a feature file
        .part-*/, <number>-*.scf, *.part being written, or left by a run that was killed

Only regular files with these names in real folders belong to the cache. Everything else is left
alone, and links are never followed: each folder is opened relative to its parent. Other processes
may write, read and remove entries at the same time.

The modification time of entry.json, or of the feature file, is the time of the last use;
`video_cache` sets it.
Not handled here: the meaning of the values, and stale entries.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import stat
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scsampler_cli.errors import InputError

VALUES, HEAD, PART, SUFFIX = "values.raw", "entry.json", ".part-", ".scf"
UNFINISHED = "unfinished"
"""Kind of an item that is being written, or was left by a killed run."""
_VIDEO = re.compile(r"[0-9a-f]{32}")
_ENTRY = re.compile(r"([a-z]+)-[0-9a-f]{16}")
_FEATURES = re.compile(r"([a-z]+)-[0-9a-f]{16}\.scf")
_HALF_FEATURES = re.compile(r"(\d+-)?[a-z]+-[0-9a-f]{16}\.scf(\.part)?")
_HALF_ENTRY = re.compile(r"\.part-\w+")
_USING = ".using-"
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
"""Flags that open a folder and refuse a link."""
# a run locks its file soon after it has made it: a younger file may not be locked yet
_YOUNG_S = 60.0


@dataclass(frozen=True)
class CacheItem:
    """An entry, a feature file or an unfinished one."""

    kind: str
    """Such as "rgbr" or "probabilities"; or UNFINISHED."""
    video: str
    """Name of the folder of the video."""
    name: str
    """Name in that folder."""
    bytes: int
    used: float
    """Time of the last use or write, in seconds since 1970."""


@dataclass(frozen=True)
class Contents:
    """Contents of a cache."""

    items: tuple[CacheItem, ...]
    foreign: int
    """Number of files, folders and links that do not belong to the cache."""
    busy_since: float | None
    """Start of the first of the runs that use the cache now, in seconds since 1970; None where no
    run uses it."""

    @property
    def bytes(self) -> int:
        """Size of all items."""
        return sum(item.bytes for item in self.items)


@contextlib.contextmanager
def in_use(cache: Path) -> Iterator[None]:
    """Within this context, `prune` does not remove what the run uses or makes.

    The system releases the lock when the process ends, also when it is killed. Where the file
    system has no locks, or the cache cannot be written, the run goes on without a lock.
    """
    with contextlib.ExitStack() as cleanup:
        with contextlib.suppress(OSError):
            # a run that ends before it stores anything leaves no folder
            if not cache.exists():
                cleanup.callback(_remove_empty, cache)
            cache.mkdir(parents=True, exist_ok=True)
            number, name = tempfile.mkstemp(prefix=_USING, dir=cache)
            cleanup.callback(os.close, number)
            cleanup.callback(Path(name).unlink, missing_ok=True)
            fcntl.flock(number, fcntl.LOCK_EX)
        yield


def _remove_empty(folder: Path) -> None:
    # fails where it is not empty, or gone
    with contextlib.suppress(OSError):
        folder.rmdir()


def scan_cache(cache: Path) -> Contents:
    """List the contents of a cache.

    Raises:
        InputError: it is not a folder, or cannot be read.
    """
    items: list[CacheItem] = []
    foreign = 0
    with open_folder(cache) as root:
        for dir_entry in _scanned(root):
            if dir_entry.name.startswith(_USING):
                continue
            if not _VIDEO.fullmatch(dir_entry.name) or not dir_entry.is_dir(follow_symlinks=False):
                foreign += 1
                continue
            for item in _items_of_video(root, dir_entry.name):
                if item is None:
                    foreign += 1
                else:
                    items.append(item)
        return Contents(tuple(items), foreign, _busy_since(root))


@contextlib.contextmanager
def open_folder(cache: Path) -> Iterator[int]:
    """A descriptor of the cache.

    Raises:
        InputError: it is not a folder, or cannot be read.
    """
    try:
        # no O_NOFOLLOW: the folder that the user names may be a link
        number = os.open(cache, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise InputError(
            f"the cache {cache} cannot be read: {error.strerror or error}",
            code="cache-unusable",
            hint="name the folder that the runs use as their cache",
        ) from error
    try:
        yield number
    finally:
        os.close(number)


def _scanned(folder: int) -> list[os.DirEntry[str]]:
    """Contents of an open folder, sorted by name."""
    with os.scandir(folder) as found:
        return sorted(found, key=lambda dir_entry: dir_entry.name)


def _items_of_video(root: int, video: str) -> Iterator[CacheItem | None]:
    """The items of one video; None for each thing that does not belong to the cache."""
    try:
        folder = os.open(video, FOLDER, dir_fd=root)
    except FileNotFoundError:
        # another process has removed it since it was listed
        return
    except OSError:
        yield None
        return
    try:
        for dir_entry in _scanned(folder):
            # a writer or `prune` may remove it at any moment
            with contextlib.suppress(FileNotFoundError):
                yield _recognised(folder, video, dir_entry)
    finally:
        os.close(folder)


def _recognised(folder: int, video: str, dir_entry: os.DirEntry[str]) -> CacheItem | None:
    """The item that it is, or None where it does not belong to the cache."""
    facts = dir_entry.stat(follow_symlinks=False)
    if stat.S_ISREG(facts.st_mode):
        features = _FEATURES.fullmatch(dir_entry.name)
        if features or _HALF_FEATURES.fullmatch(dir_entry.name):
            kind = features[1] if features else UNFINISHED
            return CacheItem(kind, video, dir_entry.name, bytes=facts.st_size, used=facts.st_mtime)
        return None
    entry = _ENTRY.fullmatch(dir_entry.name)
    if not stat.S_ISDIR(facts.st_mode) or not (entry or _HALF_ENTRY.fullmatch(dir_entry.name)):
        return None
    files = _files_of_entry(folder, dir_entry.name)
    if files is None or (entry and set(files) != {HEAD, VALUES}):
        return None
    size = sum(file.st_size for file in files.values())
    if entry:
        return CacheItem(entry[1], video, dir_entry.name, bytes=size, used=files[HEAD].st_mtime)
    # the time of a folder changes with its names only, that of a file with each write
    written = max([facts.st_mtime, *(file.st_mtime for file in files.values())])
    return CacheItem(UNFINISHED, video, dir_entry.name, bytes=size, used=written)


def _files_of_entry(folder: int, name: str) -> dict[str, os.stat_result] | None:
    """Name -> facts of the files of an entry; None where the folder holds anything else."""
    number = os.open(name, FOLDER, dir_fd=folder)
    try:
        found = {
            dir_entry.name: dir_entry.stat(follow_symlinks=False) for dir_entry in _scanned(number)
        }
    finally:
        os.close(number)
    ours = set(found) <= {HEAD, VALUES} and all(stat.S_ISREG(f.st_mode) for f in found.values())
    return found if ours else None


def _busy_since(root: int) -> float | None:
    """Start of the first of the runs that hold a lock. Lock files of ended runs are removed."""
    started = []
    for dir_entry in _scanned(root):
        if not dir_entry.name.startswith(_USING) or not dir_entry.is_file(follow_symlinks=False):
            continue
        with contextlib.suppress(OSError):
            number = os.open(dir_entry.name, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=root)
            try:
                # the time of the lock file is that at which the run made it
                if _is_held(number):
                    started.append(os.fstat(number).st_mtime)
                else:
                    os.unlink(dir_entry.name, dir_fd=root)
            finally:
                os.close(number)
    return min(started, default=None)


def _is_held(number: int) -> bool:
    """Whether a run holds the lock on its file, or will soon."""
    if time.time() - os.fstat(number).st_mtime < _YOUNG_S:
        return True
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False
