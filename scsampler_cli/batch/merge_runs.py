"""JSON lines of several runs joined: each file once, and told what is missing, failed, double or made with other settings.

The parts are read twice: once to note where each record lies, once to hand the records on. So a million records need memory for
their paths alone. But: nothing is written here, and records are not made anew.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, NamedTuple

from scsampler_cli.batch.journal import is_partial_line, parse_record
from scsampler_cli.errors import InputError, read_code
from scsampler_cli.files.urls import check_read
from scsampler_cli.output.records import command_of
from scsampler_cli.output.schemas import COMMANDS

Record = dict[str, Any]


class Line(NamedTuple):
    """Where a record lies."""

    part: int
    start: int
    """Bytes."""
    length: int
    """Bytes."""
    ok: bool
    run: str | None
    """Digest of its settings; None where it does not say, as of a file that failed before anything was loaded."""


@dataclass
class Merged:
    """What the parts hold."""

    parts: Sequence[Path]
    schema: str | None = None
    """Of all records; None without a record."""
    lines: dict[str, Line] = field(default_factory=dict)
    """Path -> the record that is kept, in the order in which the paths were first met."""
    repeated: int = 0
    """Records that were left out because another says the same but for the time it took."""
    differing: list[str] = field(default_factory=list)
    """Paths with records that differ, of which one is kept; once for each that was left out."""
    halves: list[Path] = field(default_factory=list)
    """Parts that end in half a line, which was left out."""
    tags: int = 0
    """Most tags of any record that was read."""

    @property
    def command(self) -> str | None:
        """Whose records they are."""
        return None if self.schema is None else command_of({"schema": self.schema})

    @property
    def failed(self) -> int:
        """Records kept of files that could not be done."""
        return sum(not line.ok for line in self.lines.values())

    @property
    def runs(self) -> Counter[str]:
        """Digest of settings -> records kept that were made with them."""
        return Counter(line.run for line in self.lines.values() if line.run is not None)

    def holes(self, wanted: Iterable[str]) -> list[str]:
        """Paths without a record."""
        return [path for path in wanted if path not in self.lines]

    def records(self, order: Iterable[str] = ()) -> Iterator[Record]:
        """The records kept: those of `order` first and in that order, the others as their paths were first met.

        Raises:
            InputError: a part cannot be read any more, or has changed since.
        """
        first = dict.fromkeys(path for path in order if path in self.lines)
        with ExitStack() as stack:
            files = [stack.enter_context(_opened(path)) for path in self.parts]
            for path in (*first, *(path for path in self.lines if path not in first)):
                yield _read(files, self.parts, self.lines[path])


def survey(parts: Sequence[Path]) -> Merged:
    """Read the parts once.

    Of several records of one file an ok one wins over a failed one, else the last one met.

    Raises:
        InputError: a part cannot be read, or holds something else than records of one command.
    """
    merged = Merged(parts)
    with ExitStack() as stack:
        files = [stack.enter_context(_opened(path)) for path in parts]
        for part, file in enumerate(files):
            start = 0
            for number, line in enumerate(file, start=1):
                record = _record(line, merged, part, number=number)
                if record is not None:
                    run = record.get("run") and sys.intern(
                        record["run"]
                    )  # a million of the same text is one
                    _add(
                        merged,
                        files,
                        Line(part, start, len(line), ok=record["status"] == "ok", run=run),
                        record=record,
                    )
                start += len(line)
    return merged


def _opened(path: Path) -> IO[bytes]:
    check_read(path)
    try:
        if not path.is_file():
            raise InputError(
                f"{path} is {'not a file' if path.exists() else 'not there'}",
                code="merge-input-invalid",
                hint="merge reads files of JSON lines",
            )
        return path.open("rb")
    except OSError as error:
        raise InputError(
            f"{path}: {error.strerror or error}",
            code=read_code(error),
            hint="check the path and its permissions",
        ) from error


def _record(line: bytes, merged: Merged, part: int, *, number: int) -> Record | None:
    """The record of a line; None for an empty one, and for half a line."""
    if not line.strip():
        return None
    path = merged.parts[part]
    # what was edited by hand may lack the end of its last line, and is whole all the same
    record = parse_record(line if line.endswith(b"\n") else line + b"\n")
    if record is None and is_partial_line(line):
        merged.halves.append(path)
        return None
    if record is None or command_of(record) not in COMMANDS:
        hint = f"merge joins JSON lines of {', '.join(COMMANDS)}"
        raise InputError(
            f"line {number} of {path} is not the record of a video",
            code="merge-input-invalid",
            hint=hint,
        )
    if merged.schema not in (None, record["schema"]):
        raise InputError(
            f"line {number} of {path} is of {record['schema']}, the lines before it are of "
            f"{merged.schema}",
            code="merge-input-invalid",
            hint="merge the records of one command at a time",
        )
    merged.schema = record["schema"]
    return record


def _add(merged: Merged, files: Sequence[IO[bytes]], line: Line, *, record: Record) -> None:
    merged.tags = max(merged.tags, len(record.get("tags", ())))
    known = merged.lines.get(record["path"])
    if known is None:
        merged.lines[record["path"]] = line
        return
    if _but_for_times(_read(files, merged.parts, known)) == _but_for_times(record):
        merged.repeated += 1
        return
    merged.differing.append(record["path"])
    if line.ok or not known.ok:
        merged.lines[record["path"]] = line


def _but_for_times(record: Record) -> Record:
    return {key: value for key, value in record.items() if key != "timings_s"}


def _read(files: Sequence[IO[bytes]], parts: Sequence[Path], line: Line) -> Record:
    try:
        record: Record = json.loads(os.pread(files[line.part].fileno(), line.length, line.start))
    except (OSError, ValueError) as error:
        raise InputError(
            f"{parts[line.part]} has changed while it was read",
            code="merge-input-invalid",
            hint="run it again",
        ) from error
    return record
