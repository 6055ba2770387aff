"""Lists of UCF101 (Soomro et al. 2012, "UCF101: A Dataset of 101 Human Actions Classes"): `Class/v_Class_g08_c01.avi 1`."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from scsampler_cli.datasets.example import Problem
from scsampler_cli.datasets.list_text import beside, lines
from scsampler_cli.datasets.rows import VAL_NAMES, Row, Rows
from scsampler_cli.errors import InputError

INDEX = "classInd.txt"
_CLASS = re.compile(r"(?P<number>[0-9]{1,9})\s+(?P<name>\S.*)")
_NUMBER = re.compile(r"[0-9]{1,9}")
_GROUP = re.compile(r"_g([0-9]+)_")
_FILE = re.compile(r"[^/]+/.*\.\w+")


def looks_like(line: str) -> bool:
    """Whether a list with such a line is one of these."""
    return _FILE.fullmatch(_parts(line)[0]) is not None


def read(path: Path, root: Path, rows: Rows) -> None:
    """Read a list such as trainlist01.txt, and testlist01.txt beside it, which is used for validation.

    The label is the folder in the list. Groups are the numbers _gNN_ in the names: clips of one group are parts of one recording,
    and a split of our own keeps them together.

    Args:
        path: one file a line, with or without a class number; checked against classInd.txt beside it, if that is there.
        root: where the folders of the classes lie.
        rows: where they are entered.

    Raises:
        InputError: it cannot be read, or its numbers are not those of its folders.
    """
    index = path.with_name(INDEX)
    partner = validation_list(path)
    folders, named_so = _numbers(path, partner)
    # os.path's isfile says no where pathlib's raises
    if os.path.isfile(index):  # noqa: PTH113
        classes = classes_of(index, rows.problems)
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
    """The list for validation beside a list for training: train.txt -> val.txt, or test.txt."""
    return beside(path, "train", (*VAL_NAMES, "test"))


def unlike(folders: Mapping[str, set[int]]) -> str:
    """Why the numbers of a list cannot be those of its folders, in words; "" where each folder has one of its own."""
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
    """Folder -> the numbers of its videos; and whether all are named as those of UCF101."""
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
    if wrong := unlike(folders):
        raise InputError(
            f"{path}: {wrong}: not a list of UCF101",
            code="class-numbers-invalid",
            hint="the form 'numbers' takes the numbers for the classes",
        )


def classes_of(path: Path, problems: list[Problem]) -> dict[str, int]:
    """Class -> number in classInd.txt.

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
            group = _GROUP.search(file)
            together = f"{label}/g{group[1]}" if group else ""
            video = os.path.join(root, name)  # noqa: PTH118
            rows.add(Row(source, line, video, label=label, split=split, group=together))


def _parts(line: str) -> tuple[str, int | None]:
    """Name and class number; a name may hold spaces."""
    name, *last = line.rsplit(None, 1)
    return (name, int(last[0])) if last and _NUMBER.fullmatch(last[0]) else (line, None)


def _disagreement(classes: dict[str, int], label: str, number: int | None) -> str:
    if not classes:
        return ""
    if label not in classes:
        return f"class {label!r} is not in {INDEX}"
    if number not in (None, classes[label]):
        return f"class {label!r} has number {classes[label]} in {INDEX}, not {number}"
    return ""
