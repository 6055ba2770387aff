"""`Table`: rows of numbers, and how their columns are shown."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True)
class Column:
    """How a column is shown; its numbers are in the rows."""

    heading: str
    keys: tuple[str, ...]
    """Keys of the row's values that the cell shows."""
    form: str = "{}"
    """Format of the values, in the order of the keys."""
    brief: bool = True
    """Also shown on a terminal, where there is less room."""

    def shown(self, row: Row) -> str:
        """Text of a cell; "-" where the first value is missing."""
        values = [row.get(key) for key in self.keys]
        if values[0] is None:
            return "-"
        return self.form.format(*("" if value is None else value for value in values))


@dataclass(frozen=True)
class Table:
    """Rows of plain values (percent and seconds as numbers), with the columns to show."""

    key: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = field(default=())
    paper_notes: tuple[str, ...] = field(default=())
    """Notes that give numbers of the paper."""

    def with_paper(self, is_shown: bool) -> Table:
        """The table with the numbers of the paper among the others, or without them."""
        if is_shown:
            return replace(self, notes=(*self.notes, *self.paper_notes), paper_notes=())
        columns = tuple(column for column in self.columns if column is not PAPER)
        rows = [{key: row[key] for key in row if key not in PAPER.keys} for row in self.rows]
        return replace(self, columns=columns, rows=tuple(rows), paper_notes=())

    def record(self) -> dict[str, Any]:
        """The fields as a JSON object."""
        return {"title": self.title, "rows": list(self.rows), "notes": list(self.notes)}


# columns that several tables share; "[low-high]" is the 95 % bootstrap interval
TOP1 = Column("top-1, %", ("top1", "top1_low", "top1_high"), "{:.1f} [{:.0f}-{:.0f}]")
TOP5 = Column("top-5, %", ("top5", "top5_low", "top5_high"), "{:.1f} [{:.0f}-{:.0f}]")
PAPER = Column("paper, %", ("paper_top1",), "{:.1f}")
CLIPS = Column("clips", ("clips",), "{:.1f}")
TOTAL = Column("s/video", ("total_s",), "{:.2f}")
SAMPLER_GMACS = Column("sampler GMACs", ("sampler_gmacs",), "{:.2f}")
STAGE_COLUMNS = tuple(
    Column(f"{name}, s", (f"{name}_s",), "{:.2f}", brief=False)
    for name in ("read", "score", "decode", "classify")
)
