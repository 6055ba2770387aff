"""CSV lists: path,label and, where they say it, split and group."""

from __future__ import annotations

import os
from pathlib import Path

from scsampler_cli.datasets.list_text import table
from scsampler_cli.datasets.rows import Row, Rows
from scsampler_cli.files.urls import is_url

NEEDED = ("path", "label")


def read(path: Path, root: Path, rows: Rows) -> None:
    """Read a list; paths are relative to the root, absolute ones stay.

    Args:
        path: CSV file with a header; columns other than path, label, split and group are passed over.
        root: where the videos lie.
        rows: where they are entered.

    Raises:
        InputError: it cannot be read, or lacks the column path or label.
    """
    source, folder = path.name, str(root)
    for line, (name, label, split, group) in table(
        path, NEEDED, ("split", "group"), problems=rows.problems
    ):
        if is_url(name):
            rows.refuse(
                source, line, f"a URL, and only local files are read: {name}", code="remote-url"
            )
        elif name and label:
            rows.add(
                Row(source, line, os.path.join(folder, name), label=label, split=split, group=group)  # noqa: PTH118
            )
        else:
            empty = " and ".join(
                what for what, cell in zip(NEEDED, (name, label), strict=True) if not cell
            )
            rows.refuse(
                source,
                line,
                f"{empty} {'is' if name or label else 'are'} empty",
                code="list-row-invalid",
            )
