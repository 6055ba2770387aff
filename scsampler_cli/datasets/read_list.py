"""Reading a list of labelled videos in any of the known forms."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from scsampler_cli.config import BACKGROUND
from scsampler_cli.datasets import (
    activitynet,
    background_footage,
    class_folders,
    header,
    kinetics,
    label_studio,
    numbered,
    sports1m,
    ucf101,
)
from scsampler_cli.datasets.example import Listing
from scsampler_cli.datasets.list_text import columns, lines
from scsampler_cli.datasets.rows import Rows
from scsampler_cli.datasets.splits import assign_splits, split_group_note, without_unlearnable
from scsampler_cli.errors import InputError, SettingsError
from scsampler_cli.files.inputs import check_readable
from scsampler_cli.files.urls import check_read

# form -> reader of lists
_LISTS: dict[str, Callable[[Path, Path, Rows], None]] = {
    "csv": header.read,
    "kinetics": kinetics.read,
    "ucf101": ucf101.read,
    "numbers": numbered.read,
    "sports1m": sports1m.read,
    "activitynet": activitynet.read,
    "labelstudio": label_studio.read,
}
FORMS = (
    *("auto", "csv", "folder", "kinetics", "ucf101", "numbers", "sports1m"),
    *("activitynet", "labelstudio"),
)
# suffixes of lists without a header, in addition to .csv
_SUFFIXES = (".txt", ".lst", ".list")


def read(
    path: str | Path,
    form: str = "auto",
    root: str | Path | None = None,
    *,
    seed: int = 0,
    learnt: bool = True,
    background: Sequence[str | Path] = (),
) -> Listing:
    """Read a list of videos. Bad rows, missing files and the like become problems, not errors.

    Args:
        path: a list, or a folder of videos.
        form: one of FORMS; "auto" recognises it by the folder, the header or the first line.
        root: folder of the videos of a list; None for that of the list. A folder of videos is its
            own root.
        seed: which fifth of a class is for validation, if the list does not name the splits.
        learnt: True for training: labels of validation videos alone are left out, and videos
            without a label are background.
        background: folders, lists and videos that show none of the classes.

    Raises:
        InputError: the list does not exist, cannot be read, is empty, lacks a column, or is of no
            known form; the background has no video, or there is also a class of its name.
        SettingsError: the list format is unknown.
    """
    if form not in FORMS:
        raise SettingsError(
            f"unknown list format {form!r}",
            code="unknown-choice",
            hint=f"one of {', '.join(FORMS)}",
        )
    path, root = Path(path), None if root is None else Path(root)
    # os.path.isdir is False where pathlib raises: in a folder that may not be entered
    is_folder = os.path.isdir(path)  # noqa: PTH112
    line = "" if is_folder else _first_line(path)
    if form == "auto":
        form = "folder" if is_folder else _form_of(path, line)
    if is_folder != (form == "folder"):
        is_what = "a folder" if is_folder else "a file"
        raise InputError(
            f"{path} is {is_what}, which does not fit the list format {form}",
            code="list-format-unknown",
            hint="use list format 'auto', which recognises it, or name another",
        )
    rows = Rows(takes_background=learnt)
    if is_folder:
        class_folders.read(path, rows)
    else:
        _LISTS[form](path, _checked_root(path, root), rows)
    background_footage.read([Path(each) for each in background], rows)
    _check_background_label(rows)
    # before the splits of this package: the note is on those of the list
    rows.notes += split_group_note(rows.accepted)
    listing = rows.listing(assign_splits(rows.accepted, seed))
    if not learnt:
        return listing
    listing = without_unlearnable(listing)
    _check_learnable_background(listing, is_named=bool(background))
    return listing


def _check_background_label(rows: Rows) -> None:
    """Refuse background next to a class of its name; note such a class alone.

    Raises:
        InputError: see above.
    """
    of_label = [row for row in rows.accepted if row.label == BACKGROUND]
    named_so = next((row for row in of_label if not row.is_background), None)
    if named_so is not None and any(row.is_background for row in of_label):
        raise InputError(
            f"{named_so.path} is of a class named {BACKGROUND!r}, and other videos are given as "
            "background",
            code="background-label",
            hint="rename the class, or give its videos as background, too",
        )
    if named_so is not None:
        rows.notes.append(
            f"{BACKGROUND!r} is a class like the others here; its videos count as background only "
            "if they are given as such"
        )


def _check_learnable_background(listing: Listing, is_named: bool) -> None:
    """Refuse background of which no video is left to learn from.

    Raises:
        InputError: see above.
    """
    is_given = is_named or listing.background
    learnt = any(e.split == "train" and e.label == BACKGROUND for e in listing.examples)
    if is_given and not learnt:
        raise InputError(
            f"no background video can be used for training: {listing.problems[-1]}",
            code="no-usable-videos",
            hint="background needs a training video that exists, and is in no class",
        )


def _checked_root(path: Path, root: Path | None) -> Path:
    """The folder of the videos of a list.

    Raises:
        InputError: it does not exist, or is a URL.
    """
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
    """The first line that is not blank.

    Raises:
        InputError: there is none, or the file cannot be read.
    """
    check_readable(path)
    for _, line in lines(path, []):
        return line
    raise InputError(
        f"{path}: no line of text",
        code="list-empty",
        hint="lists are UTF-8 text, one video a line",
    )


def _form_of(path: Path, line: str) -> str:
    """The form of a list with this first line.

    Raises:
        InputError: it is of no known form.
    """
    # the forms with a header first: its columns are unmistakable
    first = columns(line)
    if kinetics.ID in first:
        return "kinetics"
    if set(header.NEEDED) <= set(first):
        return "csv"
    if activitynet.is_line_of_form(line):
        return "activitynet"
    if label_studio.is_line_of_form(line):
        return "labelstudio"
    suffix = path.suffix.lower()
    if suffix in _SUFFIXES and sports1m.is_line_of_form(line):
        return "sports1m"
    if suffix in (*_SUFFIXES, ".csv") and numbered.is_line_of_form(line):
        return numbered.choose_form(path)
    # with wrong columns: the reader of "csv" names them
    if suffix == ".csv":
        return "csv"
    if suffix in _SUFFIXES and ucf101.is_line_of_form(line):
        return numbered.choose_form(path)
    raise InputError(
        f"{path}: unknown list format",
        code="list-format-unknown",
        hint=f"name its format: {', '.join(form for form in FORMS if form != 'auto')}",
    )
