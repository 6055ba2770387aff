"""Inputs of a command: files, folders, and a list on standard input.

Not handled here: the content of the files.
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
        "asf avi divx dv f4v flv gif h263 h264 264 h265 265 hevc ivf m1v m2t m2ts m2v m4v mjpeg "
        "mjpg mkv mov mp4 mpe mpeg mpg mts mxf nut ogm ogv qt rm rmvb ts vob webm wmv y4m"
    ).split()
)
"""Suffixes of the files that are taken from a folder without a pattern."""


def find_inputs(
    paths: Sequence[str],
    glob: str | None = None,
    listed: Iterable[str] = (),
    *,
    on_note: Callable[[str], object] = lambda _: None,
) -> list[Path]:
    """Expand arguments to files.

    Args:
        paths: files, folders (searched with all folders below), or "-" for `listed`.
        glob: pattern of file names in folders, such as "*.mp4"; None takes VIDEO_SUFFIXES.
        listed: paths that "-" stands for; read only if "-" is among the paths.
        on_note: called with each note: files that were left out, files named twice, links to files
            that have a record of their own.

    Returns:
        each file once, in the given order, sorted within a folder. A path that does not exist, and
        a folder that cannot be read or has no matching file, stay in the list: they become failed
        records, and neither end a batch nor go unnoticed.

    Raises:
        InputError: the only named folder has no matching file, a list names the root folder, or
            there is no input at all.
    """
    found = _Found()
    empty: list[Path] = []
    for argument in paths:
        names = listed if argument == "-" else [argument]
        for name in filter(None, names):
            path = local_path(name)
            # os.path.isdir is False where pathlib raises: in a folder that may not be entered
            is_folder = os.path.isdir(path)  # noqa: PTH112
            # one line of a list hardly means the whole disk
            if is_folder and argument == "-" and os.path.realpath(path) == os.path.sep:
                raise InputError(
                    f"the list names the folder {name}, which is the whole disk",
                    code="root-folder-listed",
                    hint="list the files, or folders of them",
                )
            files = _files_in(path, glob, on_note) if is_folder else [path]
            if not files:
                empty.append(path)
            for file in files or [path]:
                found.add(file)

    # with other inputs, an empty folder is one failed record among others
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


def _files_in(folder: Path, glob: str | None, on_note: Callable[[str], object]) -> list[Path]:
    """Matching files of a folder and of all folders below it."""

    def wanted(path: str) -> bool:
        if glob:
            return Path(path).match(glob)
        # faster than pathlib, which counts for a million files
        return os.path.splitext(path)[1].lower() in VIDEO_SUFFIXES  # noqa: PTH122

    searched = walk(str(folder), wanted)
    for note in searched.notes:
        on_note(note)
    return [Path(each.path) for each in searched.found]


class _Found:
    """Files, each once. Two paths that differ only by links to folders are one file.

    A link to a file has a name of its own in its folder, and counts as a file of its own.
    """

    def __init__(self) -> None:
        self.paths: dict[str, Path] = {}
        """Path without links to folders -> the path that came first."""
        self._real = RealPaths()
        # "second path is first path"
        self._repeated: list[str] = []
        # (link to a file, the file)
        self._links: list[tuple[Path, str]] = []

    def add(self, path: Path) -> None:
        """Add a file that was named, or found in a folder."""
        first = self.paths.setdefault(self._real.entry(str(path)), path)
        if first is not path:
            # the same text twice needs no note
            if first != path:
                self._repeated.append(f"{path} is {first}")
        # os.path.islink is False where pathlib raises
        elif os.path.islink(path):  # noqa: PTH114
            self._links.append((path, os.path.realpath(path)))

    def notes(self) -> list[str]:
        """Notes on files named twice, and on links to files that are inputs themselves."""
        notes = []
        if self._repeated:
            notes.append(f"named twice, done once: {shortened(self._repeated)}")
        known = set(self.paths)
        linked = []
        for link, target in self._links:
            if target in known:
                linked.append(f"{link} is {target}")
            # a second link to the same file is worth the same note
            known.add(target)
        if linked:
            notes.append(
                "links to files that are inputs under another name, too; each is done: "
                f"{shortened(linked)}"
            )
        return notes


def check_readable(path: Path) -> None:
    """Refuse a file that cannot be read.

    Raises:
        InputError: it is missing, a folder, empty, or a URL, or may not be read.
    """
    check_read(path)
    try:
        size = path.stat().st_size
        if path.is_dir():
            # raises where the folder may not be read, which explains more than "no videos"
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
            # Path.readlink would change the text of the link
            target = os.readlink(path)  # noqa: PTH115
            raise InputError(
                f"{path} is a link to {target}, which does not exist",
                code="broken-link",
                hint="is the disk that it leads to mounted?",
            ) from error
        raise InputError(
            f"{path}: {error.strerror or error}",
            code=read_code(error),
            hint="check the path and its permissions",
        ) from error


def file_stamp(path: Path) -> dict[str, int] | None:
    """Size and time of a file, by which a later run sees a change; None where it cannot be read.

    Returns:
        {"size": bytes, "mtime_ns": time of the last change in nanoseconds since 1970}.
    """
    try:
        facts = path.stat()
    except OSError:
        return None
    return {"size": facts.st_size, "mtime_ns": facts.st_mtime_ns}
