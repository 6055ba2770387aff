"""Records -> table, JSON, JSON lines, CSV, or files for editors and players; one record at a time.

A file goes to a temporary one that takes the wanted name when it is complete and on disk. Devices and pipes are written as they
are. But: what is in a record is `report`'s business, and JSON lines that grow and are resumed are `journal`'s.
"""

from __future__ import annotations

import contextlib
import csv
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, Protocol

from scsampler_cli.errors import OutputError, SettingsError
from scsampler_cli.files.output_paths import (
    check_output,
    check_within,
    free_name,
    fresh,
    is_special,
    is_taken,
    not_written,
    sibling,
)
from scsampler_cli.output import tables
from scsampler_cli.output.cuts import edl, ffmetadata, srt
from scsampler_cli.text import printable

Record = dict[str, Any]

FORMATS = ("table", "json", "jsonl", "csv")
"""Which hold any number of records."""
CUT_FORMATS = {"edl": ".edl", "srt": ".srt", "ffmetadata": ".ffmeta"}
"""Which hold the chosen clips of one video a file; and the suffix of each."""
_CUTS: dict[str, Callable[[Record], str]] = {
    "edl": edl.render,
    "srt": srt.render,
    "ffmetadata": ffmetadata.render,
}
_SUFFIXES = {".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".txt": "table"}
_SUFFIXES |= {suffix: form for form, suffix in CUT_FORMATS.items()}

CELL = 32_767
"""Characters that a spreadsheet takes in one cell, counted in units of UTF-16."""


def format_for(path: Path, default: str = "table", *, cuts: bool = True) -> str:
    """The format that a file's suffix asks for; the default for a device or a pipe without one, as on standard output.

    Args:
        path: the file.
        default: for a device or a pipe.
        cuts: whether the hint names CUT_FORMATS, too.

    Raises:
        SettingsError: the suffix is no format's.
    """
    form = _SUFFIXES.get(path.suffix.lower())
    if form is None and not is_special(path):
        what = f"the suffix {path.suffix}" if path.suffix else "a name without a suffix"
        known = [suffix for suffix, form in _SUFFIXES.items() if cuts or form not in CUT_FORMATS]
        raise SettingsError(
            f"{path}: {what} stands for no format",
            code="output-suffix-unknown",
            hint=f"give a format, or one of {', '.join(known)}",
        )
    return form or default


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
    """For spreadsheets: one row a video, or one row a clip for `score`; a row is a line, whatever is in its cells.

    Args:
        stream: where it goes.
        columns: of every row.
        marked: True to begin with a byte order mark and end lines as RFC 4180 does. Our choice for files: without the mark Excel
            takes UTF-8 for the code page of the machine. In a pipe the mark would become part of the first column's name.
    """

    def __init__(self, stream: IO[str], columns: list[str], marked: bool) -> None:
        self._stream = stream
        if marked:
            stream.write("\ufeff")
        self._rows = csv.DictWriter(stream, columns, lineterminator="\r\n" if marked else "\n")
        self._rows.writeheader()

    def write(self, record: Record) -> None:
        """Add one record."""
        for row in tables.csv_rows(record):
            self._rows.writerow({key: cell(value) for key, value in row.items()})
        self._stream.flush()

    def close(self) -> None:
        """Nothing to complete."""


def cell(value: object) -> object:
    r"""A value as a spreadsheet can hold it: numbers as they are, text without control characters and never a formula.

    Line ends, tabs and bytes that are no text become \n, \t, \udcNN, and what would be a formula has ' in front. Text that is too
    long for a cell is cut, which its end says.
    """
    if not isinstance(value, str):
        return value
    text = printable(value)
    if text.startswith(tables.FORMULA):
        text = f"'{text}"
    return text if _units(text) <= CELL else _cut(text)


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _cut(text: str) -> str:
    said = f" ... (cut: {_units(text)} characters; JSON has them all)"
    kept = text.encode("utf-16-le")[: 2 * (CELL - len(said))]
    return kept.decode("utf-16-le", "ignore") + said


class CutWriter:
    """The chosen clips of each video in a file of its own; a video that failed has none.

    Args:
        form: one of CUT_FORMATS.
        targets: path of a video as in its record -> its file; None is `stdout`.
        folder: that the files are below, None where the user named the file itself.
        stdout: standard output.
        on_failure: told of a file in the folder that cannot be written; the others are. None: the error is raised.
    """

    def __init__(
        self,
        form: str,
        targets: Mapping[str, Path | None],
        folder: Path | None,
        *,
        stdout: IO[str],
        on_failure: Callable[[OutputError], object] | None = None,
    ) -> None:
        self._render, self._targets, self._folder, self._stdout = (
            _CUTS[form],
            targets,
            folder,
            stdout,
        )
        self._on_failure = None if folder is None else on_failure

    def write(self, record: Record) -> None:
        """Write the file of one record.

        Raises:
            OutputError: it cannot be written, and nobody is to be told.
        """
        if record["status"] != "ok":
            return
        try:
            self._write(record, self._targets[record["path"]])
        except OutputError as error:
            if self._on_failure is None:
                raise
            self._on_failure(error)

    def _write(self, record: Record, target: Path | None) -> None:
        if target is not None and self._folder is not None:
            check_within(target, self._folder)
            with own_errors(str(target)):
                target.parent.mkdir(parents=True, exist_ok=True)
        with _written(target, self._stdout) as file, own_errors(_named(target)):
            file.write(self._render(record))

    def close(self) -> None:
        """Nothing to complete."""


def make_writer(
    form: str, stream: IO[str], columns: list[str], *, single: bool, marked: bool = False
) -> Writer:
    """The writer of a format.

    Args:
        form: one of FORMATS.
        stream: where it goes.
        columns: of CSV, from `output.tables.csv_columns`.
        single: True when exactly one record will come.
        marked: of `CsvWriter`.
    """
    if form == "json":
        return JsonWriter(stream, single)
    if form == "jsonl":
        return JsonLinesWriter(stream)
    return CsvWriter(stream, columns, marked) if form == "csv" else TableWriter(stream)


@contextlib.contextmanager
def open_writer(
    form: str,
    target: Path | None,
    stdout: IO[str],
    *,
    columns: list[str],
    single: bool,
    keeps: bool = False,
) -> Iterator[Writer]:
    r"""A writer on a file, or on `stdout` where `target` is None.

    Bytes of file names that are not UTF-8 come out as \udcNN: valid JSON, which Python reads back as the very same name.

    Args:
        form: one of FORMATS.
        target: the file; a device or a pipe is appended to.
        stdout: standard output.
        columns: of CSV, from `output.tables.csv_columns`.
        single: True when exactly one record will come.
        keeps: True to leave a file that is there under the name that `files.output_paths.free_name` gives it.

    Raises:
        OutputError: it cannot be written.
    """
    marked = target is not None and not is_special(target)
    with _written(target, stdout, keeps) as stream:
        with own_errors(_named(target)):
            writer = make_writer(form, stream, columns, single=single, marked=marked)
        yield _Guarded(writer, _named(target))
        with own_errors(_named(target)):
            writer.close()


@contextlib.contextmanager
def _written(target: Path | None, stdout: IO[str], keeps: bool = False) -> Iterator[IO[str]]:
    """A stream to a file that takes its name when the block is left without an error, or to a device, or `stdout` for None.

    Raises:
        OutputError: it cannot be written.
    """
    if target is None:
        yield stdout
        with own_errors(_named(target)):
            stdout.flush()
        return
    check_output(target)
    place = target if is_special(target) else target.resolve()
    at_once = is_special(target)
    part = place if at_once else sibling(place, ".part")
    with own_errors(str(target)):
        file = _text(place, "a") if at_once else _text(fresh(part), "x")
    try:
        yield file
        with own_errors(str(target)):
            file.flush()
            if not at_once:
                os.fsync(file.fileno())
            file.close()
            if not at_once:
                if place.exists():
                    shutil.copymode(place, part)
                if keeps and is_taken(place):
                    place.rename(free_name(place))
                part.replace(place)
    finally:
        with contextlib.suppress(OSError):
            file.close()
            if not at_once:
                part.unlink(missing_ok=True)


def _named(target: Path | None) -> str:
    return "the results" if target is None else str(target)


def _text(path: Path, mode: str) -> IO[str]:
    return path.open(mode, encoding="utf-8", errors="backslashreplace", newline="")


def encoded(text: str) -> bytes:
    r"""UTF-8; halves of surrogate pairs, which stand for bytes that are no text, become \udcNN."""
    return text.encode("utf-8", "backslashreplace")


@contextlib.contextmanager
def own_errors(name: str) -> Iterator[None]:
    """Turns what the system says of a file into our own error; a reader that has gone stays what it is."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise not_written(name, error) from error


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
