"""Lists of a path and the number of its class: `clips/a.mp4 0`.

mmaction2 and SlowFast read such lists, with a space or a comma between; TSN and TSM have the number of frames in the middle,
`clips/a.mp4 163 0`. Lists of UCF101 look the same, but there each folder is a class: `choose` tells the two apart.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from scsampler_cli.datasets import ucf101
from scsampler_cli.datasets.list_text import lines
from scsampler_cli.datasets.rows import Row, Rows
from scsampler_cli.errors import InputError
from scsampler_cli.files.inputs import VIDEO_SUFFIXES

NAMES = ("labels.txt", "label_map.txt")
"""Files beside the list with the names of the classes, one a line, the first for class 0."""
_LINE = re.compile(r"(?P<name>\S.*?)(?P<numbers>(?:(?:\s*[,;]\s*|\s+)-?[0-9]{1,9})+)")
_NUMBER = re.compile(r"-?[0-9]+")
_GROUP = re.compile(r"_g[0-9]+(?=_)")


def parts(line: str) -> tuple[str, list[int]]:
    """The path, without quotes, and the numbers after it; none where the line is no such one."""
    found = _LINE.fullmatch(line)
    if found is None:
        return line, []
    name = found["name"]
    if len(name) > 1 and name[0] == name[-1] and name[0] in "\"'":
        name = name[1:-1].replace(2 * name[0], name[0])
    return name, [int(number) for number in _NUMBER.findall(found["numbers"])]


def looks_like(line: str) -> bool:
    """Whether a list with such a line is one of these: a video's name and numbers."""
    name, numbers = parts(line)
    return bool(numbers) and os.path.splitext(name)[1].lower() in VIDEO_SUFFIXES  # noqa: PTH122 (quicker)


def choose(path: Path) -> str:
    """Whether a list of paths and numbers is read as UCF101's ("ucf101") or by its numbers ("numbers").

    As UCF101's where it claims to be one, by classInd.txt beside it or by names such as v_Class_g08_c01.avi, and where each
    folder has one number and each number one folder: the classes are then the same, and folders name them. The list for
    validation counts, too.

    Raises:
        InputError: it cannot be read.
    """
    claims = flat = False
    folders: dict[str, set[int]] = {}
    counts = set()
    for name, numbers in _entries(path):
        folder, slash, file = name.partition("/")
        counts.add(len(numbers))
        if folder and slash:
            folders.setdefault(folder, set()).update(numbers[-1:])
            claims = claims or file.startswith(f"v_{folder}_g")
        else:
            flat = flat or bool(numbers)
    index = path.with_name(ucf101.INDEX)
    if os.path.isfile(index):  # noqa: PTH113 (says no where pathlib's raises)
        claims = claims or not folders.keys().isdisjoint(ucf101.classes_of(index, []))
    if claims:
        return "ucf101"
    return "numbers" if flat or max(counts, default=0) > 1 or ucf101.unlike(folders) else "ucf101"


def read(path: Path, root: Path, rows: Rows) -> None:
    """Read a list and, where it is for training, the list for validation beside it: train.txt goes with val.txt or test.txt.

    The last number is the class. Names of the classes are taken from labels.txt, label_map.txt or classInd.txt beside the
    list; without them the number is the name.

    Args:
        path: one video a line.
        root: where the videos lie.
        rows: where they are entered.

    Raises:
        InputError: it cannot be read, or has several classes for a video.
    """
    folders: dict[str, set[int]] = {}
    counts, classes = set(), set()
    for name, numbers in _entries(path):
        if numbers:
            counts.add(len(numbers))
            classes.add(numbers[-1])
            folders.setdefault(os.path.dirname(name), set()).add(numbers[-1])  # noqa: PTH120 (quicker)
    if len(counts) > 1 or max(counts, default=1) > 2:
        raise InputError(
            f"{path}: {' or '.join(map(str, sorted(counts)))} numbers after a path",
            code="class-numbers-invalid",
            hint="one class a video: PATH NUMBER, or PATH FRAMES NUMBER in all lines",
        )
    names = _names(path, classes, rows)
    partner = ucf101.validation_list(path)
    _read(path, root, "train" if partner else "", names=names, rows=rows)
    if partner:
        _read(partner, root, "val", names=names, rows=rows)
        rows.notes.append(f"{partner.name} is used for validation")
    rows.notes.append(_note(counts, classes, folders))


def _note(counts: set[int], classes: set[int], folders: dict[str, set[int]]) -> str:
    """How the list was read."""
    what = (
        "the second number of a line is its class, the first its frames"
        if counts == {2}
        else "the numbers are the classes"
    )
    several = sorted(folder for folder, numbers in folders.items() if len(numbers) > 1)
    why = f"; the folder {several[0] or '.'} has videos of several" if several else ""
    return f"{what} ({len(classes)} of them){why}"


def _entries(path: Path) -> Iterator[tuple[str, list[int]]]:
    """Name and numbers of each line, also of the list for validation."""
    partner = ucf101.validation_list(path)
    for each in (path, partner) if partner else (path,):
        for _, text in lines(each, []):
            yield parts(text)


def _names(path: Path, classes: set[int], rows: Rows) -> dict[int, str]:
    """Class number -> name; empty where there are no names."""
    for candidate in map(path.with_name, NAMES):
        if os.path.isfile(candidate):  # noqa: PTH113 (says no where pathlib's raises)
            listed = [name for _, name in lines(candidate, rows.problems)]
            # a list that counts from 1 needs the last name as well
            first = int(0 not in classes and max(classes, default=0) == len(listed))
            rows.notes.append(
                f"names of the classes: {candidate.name}, the first for class {first}"
            )
            return dict(enumerate(listed, first))
    index = path.with_name(ucf101.INDEX)
    if not os.path.isfile(index):  # noqa: PTH113 (as above)
        return {}
    shift = int(0 in classes)
    rows.notes.append(f"names of the classes: {index.name}")
    return {
        number - shift: name for name, number in ucf101.classes_of(index, rows.problems).items()
    }


def _read(path: Path, root: Path, split: str, *, names: dict[int, str], rows: Rows) -> None:
    source = path.name
    for line, text in lines(path, rows.problems):
        name, numbers = parts(text)
        if not numbers:
            rows.refuse(
                source, line, f"not of the form 'video.mp4 1': {text!r}", code="list-row-invalid"
            )
        elif numbers[-1] < 0:
            rows.refuse(
                source,
                line,
                f"class {numbers[-1]}: numbers of classes begin at 0",
                code="class-numbers-invalid",
            )
        elif names and numbers[-1] not in names:
            rows.refuse(
                source,
                line,
                f"class {numbers[-1]} is not in the list of names",
                code="class-numbers-invalid",
            )
        else:
            label = names.get(numbers[-1], str(numbers[-1]))
            recording = _GROUP.search(name)
            group = f"{label}/{name[: recording.end()]}" if recording else ""
            rows.add(
                Row(source, line, os.path.join(root, name), label=label, split=split, group=group)  # noqa: PTH118
            )
