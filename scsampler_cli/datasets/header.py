"""CSV lists with a header: path, label, and optionally split and group."""

from __future__ import annotations

import os
from pathlib import Path

from scsampler_cli.config import BACKGROUND
from scsampler_cli.datasets.list_text import table
from scsampler_cli.datasets.rows import Row, Rows
from scsampler_cli.files.urls import is_url

NEEDED = ("path", "label")


def read(path: Path, root: Path, rows: Rows) -> None:
    """Read a list. In training a row without a label is background: it shows none of the classes.

    Args:
        path: CSV file with a header; columns other than path, label, split and group are ignored.
        root: folder that relative paths begin in.
        rows: gets the videos.

    Raises:
        InputError: it cannot be read, or lacks the column path or label.
    """
    source, folder = path.name, str(root)
    unlabelled = 0
    for line, (name, label, split, group) in table(
        path, NEEDED, ("split", "group"), problems=rows.problems
    ):
        if is_url(name):
            rows.refuse(
                source, line, f"a URL, and only local files are read: {name}", code="remote-url"
            )
        elif name and (label or rows.takes_background):
            # os.path.join is faster than pathlib, and leaves an absolute path as it is
            video = os.path.join(folder, name)  # noqa: PTH118
            row = Row(source, line, video, label=label or BACKGROUND, split=split, group=group)
            rows.add(row if label else row._replace(is_background=True))
            unlabelled += not label
        else:
            cells = zip(NEEDED, (name, label), strict=True)
            empty = " and ".join(column for column, cell in cells if not cell)
            rows.refuse(
                source,
                line,
                f"{empty} {'is' if name or label else 'are'} empty",
                code="list-row-invalid",
            )
    if unlabelled:
        rows.notes.append(f"rows without a label: {unlabelled}, taken as background")
