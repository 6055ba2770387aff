"""Footage that shows none of the classes: folders of videos, lists of them, and single videos.

Every video gets the label `config.BACKGROUND`. Not handled here: rows of a list of labelled videos
that have no label (`header`).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from scsampler_cli.config import BACKGROUND
from scsampler_cli.datasets.list_text import columns, lines, table
from scsampler_cli.datasets.lookup import has_video_suffix
from scsampler_cli.datasets.rows import Row, Rows
from scsampler_cli.errors import InputError, read_code
from scsampler_cli.files.inputs import check_readable
from scsampler_cli.files.urls import is_url
from scsampler_cli.files.walk import walk


def read(paths: Iterable[Path], rows: Rows) -> None:
    """Read the videos of some folders, lists and files.

    Args:
        paths: a folder has its videos at any depth. A list is a CSV file with a header that has
            the column path, and perhaps split and group, or a text file with one path a line;
            paths are relative to its folder, and a label is ignored.
        rows: gets the videos.

    Raises:
        InputError: a path cannot be read, or has no videos.
    """
    for path in paths:
        before = rows.total
        # os.path.isdir is False where pathlib raises: in a folder that may not be entered
        is_folder = os.path.isdir(path)  # noqa: PTH112
        if not is_folder:
            check_readable(path)
        for row in _rows_of(path, is_folder, rows):
            rows.add(row)
        if before == rows.total:
            raise InputError(
                f"{path}: no video in it",
                code="no-video-files",
                hint="background is a folder of videos, a list of them, or a video",
            )


def _rows_of(path: Path, is_folder: bool, rows: Rows) -> Iterator[Row]:
    if is_folder:
        yield from _in_folder(path, rows)
    elif has_video_suffix(path.name):
        yield _row(path.name, 0, str(path))
    else:
        yield from _in_list(path, rows)


def _row(source: str, line: int, video: str, *, split: str = "", group: str = "") -> Row:
    return Row(source, line, video, label=BACKGROUND, split=split, group=group, is_background=True)


def _in_folder(folder: Path, rows: Rows) -> Iterator[Row]:
    source = folder.name or str(folder)
    searched = walk(
        str(folder),
        lambda path: has_video_suffix(os.path.basename(path)),  # noqa: PTH119 (quicker)
        str(folder),
    )
    rows.notes += searched.notes
    for each in searched.found:
        if each.error is None:
            yield _row(source, 0, each.path)
        else:
            what = f"{each.path}: {each.error.strerror or each.error}"
            rows.refuse(source, 0, what, code=read_code(each.error))


def _in_list(path: Path, rows: Rows) -> Iterator[Row]:
    first = next((line for _, line in lines(path, [])), "")
    # a text file has paths alone
    has_header = "path" in columns(first)
    listed: Iterable[tuple[int, list[str]]] = (
        table(path, ("path",), ("split", "group"), problems=rows.problems)
        if has_header
        else ((number, [line, "", ""]) for number, line in lines(path, rows.problems))
    )
    for line, (name, split, group) in listed:
        if is_url(name):
            what = f"a URL, and only local files are read: {name}"
            rows.refuse(path.name, line, what, code="remote-url")
        elif name:
            video = os.path.join(path.parent, name)  # noqa: PTH118 (faster)
            yield _row(path.name, line, video, split=split, group=group)
        else:
            rows.refuse(path.name, line, "path is empty", code="list-row-invalid")
