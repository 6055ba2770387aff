"""Lists of UCF101 (Soomro et al. 2012, "UCF101: A Dataset of 101 Human Actions Classes").

A line is `Class/v_Class_g08_c01.avi 1`: a video in the folder of its class, and the class number.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from scsampler_cli.datasets.example import Problem
from scsampler_cli.datasets.list_text import lines, partner_file
from scsampler_cli.datasets.rows import VAL_NAMES, Row, Rows
from scsampler_cli.errors import InputError

# file with the class numbers, from 1, and names
INDEX = "classInd.txt"
_CLASS = re.compile(r"(?P<number>[0-9]{1,9})\s+(?P<name>\S.*)")
_NUMBER = re.compile(r"[0-9]{1,9}")
# the group of a recording: _g08_
_GROUP = re.compile(r"_g([0-9]+)_")
_FILE = re.compile(r"[^/]+/.*\.\w+")


def is_line_of_form(line: str) -> bool:
    """Whether a line has this form: a file in a folder, with or without a number."""
    return _FILE.fullmatch(_parts(line)[0]) is not None


def read(path: Path, root: Path, rows: Rows) -> None:
    """Read a list such as trainlist01.txt, and testlist01.txt in the same folder, which is used for
    validation.

    The label is the folder in the list. The group is the number _gNN_ in a name: clips of one group
    are parts of one recording, and `assign_splits` keeps them together.

    Args:
        path: text file with one video per line, with or without a class number. Numbers are checked
            against classInd.txt in the same folder, if that exists.
        root: folder of the class folders.
        rows: gets the videos.

    Raises:
        InputError: it cannot be read, or its numbers are not those of its folders.
    """
    index = path.with_name(INDEX)
    partner = validation_list(path)
    folders, named_so = _numbers(path, partner)
    # os.path.isfile is False where pathlib raises
    if os.path.isfile(index):  # noqa: PTH113
        classes = classes_of(index, rows.problems)
        # mmaction2 writes lists of UCF101 with numbers from 0
        if any(0 in numbers for numbers in folders.values()):
            classes = {name: number - 1 for name, number in classes.items()}
            rows.notes.append(f"the numbers count from 0, those of {INDEX} from 1")
    else:
        classes = {}
        _check(path, folders)
        if folders and not named_so:
            rows.notes.append("the folders are the classes, each with a number of its own")
    _read(path, root, classes, split="train" if partner else "", rows=rows)
    if partner:
        _read(partner, root, classes, split="val", rows=rows)
        rows.notes.append(f"{partner.name} is used for validation")


def validation_list(path: Path) -> Path | None:
    """The list for validation of a list for training: train.txt -> val.txt, or test.txt."""
    return partner_file(path, "train", (*VAL_NAMES, "test"))


def number_conflict(folders: Mapping[str, set[int]]) -> str:
    """Why the numbers of a list are not those of its folders; "" if each folder has a number of its
    own.
    """
    # number -> folder
    known: dict[int, str] = {}
    for folder, numbers in folders.items():
        if len(numbers) > 1:
            return (
                f"the folder {folder} has the numbers {' and '.join(map(str, sorted(numbers)[:3]))}"
            )
        for number in numbers:
            if known.setdefault(number, folder) != folder:
                return f"the folders {known[number]} and {folder} have the number {number}"
    return ""


def _numbers(path: Path, partner: Path | None) -> tuple[dict[str, set[int]], bool]:
    """Folder -> the numbers of its videos; and True if all names are those of UCF101."""
    folders: dict[str, set[int]] = {}
    named_so = True
    for each in (path, partner) if partner else (path,):
        for _, text in lines(each, []):
            name, number = _parts(text)
            folder, _, file = name.partition("/")
            if folder and file and number is not None:
                folders.setdefault(folder, set()).add(number)
                named_so = named_so and file.startswith(f"v_{folder}_g")
    return folders, named_so


def _check(path: Path, folders: Mapping[str, set[int]]) -> None:
    """Refuse a list whose numbers mean something else.

    Raises:
        InputError: one folder has several numbers, or one number several folders.
    """
    if wrong := number_conflict(folders):
        raise InputError(
            f"{path}: {wrong}: not a list of UCF101",
            code="class-numbers-invalid",
            hint="the form 'numbers' takes the numbers for the classes",
        )


def classes_of(path: Path, problems: list[Problem]) -> dict[str, int]:
    """Class -> number, from classInd.txt.

    Raises:
        InputError: it cannot be read.
    """
    classes = {}
    for line, text in lines(path, problems):
        if found := _CLASS.fullmatch(text):
            classes[found["name"]] = int(found["number"])
        else:
            problems.append(
                Problem(
                    path.name, line, f"not of the form '1 Class': {text!r}", code="list-row-invalid"
                )
            )
    return classes


def _read(path: Path, root: Path, classes: dict[str, int], *, split: str, rows: Rows) -> None:
    """Add the videos of one list."""
    source = path.name
    for line, text in lines(path, rows.problems):
        name, number = _parts(text)
        label, _, file = name.partition("/")
        if not label or not file:
            rows.refuse(
                source,
                line,
                f"not of the form 'Class/file.avi 1': {text!r}",
                code="list-row-invalid",
            )
        elif wrong := _disagreement(classes, label, number):
            rows.refuse(source, line, wrong, code="class-list-mismatch")
        else:
            found = _GROUP.search(file)
            # groups are numbered within their class
            group = f"{label}/g{found[1]}" if found else ""
            video = os.path.join(root, name)  # noqa: PTH118 (faster)
            rows.add(Row(source, line, video, label=label, split=split, group=group))


def _parts(line: str) -> tuple[str, int | None]:
    """Name and class number; a name may hold spaces."""
    name, *last = line.rsplit(None, 1)
    return (name, int(last[0])) if last and _NUMBER.fullmatch(last[0]) else (line, None)


def _disagreement(classes: dict[str, int], label: str, number: int | None) -> str:
    """How a line contradicts classInd.txt; "" if it does not, or there is no such file."""
    if not classes:
        return ""
    if label not in classes:
        return f"class {label!r} is not in {INDEX}"
    if number not in (None, classes[label]):
        return f"class {label!r} has number {classes[label]} in {INDEX}, not {number}"
    return ""
