"""Make a cache smaller: to a size or an age, the least recently used first.

An entry goes under another name before its files are removed, so that no reader finds half of one.
What a run has used or made since it began stays. A reader that has mapped the values keeps them.
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
    Contents,
    Kept,
    open_folder,
)
from scsampler_cli.errors import SettingsError

_LEFT_BEHIND_S = 24 * 3600.0
"""What nobody has written to for a day was left by a run that was killed."""
_BYTES = {"b": 1, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12}
_BYTES |= {"kib": 2.0**10, "mib": 2.0**20, "gib": 2.0**30, "tib": 2.0**40}
_SECONDS = {"h": 3600.0, "d": 24 * 3600.0, "w": 7 * 24 * 3600.0}


@dataclass(frozen=True)
class Limit:
    """What is to remain of a cache: one of both is given."""

    bytes: float | None = None
    """At most so much in all."""
    age_s: float | None = None
    """Only what was used within so many seconds."""


@dataclass(frozen=True)
class Pruned:
    """The result."""

    removed: tuple[Kept, ...]
    """With a dry run: would be removed."""
    in_use: tuple[Kept, ...]
    """Beyond the limit, but used by a run."""
    failed: tuple[tuple[Kept, str], ...]
    """Could not be removed, and why."""


def limit_of(text: str) -> Limit:
    """A size or an age.

    Raises:
        SettingsError: it is neither.

    Example: "10GB" -> 1e10 bytes; "30d" -> 2592000 seconds; "0" -> nothing remains.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([a-z]*)", text.strip().lower(), re.ASCII)
    if found:
        number, unit = float(found[1]), found[2]
        if unit in _BYTES or (not unit and number == 0):
            return Limit(bytes=number * _BYTES.get(unit, 1))
        if unit in _SECONDS:
            return Limit(age_s=number * _SECONDS[unit])
    raise SettingsError(
        f"{text!r} is neither a size nor an age",
        code="prune-limit-invalid",
        hint="a size: 500MB, 10GB, 2TB, 10GiB, 0; an age since the last use: 12h, 30d, 8w",
    )


def beyond(contents: Contents, limit: Limit, now: float) -> list[Kept]:
    """What is beyond the limit, the least recently used first.

    Args:
        contents: of the cache.
        limit: what is to remain.
        now: in seconds since 1970.
    """
    order = sorted(contents.kept, key=lambda kept: (kept.used, kept.video, kept.name))
    order = [kept for kept in order if kept.kind != UNFINISHED or now - kept.used > _LEFT_BEHIND_S]
    if limit.age_s is not None:
        return [kept for kept in order if now - kept.used > limit.age_s]
    left, found = contents.bytes, []
    for kept in order:
        if limit.bytes is not None and left > limit.bytes:
            found.append(kept)
            left -= kept.bytes
    return found


def prune(cache: Path, contents: Contents, limit: Limit, *, dry_run: bool) -> Pruned:
    """Remove what is beyond the limit.

    Args:
        cache: the folder.
        contents: from `cache.entries.survey`.
        limit: what is to remain.
        dry_run: remove nothing; tell what would be removed.

    Raises:
        InputError: the folder cannot be read.
    """
    removed, in_use, failed = [], [], []
    busy = contents.busy_since
    with open_folder(cache) as root:
        for kept in beyond(contents, limit, time.time()):
            if busy is not None and kept.used >= busy:
                in_use.append(kept)
                continue
            try:
                if dry_run or _remove(root, kept):
                    removed.append(kept)
            except OSError as error:
                failed.append((kept, error.strerror or str(error)))
        if busy is None and not dry_run:
            _remove_empty(root, {kept.video for kept in removed})
    return Pruned(tuple(removed), tuple(in_use), tuple(failed))


@contextlib.contextmanager
def _of_video(root: int, video: str) -> Iterator[int]:
    number = os.open(video, FOLDER, dir_fd=root)
    try:
        yield number
    finally:
        os.close(number)


def _remove(root: int, kept: Kept) -> bool:
    """Remove one thing; False if it has gone, was used, or became a link since it was listed."""
    try:
        with _of_video(root, kept.video) as folder:
            kind = os.stat(kept.name, dir_fd=folder, follow_symlinks=False).st_mode
            if stat.S_ISLNK(kind) or _last_use(folder, kept.name) > kept.used:
                return False
            if stat.S_ISREG(kind):
                os.unlink(kept.name, dir_fd=folder)
            elif kept.name.startswith(PART):
                _remove_entry(folder, kept.name)
            else:
                gone = f"{PART}gone_{secrets.token_hex(4)}"
                os.rename(kept.name, gone, src_dir_fd=folder, dst_dir_fd=folder)
                _remove_entry(folder, gone)
    except FileNotFoundError:
        return False
    return True


def _last_use(folder: int, name: str) -> float:
    """As `cache.entries.survey` sees it; of unfinished entries when the folder itself was written."""
    facts = os.stat(name, dir_fd=folder, follow_symlinks=False)
    if stat.S_ISDIR(facts.st_mode) and not name.startswith(PART):
        facts = os.stat(f"{name}/{HEAD}", dir_fd=folder, follow_symlinks=False)
    return facts.st_mtime


def _remove_entry(folder: int, name: str) -> None:
    """The two files of an entry, then its folder, which stays if there is anything else in it."""
    number = os.open(name, FOLDER, dir_fd=folder)
    try:
        for file in (HEAD, VALUES):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(file, dir_fd=number)
    finally:
        os.close(number)
    os.rmdir(name, dir_fd=folder)


def _remove_empty(root: int, videos: set[str]) -> None:
    """Folders of videos of which nothing is left."""
    for video in videos:
        with contextlib.suppress(OSError):  # not empty, or gone
            os.rmdir(video, dir_fd=root)
