"""The rows of a list: they are collected, checked, and turned into examples."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from scsampler_cli.datasets.example import Example, Listing, Problem
from scsampler_cli.files.walk import RealPaths

SIDES = {
    "": "",
    "train": "train",
    "val": "val",
    "valid": "val",
    "validate": "val",
    "validation": "val",
    "test": "test",
}
"""Name of a split in lists and folders -> split; "" for an unnamed one."""
VAL_NAMES = tuple(name for name, side in SIDES.items() if side == "val")


class Row(NamedTuple):
    """A video of a list. The path is a string: a million `Path` objects would take too long."""

    source: str
    line: int
    path: str
    label: str
    split: str = ""
    """As written in the list; in `Rows` "train", "val", or "" if the list does not name it."""
    group: str = ""
    """Name that videos of one recording share; "" for none."""
    is_background: bool = False
    """True for footage that shows none of the classes; its label is `config.BACKGROUND`."""


class Rows:
    """Collects rows; a bad row becomes a problem.

    Args:
        takes_background: True where a row without a label is background, not a mistake.
    """

    def __init__(self, takes_background: bool = False) -> None:
        self.accepted: list[Row] = []
        self.takes_background = takes_background
        """True where a row without a label is background, not a mistake."""
        self.problems: list[Problem] = []
        self.notes: list[str] = []
        self.tests = 0
        """Number of rows of the test split, which training must not use."""
        # absolute path -> first row with it
        self._seen: dict[str, Row] = {}

    @property
    def total(self) -> int:
        """Number of rows so far, with those that were left out."""
        return len(self.accepted) + len(self.problems) + self.tests

    def refuse(self, source: str, line: int, what: str, *, code: str) -> None:
        """Add a problem."""
        self.problems.append(Problem(source, line, what, code=code))

    def add(self, row: Row) -> None:
        """Accept a row if its split is known and its path is new; else add a problem."""
        side = SIDES.get(row.split.lower())
        if side is None:
            self.refuse(
                row.source,
                row.line,
                f"split {row.split!r} is neither train nor val",
                code="list-row-left-out",
            )
            return
        first = self._seen.setdefault(os.path.abspath(row.path), row)  # noqa: PTH100 (faster)
        if first is not row:
            self.refuse(row.source, row.line, _repeated(first, row), code="list-row-left-out")
        elif side == "test":
            self.tests += 1
        else:
            self.accepted.append(row if side == row.split else row._replace(split=side))

    def listing(self, sides: list[str]) -> Listing:
        """The examples of all rows whose files exist. A file with several links to it counts once.

        Args:
            sides: "train" or "val" for each accepted row.
        """
        examples = []
        real = RealPaths()
        # path without links -> row; a file under its own name comes before all links to it
        files: dict[str, Row] = {}
        for row in self.accepted:
            if not os.path.islink(row.path):  # noqa: PTH114 (as below)
                files.setdefault(real.entry(row.path), row)

        for row, side in zip(self.accepted, sides, strict=True):
            # os.path is faster than pathlib, and False where pathlib raises
            if not os.path.isfile(row.path):  # noqa: PTH113
                what = "not a file" if os.path.exists(row.path) else "no such file"  # noqa: PTH110
                message = f"{what}: {os.path.normpath(row.path)}"
                self.refuse(row.source, row.line, message, code="list-file-missing")
                continue
            first = files.setdefault(real.file(row.path), row)
            if first is not row:
                message = f"{row.path} is the same file as {first.path}"
                self.refuse(row.source, row.line, message, code="list-row-left-out")
                continue
            example = Example(
                Path(row.path),
                row.label,
                side,
                group=row.group,
                line=row.line,
                source=row.source,
            )
            examples.append(example)

        if self.tests:
            self.notes.append(f"test split: {self.tests} left out")
        return Listing(
            examples,
            _in_order(self.problems),
            tuple(self.notes),
            split_given=any(row.split == "val" for row in self.accepted),
            train_given=any(row.split == "train" for row in self.accepted),
            background=any(row.is_background for row in self.accepted),
        )


def _repeated(first: Row, row: Row) -> str:
    """The problem of a path that was listed before."""
    other_label = "" if first.label == row.label else f" with the label {first.label!r}"
    # of a folder, not of a line of a list
    if not row.line:
        return f"{row.path} was listed before{other_label}"
    where = f"line {first.line}" if first.source == row.source else f"{first.source}:{first.line}"
    return f"listed before in {where if first.line else first.source}{other_label}"


def _in_order(problems: list[Problem]) -> list[Problem]:
    """Sorted by list and line."""
    # missing files are found after all lines were read, so that problems come out of order
    sources = list(dict.fromkeys(problem.source for problem in problems))
    rank = {source: number for number, source in enumerate(sources)}
    return sorted(problems, key=lambda problem: (rank[problem.source], problem.line))
