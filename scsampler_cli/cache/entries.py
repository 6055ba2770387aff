"""What the cache keeps on disk: how it is laid out, and how large it is.

    <cache>/.using-XXXXXXXX              a run that uses the cache holds a lock on it
    <cache>/<32 hex digits>/             one folder for each video, named by the sha256 of its bytes
        <kind>-<16 hex digits>/          an entry: entry.json and values.raw, and nothing else
        <kind>-<16 hex digits>.scf       a feature file
        .part-*/, <number>-*.scf, *.part what is being written, or was left by a run that was killed

Only regular files under these names in real folders are ours. All else, links among it, is left
alone and never followed: folders are opened relative to the one above. Runs and other commands may
write, read and remove entries meanwhile.

When an entry was last used is the time of its entry.json, or of the feature file: `cache` sets it.
Not handled here: what the values mean, and when an entry is stale.
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
"""Kind of what is being written, or was left behind."""
_VIDEO = re.compile(r"[0-9a-f]{32}")
_ENTRY = re.compile(r"([a-z]+)-[0-9a-f]{16}")
_FEATURES = re.compile(r"([a-z]+)-[0-9a-f]{16}\.scf")
_HALF_FEATURES = re.compile(r"(\d+-)?[a-z]+-[0-9a-f]{16}\.scf(\.part)?")
_HALF_ENTRY = re.compile(r"\.part-\w+")
_USING = ".using-"
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
"""How a folder is opened that may not be a link."""
_YOUNG_S = 60.0
"""A file of a run is younger than this while the run has not locked it yet."""


@dataclass(frozen=True)
class Kept:
    """One thing in the cache."""

    kind: str
    """Such as "rgbr" or "probabilities"; or UNFINISHED."""
    video: str
    """Name of the video's folder."""
    name: str
    """Of the entry or the file in it."""
    bytes: int
    used: float
    """When it was last used or written, in seconds since 1970."""


@dataclass(frozen=True)
class Contents:
    """Of a cache."""

    kept: tuple[Kept, ...]
    foreign: int
    """Files, folders and links that are not ours."""
    busy_since: float | None
    """When the first of the runs began that use the cache now; None where there is none."""

    @property
    def bytes(self) -> int:
        """Of all that is kept."""
        return sum(kept.bytes for kept in self.kept)


@contextlib.contextmanager
def in_use(cache: Path) -> Iterator[None]:
    """Within this context `prune` removes nothing that is used or made in it.

    The lock goes with the process that holds it, however that ends. Where the file system has no
    locks, or the cache cannot be written, the run goes on without one.
    """
    with contextlib.ExitStack() as held:
        with contextlib.suppress(OSError):
            if (
                not cache.exists()
            ):  # a run that ends before it keeps anything leaves no folder behind
                held.callback(_remove_empty, cache)
            cache.mkdir(parents=True, exist_ok=True)
            number, name = tempfile.mkstemp(prefix=_USING, dir=cache)
            held.callback(os.close, number)
            held.callback(Path(name).unlink, missing_ok=True)
            fcntl.flock(number, fcntl.LOCK_EX)
        yield


def _remove_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):  # it holds something, or is gone
        folder.rmdir()


def survey(cache: Path) -> Contents:
    """List what a cache keeps.

    Raises:
        InputError: it is not a folder, or cannot be read.
    """
    kept: list[Kept] = []
    foreign = 0
    with open_folder(cache) as root:
        for item in _scanned(root):
            if item.name.startswith(_USING):
                continue
            if not _VIDEO.fullmatch(item.name) or not item.is_dir(follow_symlinks=False):
                foreign += 1
                continue
            for found in _of_video(root, item.name):
                if found is None:
                    foreign += 1
                else:
                    kept.append(found)
        return Contents(tuple(kept), foreign, _busy_since(root))


@contextlib.contextmanager
def open_folder(cache: Path) -> Iterator[int]:
    """A descriptor of the folder that the user named; this one may be a link."""
    try:
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
    """Entries of an open folder, in the order of their names."""
    with os.scandir(folder) as found:
        return sorted(found, key=lambda item: item.name)


def _of_video(root: int, video: str) -> Iterator[Kept | None]:
    """What is kept of one video; None for each thing that is not ours."""
    try:
        folder = os.open(video, FOLDER, dir_fd=root)
    except FileNotFoundError:
        return
    except OSError:
        yield None
        return
    try:
        for item in _scanned(folder):
            with contextlib.suppress(FileNotFoundError):  # removed meanwhile
                yield _recognised(folder, video, item)
    finally:
        os.close(folder)


def _recognised(folder: int, video: str, item: os.DirEntry[str]) -> Kept | None:
    """An entry or a file, or None where it is not ours."""
    facts = item.stat(follow_symlinks=False)
    if stat.S_ISREG(facts.st_mode):
        features = _FEATURES.fullmatch(item.name)
        if features or _HALF_FEATURES.fullmatch(item.name):
            kind = features[1] if features else UNFINISHED
            return Kept(kind, video, item.name, bytes=facts.st_size, used=facts.st_mtime)
        return None
    entry = _ENTRY.fullmatch(item.name)
    if not stat.S_ISDIR(facts.st_mode) or not (entry or _HALF_ENTRY.fullmatch(item.name)):
        return None
    files = _files_of_entry(folder, item.name)
    if files is None or (entry and set(files) != {HEAD, VALUES}):
        return None
    size = sum(file.st_size for file in files.values())
    if entry:
        return Kept(entry[1], video, item.name, bytes=size, used=files[HEAD].st_mtime)
    written = max([facts.st_mtime, *(file.st_mtime for file in files.values())])
    return Kept(UNFINISHED, video, item.name, bytes=size, used=written)


def _files_of_entry(folder: int, name: str) -> dict[str, os.stat_result] | None:
    """The files in an entry by their names; None where there is anything else in it."""
    number = os.open(name, FOLDER, dir_fd=folder)
    try:
        found = {item.name: item.stat(follow_symlinks=False) for item in _scanned(number)}
    finally:
        os.close(number)
    ours = set(found) <= {HEAD, VALUES} and all(stat.S_ISREG(f.st_mode) for f in found.values())
    return found if ours else None


def _busy_since(root: int) -> float | None:
    """When the first of the runs began that hold a lock; files of runs that have ended are removed."""
    started = []
    for item in _scanned(root):
        if not item.name.startswith(_USING) or not item.is_file(follow_symlinks=False):
            continue
        with contextlib.suppress(OSError):
            number = os.open(item.name, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=root)
            try:
                if _is_held(number):
                    started.append(os.fstat(number).st_mtime)
                else:
                    os.unlink(item.name, dir_fd=root)
            finally:
                os.close(number)
    return min(started, default=None)


def _is_held(number: int) -> bool:
    """Whether a run holds the lock on its file, or is about to."""
    if time.time() - os.fstat(number).st_mtime < _YOUNG_S:
        return True
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False
