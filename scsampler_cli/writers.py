"""Records -> table, JSON, JSON lines or CSV, one record at a time.

A file goes to a temporary one that takes the wanted name when it is complete and on disk. Devices and pipes are written as they
are. But: what is in a record is `report`'s business, and JSON lines that grow and are resumed are `journal`'s.
"""

from __future__ import annotations

import contextlib
import csv
import errno
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Protocol

from scsampler_cli import tables
from scsampler_cli.errors import OutputError
from scsampler_cli.places import check_output, fresh, is_special

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

    def __init__(self, stream: IO[str], columns: list[str]) -> None:
        self._stream = stream
        self._rows = csv.DictWriter(stream, columns, lineterminator="\n")
        self._rows.writeheader()

    def write(self, record: Record) -> None:
        """Add one record."""
        for row in tables.csv_rows(record):
            self._rows.writerow({key: _safe(value) for key, value in row.items()})
        self._stream.flush()

    def close(self) -> None:
        """Nothing to complete."""


def _safe(value: object) -> object:
    """A spreadsheet must not take a label or a message for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(tables.FORMULA) else value


def make_writer(form: str, stream: IO[str], columns: list[str], single: bool) -> Writer:
    """The writer of a format.

    Args:
        form: one of FORMATS.
        stream: where it goes.
        columns: of CSV, from `tables.csv_columns`.
        single: True when exactly one record will come.
    """
    if form == "json":
        return JsonWriter(stream, single)
    if form == "jsonl":
        return JsonLinesWriter(stream)
    return CsvWriter(stream, columns) if form == "csv" else TableWriter(stream)


@contextlib.contextmanager
def open_writer(form: str, target: Path | None, stdout: IO[str], columns: list[str], single: bool) -> Iterator[Writer]:
    r"""A writer on a file, or on `stdout` where `target` is None.

    Bytes of file names that are not UTF-8 come out as \udcNN: valid JSON, which Python reads back as the very same name.

    Raises:
        OutputError: it cannot be written.
    """
    if target is None:
        with own_errors("the results"):
            writer = make_writer(form, stdout, columns, single)
        yield _Guarded(writer, "the results")
        with own_errors("the results"):
            writer.close()
            stdout.flush()
        return
    check_output(target)
    place = target if is_special(target) else target.resolve()
    at_once = is_special(target)
    part = place if at_once else place.with_name(f"{place.name}.part")
    with own_errors(str(target)):
        file = _text(place, "w") if at_once else _text(fresh(part), "x")
    try:
        with own_errors(str(target)):
            writer = make_writer(form, file, columns, single)
        yield _Guarded(writer, str(target))
        with own_errors(str(target)):
            writer.close()
            file.flush()
            if not at_once:
                os.fsync(file.fileno())
            file.close()
            if not at_once:
                if place.exists():
                    shutil.copymode(place, part)
                part.replace(place)
    finally:
        with contextlib.suppress(OSError):
            file.close()
            if not at_once:
                part.unlink(missing_ok=True)


def _text(path: Path, mode: str) -> IO[str]:
    return path.open(mode, encoding="utf-8", errors="backslashreplace", newline="")


def encoded(text: str) -> bytes:
    r"""UTF-8; halves of surrogate pairs, which stand for bytes that are no text, become \udcNN."""
    return text.encode("utf-8", "backslashreplace")


@contextlib.contextmanager
def own_errors(name: str) -> Iterator[None]:
    """Turns a full disk into our own error; a reader that has gone stays what it is."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        hint = "the disk is full" if error.errno == errno.ENOSPC else "may you write there?"
        raise OutputError(f"cannot write {name}: {error.strerror or error}", hint=hint) from error


class _Guarded:
    """A writer whose troubles with the disk are our own errors."""

    def __init__(self, writer: Writer, name: str) -> None:
        self._writer, self._name = writer, name

    def write(self, record: Record) -> None:
        """Add one record."""
        with own_errors(self._name):
            self._writer.write(record)

    def close(self) -> None:
        """Left to `open_writer`."""
