"""Which files a command works on: files, folders, a list on standard input.

But: nothing is opened here beyond what tells a file from a folder.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from scsampler_cli.errors import InputError
from scsampler_cli.urls import check_read, local_path

VIDEO_SUFFIXES = frozenset(
    f".{suffix}"
    for suffix in (
        "3g2 3gp "
        "asf avi divx dv f4v flv gif h263 h264 264 h265 265 hevc ivf m1v m2t m2ts m2v m4v mjpeg mjpg mkv mov mp4 mpe mpeg "
        "mpg mts mxf nut ogm ogv qt rm rmvb ts vob webm wmv y4m"
    ).split()
)
"""What is taken from a folder when no --glob is given."""


def find_inputs(paths: Sequence[str], glob: str | None = None, listed: Iterable[str] = ()) -> list[Path]:
    """Expand arguments to files.

    Args:
        paths: files, folders (searched through and through), or "-" for `listed`.
        glob: pattern of file names taken from folders, such as "*.mp4"; None takes VIDEO_SUFFIXES.
        listed: lines with one path each, read where "-" stands.

    Returns:
        each file once, in the order given, sorted within a folder. A path that does not exist, and a folder that may not be
        read or holds nothing to take, stay in the list, so that they become failed records instead of ending a batch or going
        unnoticed.

    Raises:
        InputError: the only folder named holds nothing to take, or there is no input at all.
    """
    found: dict[Path, None] = {}
    empty: list[Path] = []
    for argument in paths:
        names = [line.rstrip("\r\n") for line in listed] if argument == "-" else [argument]
        for name in filter(None, names):
            path = local_path(name)
            # os.path's is_dir says no where pathlib's raises: in a folder that may not be entered
            files = _in_folder(path, glob) if os.path.isdir(path) else [path]  # noqa: PTH112
            empty += [] if files else [path]
            found.update(dict.fromkeys(files or [path]))
    if empty and len(found) == 1:
        what = f"no file that matches {glob!r}" if glob else "no video"
        raise InputError(
            f"{empty[0]}: {what} in this folder", hint="choose by name with --glob '*.EXT', or name the files"
        )
    if not found:
        raise InputError("no input", hint="give files or folders, or a list on standard input with -")
    return list(found)


def _in_folder(folder: Path, glob: str | None) -> list[Path]:
    files: list[Path] = []
    for root, folders, names in os.walk(folder, onerror=lambda error: files.append(Path(error.filename))):
        folders.sort()
        for name in sorted(names):
            path = Path(root, name)
            wanted = path.match(glob) if glob else path.suffix.lower() in VIDEO_SUFFIXES
            if wanted and not name.startswith("."):
                files.append(path)
    return files


def check_readable(path: Path) -> None:
    """Say plainly why a file cannot be read at all.

    Raises:
        InputError: missing, a folder, empty, not permitted, or a URL.
    """
    check_read(path)
    try:
        size = path.stat().st_size
        if path.is_dir():
            next(path.iterdir(), None)
            raise InputError(
                f"{path}: a folder without videos", hint="choose by name with --glob '*.EXT', or name the files"
            )
        if path.is_file() and size == 0:
            raise InputError(f"{path} is empty (0 bytes)", hint="copy or download it again")
        if not path.is_file():
            raise InputError(f"{path} is not a regular file", hint="scsampler reads local video files")
        path.open("rb").close()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}", hint="check the path and its permissions") from error


def identified(path: Path) -> dict[str, int] | None:
    """What a file is known by, beside its name; None where it cannot be asked.

    Returns:
        {"size": bytes, "mtime_ns": time of its last change in nanoseconds}.
    """
    try:
        facts = path.stat()
    except OSError:
        return None
    return {"size": facts.st_size, "mtime_ns": facts.st_mtime_ns}
