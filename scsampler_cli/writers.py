"""Records -> table, JSON, JSON lines or CSV, one record at a time.

A JSON-lines record is on disk as soon as it is written; the other formats go to a temporary file that takes the wanted name when
it is complete. But: what is in a record is `report`'s business.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Protocol

from scsampler_cli import tables
from scsampler_cli.errors import OutputError

FORMATS = ("table", "json", "jsonl", "csv")
_SUFFIXES = {".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".txt": "table"}

Record = dict[str, Any]


def format_for(path: Path) -> str | None:
    """The format that a file's suffix asks for, or None."""
    return _SUFFIXES.get(path.suffix.lower())


class Writer(Protocol):
    """Takes records one by one."""

    def write(self, record: Record) -> None:
        """Add one record."""
        ...

    def close(self) -> None:
        """Complete the output; nothing is written after it."""
        ...


class TableWriter:
    """Plain text for people, at most 80 columns where names allow."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream, self._count = stream, 0

    def write(self, record: Record) -> None:
        """Add one record."""
        if self._count:
            self._stream.write("\n")
        self._stream.write(tables.render(record))
        self._stream.flush()
        self._count += 1

    def close(self) -> None:
        """Nothing to complete."""


class JsonWriter:
    """One object when there is a single input, else one array; valid with no record at all."""

    def __init__(self, stream: IO[str], single: bool) -> None:
        self._stream, self._single, self._count = stream, single, 0

    def write(self, record: Record) -> None:
        """Add one record."""
        text = json.dumps(record, indent=2, ensure_ascii=False)
        if not self._single:
            self._stream.write("[\n" if self._count == 0 else ",\n")
        self._stream.write(text + ("\n" if self._single else ""))
        self._count += 1

    def close(self) -> None:
        """Close the array."""
        if not self._single:
            self._stream.write("[]\n" if self._count == 0 else "\n]\n")


class JsonLinesWriter:
    """One line a record, flushed at once."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def write(self, record: Record) -> None:
        """Add one record."""
        self._stream.write(json.dumps(record, ensure_ascii=False) + "\n")
        self._stream.flush()

    def close(self) -> None:
        """Nothing to complete."""


class CsvWriter:
    """For spreadsheets: one row a video, or one row a clip for `score`."""

    def __init__(self, stream: IO[str], command: str) -> None:
        self._columns = tables.CSV_COLUMNS[command]
        self._stream = stream
        self._rows = csv.DictWriter(stream, self._columns, lineterminator="\n")
        self._rows.writeheader()

    def write(self, record: Record) -> None:
        """Add one record."""
        for row in tables.csv_rows(record):
            self._rows.writerow({key: _safe(value) for key, value in row.items()})
        self._stream.flush()

    def close(self) -> None:
        """Nothing to complete."""


def _safe(value: object) -> object:
    """A spreadsheet must not take a file's name for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@")) else value


def make_writer(form: str, stream: IO[str], command: str, single: bool) -> Writer:
    """The writer of a format.

    Args:
        form: one of FORMATS.
        stream: where it goes.
        command: "classify", "score" or "extract".
        single: True when exactly one record will come.
    """
    if form == "json":
        return JsonWriter(stream, single)
    if form == "jsonl":
        return JsonLinesWriter(stream)
    return CsvWriter(stream, command) if form == "csv" else TableWriter(stream)


@contextlib.contextmanager
def open_writer(form: str, target: Path | None, stdout: IO[str], command: str, single: bool) -> Iterator[Writer]:
    """A writer on a file, or on `stdout` where `target` is None.

    Raises:
        OutputError: the file cannot be written.
    """
    if target is None:
        writer = make_writer(form, stdout, command, single)
        yield writer
        writer.close()
        return
    part = target if form == "jsonl" else target.with_name(target.name + ".part")
    try:
        file: io.TextIOWrapper = part.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise _unwritable(target, error) from error
    try:
        with file:
            writer = make_writer(form, file, command, single)
            yield _Guarded(writer, target)
            writer.close()
        part.replace(target)
    except OSError as error:
        raise _unwritable(target, error) from error


class _Guarded:
    """Turns a full disk into our own error."""

    def __init__(self, writer: Writer, target: Path) -> None:
        self._writer, self._target = writer, target

    def write(self, record: Record) -> None:
        """Add one record."""
        try:
            self._writer.write(record)
        except OSError as error:
            raise _unwritable(self._target, error) from error

    def close(self) -> None:
        """Left to `open_writer`."""


def _unwritable(target: Path, error: OSError) -> OutputError:
    hint = "does the folder exist, and may you write there?" if error.errno != 28 else "the disk is full"
    return OutputError(f"cannot write {target}: {error.strerror or error}", hint=hint)
