"""Read a list of labelled videos in any of its forms."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from scsampler_cli.datasets import class_folders, header, kinetics, numbered, sports1m, ucf101
from scsampler_cli.datasets.example import Listing
from scsampler_cli.datasets.list_text import columns, lines
from scsampler_cli.datasets.rows import Rows
from scsampler_cli.datasets.splits import checked, sides, straddling
from scsampler_cli.errors import InputError, SettingsError
from scsampler_cli.files.inputs import check_readable
from scsampler_cli.files.urls import check_read

_LISTS: dict[str, Callable[[Path, Path, Rows], None]] = {
    "csv": header.read,
    "kinetics": kinetics.read,
    "ucf101": ucf101.read,
    "numbers": numbered.read,
    "sports1m": sports1m.read,
}
FORMS = ("auto", "csv", "folder", "kinetics", "ucf101", "numbers", "sports1m")
_SUFFIXES = (".txt", ".lst", ".list")
"""Of lists without a header, beside .csv."""


def read(
    path: Path, form: str = "auto", root: Path | None = None, *, seed: int = 0, learnt: bool = True
) -> Listing:
    """Read a list of videos; a bad row, a missing file and the like become problems and do not end the reading.

    Args:
        path: a list, or a folder of videos.
        form: one of FORMS; "auto" tells it by the folder, the header or the first line.
        root: where the videos of a list lie; by default in the list's folder. A folder of videos is its own root.
        seed: which fifth of a class is for validation, where the list does not say it.
        learnt: the videos are to be learnt from: labels that only validation videos have are left out.

    Raises:
        InputError: no list there, unreadable, empty, without a needed column, or of no known form.
        SettingsError: an unknown form.
    """
    if form not in FORMS:
        raise SettingsError(
            f"unknown form {form!r}", code="unknown-choice", hint=f"one of {', '.join(FORMS)}"
        )
    # os.path's isdir says no where pathlib's raises: in a folder that may not be entered
    is_folder = os.path.isdir(path)  # noqa: PTH112
    line = "" if is_folder else _first_line(path)
    if form == "auto":
        form = "folder" if is_folder else _form_of(path, line)
    if is_folder != (form == "folder"):
        is_what = "a folder" if is_folder else "a file"
        raise InputError(
            f"{path} is {is_what}, not a list of the form {form}",
            code="list-format-unknown",
            hint="leave out the form, or correct it",
        )
    rows = Rows()
    if is_folder:
        class_folders.read(path, rows)
    else:
        _LISTS[form](path, _checked_root(path, root), rows)
    rows.notes += straddling(rows.kept)
    listing = rows.listing(sides(rows.kept, seed))
    return checked(listing) if learnt else listing


def _checked_root(path: Path, root: Path | None) -> Path:
    if root is not None:
        check_read(root)
    if root is not None and not os.path.isdir(root):  # noqa: PTH112 (as above)
        raise InputError(
            f"{root}: no such folder",
            code="list-root-missing",
            hint="name the folder in which the videos of the list lie",
        )
    return root or path.parent


def _first_line(path: Path) -> str:
    check_readable(path)
    for _, line in lines(path, []):
        return line
    raise InputError(
        f"{path}: no line of text",
        code="list-empty",
        hint="lists are UTF-8 text, one video a line",
    )


def _form_of(path: Path, line: str) -> str:
    first = columns(line)
    if kinetics.ID in first:
        return "kinetics"
    if set(header.NEEDED) <= set(first):
        return "csv"
    suffix = path.suffix.lower()
    if suffix in _SUFFIXES and sports1m.looks_like(line):
        return "sports1m"
    if suffix in (*_SUFFIXES, ".csv") and numbered.looks_like(line):
        return numbered.choose(path)
    if suffix == ".csv":  # with the wrong columns, which its reader tells
        return "csv"
    if suffix in _SUFFIXES and ucf101.looks_like(line):
        return numbered.choose(path)
    raise InputError(
        f"{path}: unknown form of list",
        code="list-format-unknown",
        hint=f"name its form: {', '.join(form for form in FORMS if form != 'auto')}",
    )
