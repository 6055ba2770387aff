"""Lists of a path and a class number: `clips/a.mp4 0`.

mmaction2 and SlowFast read such lists, with a space or a comma as the separator. Those of TSN and
TSM have the number of frames in the middle: `clips/a.mp4 163 0`. Lists of UCF101 look the same, but
there each folder is a class: `choose_form` distinguishes them.
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
"""Files in the folder of the list with the class names, one per line, the first for class 0."""
# a name, then one number or more, each after white space, a comma or a semicolon
_LINE = re.compile(r"(?P<name>\S.*?)(?P<numbers>(?:(?:\s*[,;]\s*|\s+)-?[0-9]{1,9})+)")
_NUMBER = re.compile(r"-?[0-9]+")
# the group of a recording, as in UCF101: v_Class_g08_c01.avi
_GROUP = re.compile(r"_g[0-9]+(?=_)")


def parts(line: str) -> tuple[str, list[int]]:
    """The path, without quotes, and the numbers after it; [] for a line of another form."""
    found = _LINE.fullmatch(line)
    if found is None:
        return line, []
    name = found["name"]
    # a quote within a quoted name is doubled
    if len(name) > 1 and name[0] == name[-1] and name[0] in "\"'":
        name = name[1:-1].replace(2 * name[0], name[0])
    return name, [int(number) for number in _NUMBER.findall(found["numbers"])]


def is_line_of_form(line: str) -> bool:
    """Whether a line has this form: the name of a video, and numbers."""
    name, numbers = parts(line)
    is_video = os.path.splitext(name)[1].lower() in VIDEO_SUFFIXES  # noqa: PTH122 (faster)
    return bool(numbers) and is_video


def choose_form(path: Path) -> str:
    """The form of a list of paths and numbers: "ucf101" or "numbers".

    It is "ucf101" if a classInd.txt in the same folder or names such as v_Class_g08_c01.avi show
    it, or if each folder has one number and each number one folder: then both forms give the same
    classes, and folders have names. The list for validation counts, too.

    Raises:
        InputError: it cannot be read.
    """
    # names or classInd.txt of UCF101; and a video in no folder
    claims = flat = False
    # folder -> class numbers of its videos
    folders: dict[str, set[int]] = {}
    # how many numbers a line has
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
    # os.path.isfile is False where pathlib raises
    if os.path.isfile(index):  # noqa: PTH113
        claims = claims or not folders.keys().isdisjoint(ucf101.classes_of(index, []))
    if claims:
        return "ucf101"
    if flat or max(counts, default=0) > 1 or ucf101.number_conflict(folders):
        return "numbers"
    return "ucf101"


def read(path: Path, root: Path, rows: Rows) -> None:
    """Read a list; if it is for training, also the list for validation.

    train.txt goes with val.txt or test.txt. The last number of a line is the class. Class names are
    in labels.txt, label_map.txt or classInd.txt in the same folder; without them the number is the
    name.

    Args:
        path: text file with one video per line.
        root: folder of the videos.
        rows: gets the videos.

    Raises:
        InputError: it cannot be read, or has several classes for a video.
    """
    # both lists are read once before the rows are made: names depend on all numbers
    folders: dict[str, set[int]] = {}
    counts, classes = set(), set()
    for name, numbers in _entries(path):
        if numbers:
            counts.add(len(numbers))
            classes.add(numbers[-1])
            folder = os.path.dirname(name)  # noqa: PTH120 (faster)
            folders.setdefault(folder, set()).add(numbers[-1])
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
    """A note on how the list was read."""
    what = "the numbers are the classes"
    if counts == {2}:
        what = "the second number of a line is its class, the first its frames"
    # shows why the list is not one of UCF101
    several = sorted(folder for folder, numbers in folders.items() if len(numbers) > 1)
    why = f"; the folder {several[0] or '.'} has videos of several" if several else ""
    return f"{what} ({len(classes)} of them){why}"


def _entries(path: Path) -> Iterator[tuple[str, list[int]]]:
    """Name and numbers of each line of the list and of the list for validation."""
    partner = ucf101.validation_list(path)
    for each in (path, partner) if partner else (path,):
        for _, text in lines(each, []):
            yield parts(text)


def _names(path: Path, classes: set[int], rows: Rows) -> dict[int, str]:
    """Class number -> name; {} without a file of names."""
    for candidate in map(path.with_name, NAMES):
        if os.path.isfile(candidate):  # noqa: PTH113 (as above)
            listed = [name for _, name in lines(candidate, rows.problems)]
            # numbers from 1 to n, and n names: the list counts from 1
            first = int(0 not in classes and max(classes, default=0) == len(listed))
            rows.notes.append(
                f"names of the classes: {candidate.name}, the first for class {first}"
            )
            return dict(enumerate(listed, first))
    index = path.with_name(ucf101.INDEX)
    if not os.path.isfile(index):  # noqa: PTH113 (as above)
        return {}
    # classInd.txt counts from 1; a list with a class 0 counts from 0
    shift = int(0 in classes)
    rows.notes.append(f"names of the classes: {index.name}")
    return {
        number - shift: name for name, number in ucf101.classes_of(index, rows.problems).items()
    }


def _read(path: Path, root: Path, split: str, *, names: dict[int, str], rows: Rows) -> None:
    """Add the videos of one list."""
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
            # the name up to the group number: clips of one recording share it
            recording = _GROUP.search(name)
            group = f"{label}/{name[: recording.end()]}" if recording else ""
            video = os.path.join(root, name)  # noqa: PTH118 (faster)
            rows.add(Row(source, line, video, label=label, split=split, group=group))
