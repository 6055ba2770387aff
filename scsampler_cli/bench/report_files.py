"""The files of a report: a page, JSON, and tables and figures with their numbers.

report.html
report.json
tables/<run>_<table>.csv
figures/<run>_<figure>.svg .png .csv
known/                              the runs, see `run_folder`
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from scsampler_cli.bench import figures
from scsampler_cli.bench.figure_data import csv_rows
from scsampler_cli.bench.report_page import render
from scsampler_cli.bench.summary import Summary
from scsampler_cli.bench.table import Table
from scsampler_cli.errors import OutputError

RUNS_FOLDER = "known"
"""Name of the folder with the runs, inside the report's folder."""


def write(summary: Summary, folder: Path, created: str, *, command: str) -> None:
    """Write the report into a folder.

    Args:
        summary: tables and figures.
        folder: created if missing; files of the same names are replaced.
        created: date of the report.
        command: the command line.

    Raises:
        OutputError: it cannot be written.
    """
    try:
        for name, data in _files(summary, created, command):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            # a stopped write leaves the old file in place
            part = path.with_name(path.name + ".part")
            part.write_bytes(data)
            part.replace(path)
    except OSError as error:
        raise OutputError(
            f"cannot write {folder}: {error.strerror or error}",
            code="write-failed",
            hint="name another folder for the report",
        ) from error


def _files(summary: Summary, created: str, command: str) -> Iterator[tuple[str, bytes]]:
    for table in summary.across:
        yield f"tables/{table.key}.csv", csv_of(table)
    for number, section in enumerate(summary.sections, start=1):
        for table in section.tables:
            yield f"tables/run{number}_{table.key}.csv", csv_of(table)
        yield f"tables/run{number}_videos.csv", csv_of(section.answers)
        if section.found_segments is not None:
            yield f"tables/run{number}_found_segments.csv", csv_of(section.found_segments)
        for chart in section.charts:
            stem = f"figures/run{number}_{chart.key}"
            yield f"{stem}.csv", _csv(csv_rows(chart))
            yield f"{stem}.svg", figures.svg(chart).encode()
            yield f"{stem}.png", figures.png(chart)
        if section.run.thumbnails:
            yield (
                f"figures/run{number}_sheet.png",
                figures.sheet_png(section.run.thumbnails, section.run.videos),
            )
    # last: a report that was stopped has no report.json
    record = {"created": created, "command": command, **summary.record()}
    yield "report.json", (json.dumps(record, indent=1) + "\n").encode()
    yield "report.html", render(summary, created, command).encode()


def csv_of(table: Table) -> bytes:
    """CSV of a table: all values of its rows, also those without a column."""
    return _csv(table.rows)


def _csv(rows: Sequence[Mapping[str, Any]]) -> bytes:
    # rows may lack keys of other rows; the order is that of first appearance
    names = list(dict.fromkeys(name for row in rows for name in row))
    # csv writes its own line ends
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue().encode()


def text_of(table: Table) -> str:
    """A table as aligned plain text, with the columns that fit on a terminal."""
    columns = [column for column in table.columns if column.brief]
    cells = [[column.heading for column in columns]]
    cells += [[column.shown(row) for column in columns] for row in table.rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(columns))]
    lines = []
    for row in cells:
        # names to the left, numbers to the right
        first = row[0].ljust(widths[0])
        numbers = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        lines.append("  ".join([first, *numbers]))
    return "\n".join([table.title, *lines, *table.notes])
