"""Prune a cache to a size or an age: the least recently used items are removed first.

An entry is renamed before its files are removed, so that no reader finds half of it. Items that a
running process has used or made are kept. A reader that has mapped the values can go on reading.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scsampler_cli.cache.entries import (
    FOLDER,
    HEAD,
    PART,
    UNFINISHED,
    VALUES,
    CacheItem,
    Contents,
    open_folder,
)
from scsampler_cli.errors import SettingsError

# what nobody has written to for a day was left by a run that was killed
_LEFT_BEHIND_S = 24 * 3600.0
_BYTES = {"b": 1, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12}
_BYTES |= {"kib": 2.0**10, "mib": 2.0**20, "gib": 2.0**30, "tib": 2.0**40}
_SECONDS = {"h": 3600.0, "d": 24 * 3600.0, "w": 7 * 24 * 3600.0}


@dataclass(frozen=True)
class Limit:
    """Limit on the contents of a cache; one of the two fields is set."""

    bytes: float | None = None
    """Largest size of all items together."""
    age_s: float | None = None
    """Longest time since the last use, in seconds."""


@dataclass(frozen=True)
class Pruned:
    """The result of `prune`."""

    removed: tuple[CacheItem, ...]
    """Items that were removed; after a dry run, those that would be."""
    in_use: tuple[CacheItem, ...]
    """Items beyond the limit that a run uses."""
    failed: tuple[tuple[CacheItem, str], ...]
    """Items that could not be removed, with the reason."""


def parse_limit(text: str) -> Limit:
    """Parse a size or an age.

    Raises:
        SettingsError: it is neither.

    Example: "10GB" -> 1e10 bytes; "30d" -> 2592000 seconds; "0" -> nothing remains.
    """
    # re.ASCII: \d would accept digits of any script
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([a-z]*)", text.strip().lower(), re.ASCII)
    if found:
        number, unit = float(found[1]), found[2]
        if unit in _BYTES or (not unit and number == 0):
            return Limit(bytes=number * _BYTES.get(unit, 1))
        if unit in _SECONDS:
            return Limit(age_s=number * _SECONDS[unit])
    raise SettingsError(
        f"invalid limit {text!r}: expected a size or an age",
        code="prune-limit-invalid",
        hint="a size: 500MB, 10GB, 2TB, 10GiB, 0; an age since the last use: 12h, 30d, 8w",
    )


def beyond(contents: Contents, limit: Limit, now: float) -> list[CacheItem]:
    """The items beyond the limit, the least recently used first.

    Args:
        contents: of the cache.
        limit: size or age.
        now: in seconds since 1970.
    """
    by_use = sorted(contents.items, key=lambda item: (item.used, item.video, item.name))
    # unfinished items may still be written
    items = [item for item in by_use if item.kind != UNFINISHED or now - item.used > _LEFT_BEHIND_S]
    if limit.age_s is not None:
        return [item for item in items if now - item.used > limit.age_s]

    # bytes that would remain, unfinished items included
    left, found = contents.bytes, []
    for item in items:
        if limit.bytes is not None and left > limit.bytes:
            found.append(item)
            left -= item.bytes
    return found


def prune(cache: Path, contents: Contents, limit: Limit, *, dry_run: bool) -> Pruned:
    """Remove the items beyond the limit.

    Args:
        cache: the folder.
        contents: from `cache.entries.scan_cache`.
        limit: size or age.
        dry_run: True to list the items that would be removed, and remove nothing.

    Raises:
        InputError: the folder cannot be read.
    """
    removed, in_use, failed = [], [], []
    busy = contents.busy_since
    with open_folder(cache) as root:
        for item in beyond(contents, limit, time.time()):
            # which of several runs has used it is not known: the first run counts
            if busy is not None and item.used >= busy:
                in_use.append(item)
                continue
            try:
                if dry_run or _remove(root, item):
                    removed.append(item)
            except OSError as error:
                failed.append((item, error.strerror or str(error)))
        # a run may be about to write into an empty folder
        if busy is None and not dry_run:
            _remove_empty(root, {item.video for item in removed})
    return Pruned(tuple(removed), tuple(in_use), tuple(failed))


@contextlib.contextmanager
def _folder_of_video(root: int, video: str) -> Iterator[int]:
    """A descriptor of the folder of a video, below that of the cache."""
    number = os.open(video, FOLDER, dir_fd=root)
    try:
        yield number
    finally:
        os.close(number)


def _remove(root: int, item: CacheItem) -> bool:
    """Remove one item; False if it is gone, was used, or became a link since it was listed."""
    try:
        with _folder_of_video(root, item.video) as folder:
            kind = os.stat(item.name, dir_fd=folder, follow_symlinks=False).st_mode
            if stat.S_ISLNK(kind) or _last_use(folder, item.name) > item.used:
                return False
            if stat.S_ISREG(kind):
                os.unlink(item.name, dir_fd=folder)
            elif item.name.startswith(PART):
                _remove_entry(folder, item.name)
            else:
                # a rename is atomic: a reader finds the whole entry or none
                gone = f"{PART}gone_{secrets.token_hex(4)}"
                os.rename(item.name, gone, src_dir_fd=folder, dst_dir_fd=folder)
                _remove_entry(folder, gone)
    except FileNotFoundError:
        return False
    return True


def _last_use(folder: int, name: str) -> float:
    """Time of the last use, as `cache.entries.scan_cache` reads it; for unfinished entries the time
    of the folder itself.
    """
    facts = os.stat(name, dir_fd=folder, follow_symlinks=False)
    if stat.S_ISDIR(facts.st_mode) and not name.startswith(PART):
        facts = os.stat(f"{name}/{HEAD}", dir_fd=folder, follow_symlinks=False)
    return facts.st_mtime


def _remove_entry(folder: int, name: str) -> None:
    """Remove the two files of an entry, then its folder, which stays if it holds anything else."""
    number = os.open(name, FOLDER, dir_fd=folder)
    try:
        for file in (HEAD, VALUES):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(file, dir_fd=number)
    finally:
        os.close(number)
    os.rmdir(name, dir_fd=folder)


def _remove_empty(root: int, videos: set[str]) -> None:
    """Remove the empty ones of the folders of these videos."""
    for video in videos:
        # fails where it is not empty, or gone
        with contextlib.suppress(OSError):
            os.rmdir(video, dir_fd=root)
