"""Rows of any list, gathered, checked and made into examples."""

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
"""What lists and folders call the splits; "" is not said."""
VAL_NAMES = tuple(name for name, side in SIDES.items() if side == "val")


class Row(NamedTuple):
    """A video as it is listed; paths stay strings, since a million of them must be quick."""

    source: str
    line: int
    path: str
    label: str
    split: str = ""
    """As written in the list; once added "train", "val", or "" where the list does not say."""
    group: str = ""


class Rows:
    """Collects rows; what is wrong with one becomes a problem."""

    def __init__(self) -> None:
        self.kept: list[Row] = []
        self.problems: list[Problem] = []
        self.notes: list[str] = []
        self.tests = 0
        """Rows of the test split: it must not be looked at in training."""
        self._seen: dict[str, Row] = {}

    def refuse(self, source: str, line: int, what: str, *, code: str) -> None:
        """Enter a problem."""
        self.problems.append(Problem(source, line, what, code=code))

    def add(self, row: Row) -> None:
        """Keep a row, if its split is known and its path was not listed before."""
        side = SIDES.get(row.split.lower())
        if side is None:
            self.refuse(
                row.source,
                row.line,
                f"split {row.split!r} is neither train nor val",
                code="list-row-left-out",
            )
            return
        first = self._seen.setdefault(os.path.abspath(row.path), row)  # noqa: PTH100 (quicker)
        if first is not row:
            self.refuse(row.source, row.line, _before(first, row), code="list-row-left-out")
        elif side == "test":
            self.tests += 1
        else:
            self.kept.append(row if side == row.split else row._replace(split=side))

    def listing(self, sides: list[str]) -> Listing:
        """Examples of all rows whose file is there; a file that several links lead to counts once.

        Args:
            sides: "train" or "val" for each kept row.
        """
        examples = []
        real, files = RealPaths(), dict[str, Row]()
        for row in self.kept:  # a file counts under its own name, whatever comes first
            if not os.path.islink(row.path):  # noqa: PTH114 (as below)
                files.setdefault(real.entry(row.path), row)
        for row, side in zip(self.kept, sides, strict=True):
            if os.path.isfile(row.path):  # noqa: PTH113 (says no where pathlib's raises, and is quicker)
                first = files.setdefault(real.file(row.path), row)
                if first is not row:
                    self.refuse(
                        row.source,
                        row.line,
                        f"{row.path} is the same file as {first.path}",
                        code="list-row-left-out",
                    )
                    continue
                examples.append(
                    Example(
                        Path(row.path),
                        row.label,
                        side,
                        group=row.group,
                        line=row.line,
                        source=row.source,
                    )
                )
            else:
                what = "not a file" if os.path.exists(row.path) else "no such file"  # noqa: PTH110
                self.refuse(
                    row.source,
                    row.line,
                    f"{what}: {os.path.normpath(row.path)}",
                    code="list-file-missing",
                )
        if self.tests:
            self.notes.append(f"test split: {self.tests} left out")
        val, train = (any(row.split == side for row in self.kept) for side in ("val", "train"))
        return Listing(
            examples,
            _in_order(self.problems),
            tuple(self.notes),
            split_given=val,
            train_given=train,
        )


def _before(first: Row, row: Row) -> str:
    where = f"line {first.line}" if first.source == row.source else f"{first.source}:{first.line}"
    return f"listed before in {where}" + (
        "" if first.label == row.label else f" with the label {first.label!r}"
    )


def _in_order(problems: list[Problem]) -> list[Problem]:
    """By list and line: missing files are found out after all lines are read."""
    sources = {
        source: place
        for place, source in enumerate(dict.fromkeys(problem.source for problem in problems))
    }
    return sorted(problems, key=lambda problem: (sources[problem.source], problem.line))
