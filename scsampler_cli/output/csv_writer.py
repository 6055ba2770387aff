"""Records as CSV, in cells that spreadsheets take as they are.

Not handled here: `csv_rows` has the rows and their columns.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from typing import IO

from scsampler_cli.output.csv_rows import FORMULA, csv_rows
from scsampler_cli.output.records import Record
from scsampler_cli.text import printable

CELL = 32_767
"""Most characters in one cell of a spreadsheet, counted in UTF-16 units."""


class CsvWriter:
    """CSV: one row per video, clip or segment (`csv_rows`). Cells contain no line breaks.

    Args:
        stream: the output.
        columns: of every row.
        marked: True for a byte order mark at the beginning, and line ends as in RFC 4180. Files
            have both: without the mark, Excel reads UTF-8 in the code page of the machine. In a
            pipe the mark would become part of the first column's name.
        rows: what a row of `classify` is, one of `csv_rows.ROWS`.
    """

    def __init__(
        self, stream: IO[str], columns: list[str], marked: bool, *, rows: str = "video"
    ) -> None:
        self._stream, self._kind = stream, rows
        # the byte order mark
        if marked:
            stream.write("\ufeff")
        # keys that a row lacks become empty cells
        self._rows = csv.DictWriter(stream, columns, lineterminator="\r\n" if marked else "\n")
        self._rows.writeheader()

    def write(self, record: Record) -> None:
        """Add one record."""
        for row in csv_rows(record, self._kind):
            self.write_row(row)
        self._stream.flush()

    def write_row(self, row: Mapping[str, object]) -> None:
        """Add one row, whose values become cells."""
        self._rows.writerow({key: cell(value) for key, value in row.items()})

    def close(self) -> None:
        """Nothing to complete."""


def cell(value: object) -> object:
    r"""A value for a spreadsheet: numbers as they are, text without control characters or formulas.

    Line breaks, tabs and bytes that are not UTF-8 become \n, \t, \udcNN. Text that a spreadsheet
    would take for a formula gets ' in front. Text that is too long for a cell is cut, and ends with
    a remark.
    """
    if not isinstance(value, str):
        return value
    text = printable(value)
    # an apostrophe marks text in Excel and LibreOffice
    if text.startswith(FORMULA):
        text = f"'{text}"
    return text if _units(text) <= CELL else _cut(text)


def _units(text: str) -> int:
    """Length in UTF-16 units, as spreadsheets count: a character beyond U+FFFF has two."""
    return len(text.encode("utf-16-le")) // 2


def _cut(text: str) -> str:
    remark = f" ... (cut: {_units(text)} characters; JSON has them all)"
    # "ignore" drops half a character at the cut
    kept = text.encode("utf-16-le")[: 2 * (CELL - len(remark))]
    return kept.decode("utf-16-le", "ignore") + remark
