"""Lists of Kinetics (Kay et al. 2017, "The Kinetics Human Action Video Dataset"): label,youtube_id,time_start,time_end,split."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from scsampler_cli.datasets.list_text import beside, table
from scsampler_cli.datasets.lookup import Lookup, Place
from scsampler_cli.datasets.rows import SIDES, VAL_NAMES, Row, Rows

ID = "youtube_id"
NEEDED = ("label", ID, "time_start", "time_end")
_FOLDERS = {"train": ("train",), "val": VAL_NAMES}
"""What the folder of a split is called."""


def read(path: Path, root: Path, rows: Rows) -> None:
    """Read a list and, where it holds training videos alone, the list of validation videos beside it.

    Kinetics is published as one file for each split: train.csv goes with val.csv or validate.csv, kinetics_train.csv with
    kinetics_val.csv, and so on. A segment's file is ID_START_END, with six digits each; it may lie under its label, under its
    split, under both, or in the root, where the whole video ID will do too. Any suffix of a video is taken.

    Args:
        path: CSV file with a header.
        root: where the videos lie.
        rows: where they are entered.

    Raises:
        InputError: it cannot be read, or lacks a column.
    """
    files = Lookup(root)
    partner = beside(path, "train", VAL_NAMES)
    _read(path, files, "train" if partner else "", rows=rows)
    if partner and not rows.tests and all(row.split == "train" for row in rows.kept):
        _read(partner, files, "val", rows=rows)


def _read(path: Path, files: Lookup, unsaid: str, *, rows: Rows) -> None:
    source = path.name
    for line, (label, video, start, end, split) in table(
        path, NEEDED, ("split",), problems=rows.problems
    ):
        segment = _segment(video, start, end)
        if not label or not video:
            rows.refuse(source, line, f"label or {ID} is empty", code="list-row-invalid")
        elif segment is None:
            rows.refuse(
                source,
                line,
                f"time_start {start!r} or time_end {end!r} is not a number",
                code="list-row-invalid",
            )
        else:
            found = files.find(_wanted(label, video, segment, split=split or unsaid))
            expected = os.path.join(files.root, label, f"{segment}.*")  # noqa: PTH118 (quicker)
            rows.add(Row(source, line, found or expected, label=label, split=split or unsaid))


def _segment(video: str, start: str, end: str) -> str | None:
    try:
        return f"{video}_{int(float(start)):06d}_{int(float(end)):06d}"
    except (ValueError, OverflowError):
        return None


def _wanted(label: str, video: str, segment: str, *, split: str) -> Iterator[tuple[Place, str]]:
    folders = _FOLDERS.get(SIDES.get(split.lower(), ""), ())
    yield (label,), segment
    for folder in folders:
        yield (folder, label), segment
    for folder in folders:
        yield (folder,), segment
    yield (), segment
    yield (), video
