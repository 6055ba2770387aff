"""Annotations of ActivityNet (Heilbron et al. 2015, "ActivityNet"), and of data sets in its form.

The form is `{"database": {ID: {"subset", "duration", "annotations": [{"label", "segment": [start,
end]}]}}}`, with times in seconds.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple

from scsampler_cli.config import BACKGROUND
from scsampler_cli.datasets.example import Problem
from scsampler_cli.datasets.labelled_parts import Part, PartCounts, longest_label
from scsampler_cli.datasets.list_text import is_text, json_document
from scsampler_cli.datasets.lookup import Folders, Lookup
from scsampler_cli.datasets.rows import VAL_NAMES, Row, Rows
from scsampler_cli.errors import InputError

ANY_SUFFIX = ".*"
"""In place of the suffix of a file that is not there."""
PREFIX = "v_"
"""In front of the ID in the names of files."""
_BEGINNING = re.compile(r'\{\s*("|$)')
# subset -> split; other names are those of the splits themselves
_SPLITS = {"training": "train", "testing": "test"}
# split -> possible names of its folder
_FOLDERS = {"train": ("training", "train"), "val": VAL_NAMES, "test": ("testing", "test")}


class AnnotatedVideo(NamedTuple):
    """A video of the list."""

    name: str
    """Its ID."""
    split: str
    """"train" or "test" for the subsets of ActivityNet; else as written, "" for none."""
    duration: float | None
    """Seconds; None where the list does not have it."""
    parts: tuple[Part, ...]
    """In seconds, in the order of the list."""

    @property
    def is_test(self) -> bool:
        """Whether it is of the test split, whose annotations may not be published."""
        return self.split.lower() == "test"


def is_line_of_form(line: str) -> bool:
    """Whether a file with this first line is an object of JSON."""
    return _BEGINNING.match(line) is not None


def read(path: Path, root: Path, rows: Rows) -> None:
    """Read a list.

    A video with several labels has that of the longest time. The file of a video is ID or v_ID,
    with any video suffix, in the root or in a folder of its subset, of its label, or of both. In
    training a video without annotations is background: it shows none of the classes.

    Args:
        path: JSON file.
        root: folder of the videos.
        rows: gets the videos.

    Raises:
        InputError: it cannot be read, or has no "database".
    """
    files = Lookup(root)
    counts, unlabelled = PartCounts(), 0
    for video in annotated_videos(path, rows.problems):
        row = Row(path.name, 0, video_file(video, files), label="", split=video.split)
        if video.parts:
            counts.add(video.parts, video.duration)
            rows.add(row._replace(label=longest_label(video.parts)))
        elif video.is_test:
            # left out anyway
            rows.add(row)
        elif rows.takes_background:
            unlabelled += 1
            rows.add(row._replace(label=BACKGROUND, is_background=True))
        else:
            what = f"{video.name} has no annotation"
            rows.refuse(path.name, 0, what, code="list-row-invalid")
    rows.notes += counts.notes(rows.takes_background)
    if unlabelled:
        rows.notes.append(f"videos without annotations: {unlabelled}, taken as background")


def annotated_videos(path: Path, problems: list[Problem]) -> Iterator[AnnotatedVideo]:
    """The videos of a list; bad ones, and bad annotations, become problems.

    Raises:
        InputError: it cannot be read, or has no "database".
    """
    document = json_document(path, problems)
    database = document.get("database") if isinstance(document, dict) else None
    if not isinstance(database, dict):
        raise InputError(
            f'{path}: no "database" of videos',
            code="list-format-unknown",
            hint='annotations of ActivityNet begin with {"database": {ID: ...}}',
        )
    for name, facts in database.items():
        if not name or not is_text(name) or not isinstance(facts, dict):
            what = f"not a video with its facts: {name!r}"
            problems.append(Problem(path.name, 0, what, code="list-row-invalid"))
            continue
        parts = []
        listed = facts.get("annotations") or []
        if not isinstance(listed, list):
            what = f"{name}: annotations are no list: {listed!r:.80}"
            problems.append(Problem(path.name, 0, what, code="list-row-invalid"))
            continue
        for annotation in listed:
            part = _part(annotation)
            if part is None:
                what = f"{name}: an annotation without a label or a segment: {annotation!r:.80}"
                problems.append(Problem(path.name, 0, what, code="list-row-invalid"))
            else:
                parts.append(part)
        # a video whose annotations are all bad must not become one without annotations
        if parts or not listed:
            subset = str(facts.get("subset") or "")
            split = _SPLITS.get(subset.lower(), subset)
            yield AnnotatedVideo(name, split, number(facts.get("duration")), parts=tuple(parts))


def _part(annotation: Any) -> Part | None:
    """The part of an annotation; None where it has no label or no valid segment."""
    if not isinstance(annotation, dict):
        return None
    label, segment = annotation.get("label"), annotation.get("segment")
    if not (isinstance(label, str) and label.strip() and is_text(label)):
        return None
    if not (isinstance(segment, list) and len(segment) == 2):
        return None
    start, end = (number(time) for time in segment)
    if start is None or end is None or not 0 <= start < end:
        return None
    return Part(label.strip(), start, end)


def number(value: Any) -> float | None:
    """A finite number of JSON; None for anything else."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    # an integer of JSON may be too large for a floating-point number
    if not is_number or abs(value) > 1e12 or not isfinite(value):
        return None
    return float(value)


def video_file(video: AnnotatedVideo, files: Lookup) -> str:
    """Path of the file of a video; where there is none, a path for the message."""
    # for the message on a missing file
    expected = os.path.join(files.root, f"{video.name}{ANY_SUFFIX}")  # noqa: PTH118 (faster)
    # an ID with a separator names no file
    if os.path.basename(video.name) != video.name:  # noqa: PTH119 (faster)
        return expected
    return files.find(_candidates(video)) or expected


def _candidates(video: AnnotatedVideo) -> Iterator[tuple[Folders, str]]:
    """(folders, name without suffix) where the file of a video may lie."""
    split = video.split.lower()
    subsets = _FOLDERS.get("val" if split in VAL_NAMES else split, ())
    labels = dict.fromkeys(part.label for part in video.parts)
    places: list[Folders] = [()]
    places += [(name,) for name in (*subsets, *labels)]
    places += [(name, label) for name in subsets for label in labels]
    for folders in places:
        yield folders, video.name
        yield folders, f"{PREFIX}{video.name}"
