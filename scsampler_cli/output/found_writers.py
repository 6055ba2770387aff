"""The result of `find` as a table, JSON, JSON lines or CSV.

Not handled here: `find_result` has the contents of its record; `writers` writes the records of
single videos.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO

from scsampler_cli.files.output_paths import is_special
from scsampler_cli.output.csv_rows import path_cell
from scsampler_cli.output.csv_writer import CsvWriter
from scsampler_cli.output.find_result import FindResult
from scsampler_cli.output.found_table import found_table
from scsampler_cli.output.output_file import open_output, output_name, reporting_write_errors
from scsampler_cli.output.records import Record
from scsampler_cli.output.writers import JsonLinesWriter, JsonWriter

CSV_COLUMNS = (
    *("sentence", "rank", "path", "start_s", "end_s", "similarity", "probability"),
    *("clip", "clips", "picture_s"),
)
"""Columns of CSV, in which each row is a found clip."""


def write_found(result: FindResult, form: str, stream: IO[str], *, is_marked: bool = False) -> None:
    r"""Write a result to a stream.

    JSON is one document. JSON lines and CSV have a line for each found clip, and nothing of the
    videos that failed. Bytes of file names that are not UTF-8 are lone surrogates in JSON, which
    the stream has to write as \udcNN.

    Args:
        result: of `find`.
        form: one of `writers.FORMATS`.
        stream: the output.
        is_marked: True for CSV of a file: with a byte order mark, as `CsvWriter` says.
    """
    record = result.record()
    if form == "table":
        stream.write(found_table(record))
    elif form == "json":
        JsonWriter(stream, single=True).write(record)
    elif form == "jsonl":
        lines = JsonLinesWriter(stream)
        for line in _lines(record):
            lines.write(line)
    else:
        rows = CsvWriter(stream, list(CSV_COLUMNS), is_marked)
        for line in _lines(record):
            cells = {name: line[name] for name in CSV_COLUMNS}
            rows.write_row({**cells, "path": path_cell(line["path"])})


def save_found(result: FindResult, form: str, target: Path | None, *, stdout: IO[str]) -> None:
    """Write a result to a file, which appears complete or not at all.

    Args:
        result: of `find`.
        form: one of `writers.FORMATS`.
        target: the file; a device or a pipe is appended to; None is `stdout`.
        stdout: standard output.

    Raises:
        OutputError: it cannot be written.
    """
    # files alone, see CsvWriter
    is_marked = target is not None and not is_special(target)
    with open_output(target, stdout) as stream, reporting_write_errors(output_name(target)):
        write_found(result, form, stream, is_marked=is_marked)


def _lines(record: Record) -> Iterator[Record]:
    """The found clips, each with its sentence."""
    for clip in record["clips"]:
        yield {"sentence": record["sentence"], **clip}
