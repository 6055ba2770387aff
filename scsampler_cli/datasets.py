"""Lists of labelled videos: CSV with a header `path,label[,split]`. Paths are relative to the CSV's folder.

But: no video is opened here.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from scsampler_cli.errors import InputError

SPLITS = ("train", "val")
VAL_EVERY = 5
"""Without a split column every fifth video of a class is for validation (our choice)."""


@dataclass(frozen=True)
class Example:
    """One labelled video."""

    path: Path
    label: str
    split: str
    """"train" or "val"."""


def read_csv(path: Path) -> list[Example]:
    """Read a list of videos.

    Raises:
        InputError: missing file or column, or a bad row, with its line number.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            missing = {"path", "label"} - set(reader.fieldnames or ())
            if missing:
                raise InputError(
                    f"{path}: no column {' and '.join(sorted(missing))}", hint="the first line: path,label,split"
                )
            rows = [(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: cannot be read ({error})", hint="give a CSV file: path,label,split") from error
    seen: dict[str, int] = {}
    return [_example(path, line, row, seen) for line, row in rows]


def _example(source: Path, line: int, row: dict[str, str | None], seen: dict[str, int]) -> Example:
    name, label, split = (row.get(key) or "" for key in ("path", "label", "split"))
    if not name or not label:
        raise InputError(f"{source}:{line}: path or label is empty", hint="remove the row or complete it")
    seen[label] = seen.get(label, 0) + 1
    split = split or ("val" if seen[label] % VAL_EVERY == 0 else "train")
    if split not in SPLITS:
        raise InputError(f"{source}:{line}: split {split!r} is neither train nor val", hint="correct the row")
    return Example(source.parent / name, label, split)


def labels_of(examples: list[Example]) -> list[str]:
    """Class names in alphabetical order.

    Raises:
        InputError: fewer than two classes, or no training video.
    """
    labels = sorted({example.label for example in examples})
    if len(labels) < 2 or not any(example.split == "train" for example in examples):
        raise InputError(
            f"{len(examples)} videos of {len(labels)} classes are not enough to train on",
            hint="at least two classes, with training videos",
        )
    return labels
