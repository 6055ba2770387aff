"""Records as a table, JSON, JSON lines, CSV, or files for editors and players, one at a time.

Not handled here: `records` has the contents of a record; JSON lines that grow, and are resumed, are
in `batch.journal`.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Protocol

from scsampler_cli.errors import OutputError, SettingsError
from scsampler_cli.files.output_paths import check_within, is_special
from scsampler_cli.output import tables
from scsampler_cli.output.csv_writer import CsvWriter
from scsampler_cli.output.cuts import edl, ffmetadata, otio, srt
from scsampler_cli.output.exchange.activitynet_results import ActivityNetWriter
from scsampler_cli.output.exchange.labelstudio_tasks import LabelStudioWriter
from scsampler_cli.output.output_file import open_output, output_name, reporting_write_errors
from scsampler_cli.output.records import Record
from scsampler_cli.output.stretches import left_out

FORMATS = ("table", "json", "jsonl", "csv")
"""Formats for any number of records."""
DOCUMENT_FORMATS = ("activitynet", "labelstudio")
"""Formats of other tools for any number of records of `classify`, in one document."""
CUT_FORMATS = {"edl": ".edl", "srt": ".srt", "ffmetadata": ".ffmeta", "otio": ".otio"}
"""Formats for the selected clips of one video per file, with their suffixes."""
_CUTS: dict[str, Callable[[Record], str]] = {
    "edl": edl.render,
    "srt": srt.render,
    "ffmetadata": ffmetadata.render,
    "otio": otio.render,
}
_SUFFIXES = {".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".txt": "table"}
_SUFFIXES |= {suffix: form for form, suffix in CUT_FORMATS.items()}


def format_for(path: Path, default: str = "table", *, cuts: bool = True) -> str:
    """The format of a file by its suffix; devices and pipes without one have the default.

    Args:
        path: the file.
        default: format of a device or a pipe, as of standard output.
        cuts: True to name CUT_FORMATS in the hint, too.

    Raises:
        SettingsError: no format has this suffix.
    """
    # .CSV counts as .csv
    form = _SUFFIXES.get(path.suffix.lower())
    if form is None and not is_special(path):
        what = f"the suffix {path.suffix}" if path.suffix else "a name without a suffix"
        known = [suffix for suffix, form in _SUFFIXES.items() if cuts or form not in CUT_FORMATS]
        raise SettingsError(
            f"{path}: {what} names no format",
            code="output-suffix-unknown",
            hint=f"give a format, or one of {', '.join(known)}",
        )
    return form or default


class Writer(Protocol):
    """Writes records one by one."""

    def write(self, record: Record) -> None:
        """Add one record."""
        ...

    def close(self) -> None:
        """Complete the output; nothing is written after it."""
        ...


class TableWriter:
    """Plain text for people, within 80 columns unless names are long.

    Args:
        stream: the output.
        has_styles: True for a terminal that shows colours.
    """

    def __init__(self, stream: IO[str], *, has_styles: bool = False) -> None:
        self._stream, self._count, self._has_styles = stream, 0, has_styles

    def write(self, record: Record) -> None:
        """Add one record."""
        if self._count:
            self._stream.write("\n")
        self._stream.write(tables.render(record, has_styles=self._has_styles))
        self._stream.flush()
        self._count += 1

    def close(self) -> None:
        """Nothing to complete."""


class JsonWriter:
    """JSON: one object for a single input, else an array, which may be empty."""

    def __init__(self, stream: IO[str], single: bool) -> None:
        self._stream, self._single, self._count = stream, single, 0

    def write(self, record: Record) -> None:
        """Add one record."""
        # readable characters in place of \u escapes
        text = json.dumps(record, indent=2, ensure_ascii=False)
        if not self._single:
            # records are written as they come, and not held until the end
            self._stream.write("[\n" if self._count == 0 else ",\n")
        self._stream.write(text + ("\n" if self._single else ""))
        self._count += 1

    def close(self) -> None:
        """Close the array."""
        if not self._single:
            self._stream.write("[]\n" if self._count == 0 else "\n]\n")


class JsonLinesWriter:
    """JSON lines: one line per record, flushed after each."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def write(self, record: Record) -> None:
        """Add one record."""
        self._stream.write(json.dumps(record, ensure_ascii=False) + "\n")
        self._stream.flush()

    def close(self) -> None:
        """Nothing to complete."""


class CutWriter:
    """The stretches of each video, in one file per video; failed videos have none.

    Args:
        form: one of CUT_FORMATS.
        targets: path of a video, as in its record -> its file; None is `stdout`.
        folder: folder of the files; None where the user named the file itself.
        stdout: standard output.
        on_failure: called with the error of a file in the folder that cannot be written; the others
            are still written. None to raise the error.
        on_note: called with a note on clips of a video that its file leaves out.
    """

    def __init__(
        self,
        form: str,
        targets: Mapping[str, Path | None],
        folder: Path | None,
        *,
        stdout: IO[str],
        on_failure: Callable[[OutputError], object] | None = None,
        on_note: Callable[[str], object] = lambda _: None,
    ) -> None:
        self._on_note = on_note
        self._render = _CUTS[form]
        self._targets, self._folder, self._stdout = targets, folder, stdout
        # a file that the user named must be written
        self._on_failure = None if folder is None else on_failure

    def write(self, record: Record) -> None:
        """Write the file of one record.

        Raises:
            OutputError: it cannot be written, and there is no `on_failure`.
        """
        # a failed video has no clips
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
            # a link inside of the folder may lead out of it
            check_within(target, self._folder)
            with reporting_write_errors(str(target)):
                target.parent.mkdir(parents=True, exist_ok=True)
        with open_output(target, self._stdout) as file, reporting_write_errors(output_name(target)):
            file.write(self._render(record))
        if note := left_out(record):
            self._on_note(f"{record['path']}: {note}")

    def close(self) -> None:
        """Nothing to complete."""


def make_writer(
    form: str,
    stream: IO[str],
    columns: list[str],
    *,
    single: bool,
    marked: bool = False,
    rows: str = "video",
    has_styles: bool = False,
    on_note: Callable[[str], object] = lambda _: None,
) -> Writer:
    """The writer of a format.

    Args:
        form: one of FORMATS or DOCUMENT_FORMATS.
        stream: the output.
        columns: of CSV, from `csv_rows.csv_columns`.
        single: True when exactly one record will come.
        marked: as for `CsvWriter`.
        rows: as for `CsvWriter`.
        has_styles: as for `TableWriter`.
        on_note: as for `ActivityNetWriter`.
    """
    if form == "json":
        return JsonWriter(stream, single)
    if form == "jsonl":
        return JsonLinesWriter(stream)
    if form == "csv":
        return CsvWriter(stream, columns, marked, rows=rows)
    if form == "activitynet":
        return ActivityNetWriter(stream, on_note)
    if form == "labelstudio":
        return LabelStudioWriter(stream, on_note)
    return TableWriter(stream, has_styles=has_styles)


@contextlib.contextmanager
def open_writer(
    form: str,
    target: Path | None,
    stdout: IO[str],
    *,
    columns: list[str],
    single: bool,
    keep_existing: bool = False,
    rows: str = "video",
    has_styles: bool = False,
    on_note: Callable[[str], object] = lambda _: None,
) -> Iterator[Writer]:
    r"""A writer to a file, or to `stdout` where `target` is None.

    Bytes of file names that are not UTF-8 are written as \udcNN. This is valid JSON, which Python
    reads back as the same name.

    Args:
        form: one of FORMATS or DOCUMENT_FORMATS.
        target: the file; a device or a pipe is appended to.
        stdout: standard output.
        columns: of CSV, from `csv_rows.csv_columns`.
        single: True when exactly one record will come.
        keep_existing: True to rename an existing file as `files.output_paths.free_name` says.
        rows: as for `CsvWriter`.
        has_styles: True for a terminal that shows colours.
        on_note: called with a note on clips of a video that a document leaves out.

    Raises:
        OutputError: it cannot be written.
    """
    # files alone, see CsvWriter
    marked = target is not None and not is_special(target)
    with open_output(target, stdout, keep_existing) as stream:
        with reporting_write_errors(output_name(target)):
            writer = make_writer(
                form,
                stream,
                columns,
                single=single,
                marked=marked,
                rows=rows,
                has_styles=has_styles,
                on_note=on_note,
            )
        # errors while writing are reported, errors of the caller are not touched
        yield _Guarded(writer, output_name(target))
        with reporting_write_errors(output_name(target)):
            writer.close()


class _Guarded:
    """A writer whose OSErrors become OutputErrors."""

    def __init__(self, writer: Writer, name: str) -> None:
        self._writer, self._name = writer, name

    def write(self, record: Record) -> None:
        """Add one record."""
        with reporting_write_errors(self._name):
            self._writer.write(record)

    def close(self) -> None:
        """Nothing: `open_writer` closes the writer."""
