"""The option --rows: what a row of CSV is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import typer

from scsampler_cli.cli.output_options import OUTPUT, RecordOptions
from scsampler_cli.errors import SettingsError
from scsampler_cli.output.csv_rows import ROWS

Rows = StrEnum("Rows", ROWS)  # type: ignore[misc]


RowsOption = Annotated[
    Rows | None,
    typer.Option(
        help="What a row of CSV is: a video, a selected clip, or a segment. Default: a segment "
        "where segments were looked for, otherwise a video.",
        rich_help_panel=OUTPUT,
    ),
]


@dataclass(frozen=True, kw_only=True)
class TagRecordOptions(RecordOptions):
    """The records of tagged videos."""

    rows: RowsOption = None


def rows_of(rows: Rows | None, *, has_segments: bool) -> str:
    """What a row of CSV is, one of `csv_rows.ROWS`.

    Args:
        rows: as the user has it; None for the default.
        has_segments: True if all records have segments.

    Raises:
        SettingsError: rows of segments without segments.
    """
    if rows is None:
        return "segments" if has_segments else "video"
    if rows == "segments" and not has_segments:
        raise SettingsError(
            "records without segments have no rows of segments",
            code="rows-without-segments",
            hint="look for segments, or have rows of videos or clips",
        )
    return str(rows)
