"""Lists of Kinetics (Kay et al. 2017, "The Kinetics Human Action Video Dataset").

The columns are label,youtube_id,time_start,time_end,split.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from scsampler_cli.datasets.list_text import partner_file, table
from scsampler_cli.datasets.lookup import Folders, Lookup
from scsampler_cli.datasets.rows import SIDES, VAL_NAMES, Row, Rows

ID = "youtube_id"
NEEDED = ("label", ID, "time_start", "time_end")
# split -> possible names of its folder
_FOLDERS = {"train": ("train",), "val": VAL_NAMES}


def read(path: Path, root: Path, rows: Rows) -> None:
    """Read a list; if it has training videos only, also the list of validation videos.

    Kinetics is published as one file for each split: train.csv with val.csv or validate.csv,
    kinetics_train.csv with kinetics_val.csv, and so on. The file of a segment is ID_START_END, with
    six digits each and any video suffix. It may lie in a folder of its label, of its split, of
    both, or in the root; in the root a file of the whole video, ID, is used as well.

    Args:
        path: CSV file with a header.
        root: folder of the videos.
        rows: gets the videos.

    Raises:
        InputError: it cannot be read, or lacks a column.
    """
    files = Lookup(root)
    # rows without a split are for training if there is another file for validation
    partner = partner_file(path, "train", VAL_NAMES)
    _read(path, files, "train" if partner else "", rows=rows)
    if partner and not rows.tests and all(row.split == "train" for row in rows.accepted):
        _read(partner, files, "val", rows=rows)


def _read(path: Path, files: Lookup, default_split: str, *, rows: Rows) -> None:
    """Read one list; rows without a split get the default."""
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
            split = split or default_split
            found = files.find(_candidates(label, video, segment, split=split))
            # for the message on a missing file
            expected = os.path.join(files.root, label, f"{segment}.*")  # noqa: PTH118 (faster)
            rows.add(Row(source, line, found or expected, label=label, split=split))


def _segment(video: str, start: str, end: str) -> str | None:
    """Name of the file of a segment, without suffix; None where a time is not a number."""
    try:
        # some lists give seconds as "12.0"
        return f"{video}_{int(float(start)):06d}_{int(float(end)):06d}"
    except (ValueError, OverflowError):
        return None


def _candidates(
    label: str, video: str, segment: str, *, split: str
) -> Iterator[tuple[Folders, str]]:
    """(folders, name without suffix) where a segment may lie, the most specific first."""
    folders = _FOLDERS.get(SIDES.get(split.lower(), ""), ())
    yield (label,), segment
    for folder in folders:
        yield (folder, label), segment
    for folder in folders:
        yield (folder,), segment
    yield (), segment
    yield (), video
