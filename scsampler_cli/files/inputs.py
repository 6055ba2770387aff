"""Which files a command works on: files, folders, a list on standard input.

But: nothing is opened here beyond what tells a file from a folder.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from scsampler_cli.errors import InputError, read_code
from scsampler_cli.files.urls import check_read, local_path
from scsampler_cli.files.walk import RealPaths, shortened, walk

VIDEO_SUFFIXES = frozenset(
    f".{suffix}"
    for suffix in (
        "3g2 3gp "
        "asf avi divx dv f4v flv gif h263 h264 264 h265 265 hevc ivf m1v m2t m2ts m2v m4v mjpeg mjpg mkv mov mp4 mpe mpeg "
        "mpg mts mxf nut ogm ogv qt rm rmvb ts vob webm wmv y4m"
    ).split()
)
"""What is taken from a folder when no --glob is given."""


def find_inputs(
    paths: Sequence[str],
    glob: str | None = None,
    listed: Iterable[str] = (),
    *,
    on_note: Callable[[str], object] = lambda _: None,
) -> list[Path]:
    """Expand arguments to files.

    Args:
        paths: files, folders (searched through and through), or "-" for `listed`.
        glob: pattern of file names taken from folders, such as "*.mp4"; None takes VIDEO_SUFFIXES.
        listed: one path each, read where "-" stands.
        on_note: told what was left out, and of links to files that have a record of their own.

    Returns:
        each file once, in the order given, sorted within a folder. A path that does not exist, and a folder that may not be
        read or holds nothing to take, stay in the list, so that they become failed records instead of ending a batch or going
        unnoticed.

    Raises:
        InputError: the only folder named holds nothing to take, a list names the root folder, or there is no input at all.
    """
    found = _Found()
    empty: list[Path] = []
    for argument in paths:
        names = listed if argument == "-" else [argument]
        for name in filter(None, names):
            path = local_path(name)
            # os.path's is_dir says no where pathlib's raises: in a folder that may not be entered
            is_folder = os.path.isdir(path)  # noqa: PTH112
            if is_folder and argument == "-" and os.path.realpath(path) == os.path.sep:
                raise InputError(
                    f"the list names the folder {name}, which is the whole disk",
                    code="root-folder-listed",
                    hint="list the files, or folders of them",
                )
            files = _in_folder(path, glob, on_note) if is_folder else [path]
            empty += [] if files else [path]
            for file in files or [path]:
                found.add(file)
    if empty and len(found.paths) == 1:
        what = f"no file that matches {glob!r}" if glob else "no video"
        raise InputError(
            f"{empty[0]}: {what} in this folder",
            code="no-video-files",
            hint="name the files, or choose them by a pattern such as '*.EXT'",
        )
    if not found.paths:
        raise InputError(
            "no input",
            code="no-input",
            hint="give files or folders, or a list on standard input with -",
        )
    for note in found.notes():
        on_note(note)
    return list(found.paths.values())


def _in_folder(folder: Path, glob: str | None, on_note: Callable[[str], object]) -> list[Path]:
    def wanted(path: str) -> bool:
        if glob:
            return Path(path).match(glob)
        return os.path.splitext(path)[1].lower() in VIDEO_SUFFIXES  # noqa: PTH122 (quicker)

    searched = walk(str(folder), wanted)
    for note in searched.notes:
        on_note(note)
    return [Path(each.path) for each in searched.found]


class _Found:
    """Files, each once: what counts is the folder that a name stands in, not the way that leads there.

    A link to a file stands in its folder under a name of its own, and is a file of its own.
    """

    def __init__(self) -> None:
        self.paths: dict[str, Path] = {}
        """Folder without links in it, and name -> the path as it was given first."""
        self._real = RealPaths()
        self._again: list[str] = []
        self._links: list[tuple[Path, str]] = []
        """(link to a file, the file)."""

    def add(self, path: Path) -> None:
        """A file that was named, or found in a folder."""
        first = self.paths.setdefault(self._real.entry(str(path)), path)
        if first is not path:
            self._again += [] if first == path else [f"{path} is {first}"]
        elif os.path.islink(path):  # noqa: PTH114 (says no where pathlib's raises)
            self._links.append((path, os.path.realpath(path)))

    def notes(self) -> list[str]:
        """What is worth saying of files that are named twice, in two ways."""
        notes = []
        if self._again:
            notes.append(f"named twice, done once: {shortened(self._again)}")
        known = set(self.paths)
        same = []
        for link, target in self._links:
            if target in known:
                same.append(f"{link} is {target}")
            known.add(target)
        if same:
            notes.append(
                f"links to files that are here under another name, too; each is done: {shortened(same)}"
            )
        return notes


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
                f"{path}: a folder without videos",
                code="no-video-files",
                hint="name the files, or choose them by a pattern such as '*.EXT'",
            )
        if path.is_file() and size == 0:
            raise InputError(
                f"{path} is empty (0 bytes)", code="empty-file", hint="copy or download it again"
            )
        if not path.is_file():
            raise InputError(
                f"{path} is not a regular file",
                code="not-a-file",
                hint="scsampler reads local video files",
            )
        path.open("rb").close()
    except OSError as error:
        if isinstance(error, FileNotFoundError) and os.path.islink(path):  # noqa: PTH114 (as above)
            raise InputError(
                f"{path} is a link to {os.readlink(path)}, which does not exist",
                code="broken-link",  # noqa: PTH115 (the text as it is)
                hint="is the disk that it leads to mounted?",
            ) from error
        raise InputError(
            f"{path}: {error.strerror or error}",
            code=read_code(error),
            hint="check the path and its permissions",
        ) from error


def file_stamp(path: Path) -> dict[str, int] | None:
    """What a file is known by, beside its name; None where it cannot be asked.

    Returns:
        {"size": bytes, "mtime_ns": time of its last change in nanoseconds}.
    """
    try:
        facts = path.stat()
    except OSError:
        return None
    return {"size": facts.st_size, "mtime_ns": facts.st_mtime_ns}
