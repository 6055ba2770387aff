"""Merging the JSON lines of several runs: one record for each file, and a report on files that are
missing, failed, repeated or made with other settings.

The parts are read twice: first for the position of each record, then for the records themselves. So
a million records need memory for their paths only.
Not handled here: writing the result.
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
    """Position of a record, with what is known of it."""

    part: int
    """Index of its file."""
    start: int
    """Bytes before it."""
    length: int
    """Bytes."""
    ok: bool
    is_confident: bool
    """False for a video without a confident tag; True in records that do not say it."""
    has_segments: bool
    """Whether segments were looked for."""
    run: str | None
    """Digest of its settings; None for a file that failed before the models were loaded."""


@dataclass
class Merged:
    """The records of all parts, each video once."""

    parts: Sequence[Path]
    schema: str | None = None
    """Schema of all records; None without a record."""
    lines: dict[str, Line] = field(default_factory=dict)
    """Path -> the record that is kept, in the order of the first appearance of the paths."""
    repeated: int = 0
    """Number of records left out because another one is equal but for its times."""
    differing: list[str] = field(default_factory=list)
    """Paths with different records, once for each record that was left out."""
    halves: list[Path] = field(default_factory=list)
    """Parts that end with half a line, which was left out."""
    tags: int = 0
    """Largest number of tags in a record."""

    @property
    def command(self) -> str | None:
        """The command that made the records; None without a record."""
        return None if self.schema is None else command_of({"schema": self.schema})

    @property
    def failed(self) -> int:
        """Number of kept records of failed files."""
        return sum(not line.ok for line in self.lines.values())

    @property
    def unsure(self) -> int:
        """Number of kept records of videos without a confident tag."""
        return sum(line.ok and not line.is_confident for line in self.lines.values())

    @property
    def has_segments(self) -> bool:
        """Whether segments were looked for in every video that did not fail."""
        done = [line for line in self.lines.values() if line.ok]
        return bool(done) and all(line.has_segments for line in done)

    @property
    def without_segments(self) -> list[str]:
        """Paths of videos without segments, where those of other videos were looked for."""
        done = {path: line for path, line in self.lines.items() if line.ok}
        missing = [path for path, line in done.items() if not line.has_segments]
        return missing if len(missing) < len(done) else []

    @property
    def runs(self) -> Counter[str]:
        """Digest of settings -> number of kept records."""
        return Counter(line.run for line in self.lines.values() if line.run is not None)

    def holes(self, wanted: Iterable[str]) -> list[str]:
        """Paths without a record."""
        return [path for path in wanted if path not in self.lines]

    def records(self, order: Iterable[str] = ()) -> Iterator[Record]:
        """The kept records: those of `order` first, the others in the order of their appearance.

        Raises:
            InputError: a part cannot be read any more, or has changed.
        """
        # each path once, in order
        first = dict.fromkeys(path for path in order if path in self.lines)
        with ExitStack() as stack:
            files = [stack.enter_context(_opened(path)) for path in self.parts]
            for path in (*first, *(path for path in self.lines if path not in first)):
                yield _read(files, self.parts, self.lines[path])


def survey(parts: Sequence[Path]) -> Merged:
    """Read the parts once.

    Of several records of one file, an ok one is preferred to a failed one, then the last one to the
    earlier ones.

    Raises:
        InputError: a part cannot be read, or holds anything but records of one command.
    """
    merged = Merged(parts)
    with ExitStack() as stack:
        files = [stack.enter_context(_opened(path)) for path in parts]
        for part, file in enumerate(files):
            start = 0
            for number, line in enumerate(file, start=1):
                record = _record(line, merged, part, number=number)
                if record is not None:
                    # a million equal digests take the memory of one
                    run = record.get("run") and sys.intern(record["run"])
                    is_ok = record["status"] == "ok"
                    position = Line(
                        part,
                        start,
                        len(line),
                        ok=is_ok,
                        is_confident=record.get("confident", True),
                        has_segments="segments" in record,
                        run=run,
                    )
                    _add(merged, files, position, record=record)
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
    # a file that was edited by hand may lack the last line end, and is complete all the same
    record = parse_record(line if line.endswith(b"\n") else line + b"\n")
    if record is None and is_partial_line(line):
        merged.halves.append(path)
        return None
    is_known = record is not None and command_of(record) in COMMANDS
    if record is None or not is_known or not isinstance(record.get("segments", []), list):
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
    # the first record decides the schema of all
    merged.schema = record["schema"]
    return record


def _add(merged: Merged, files: Sequence[IO[bytes]], line: Line, *, record: Record) -> None:
    """Keep a record, or the one of the same file that was there before."""
    merged.tags = max(merged.tags, len(record.get("tags", ())))
    known = merged.lines.get(record["path"])
    if known is None:
        merged.lines[record["path"]] = line
        return
    # the earlier record is read again: the memory holds positions only
    if _without_times(_read(files, merged.parts, known)) == _without_times(record):
        merged.repeated += 1
        return
    merged.differing.append(record["path"])
    # an ok record gives way to another ok one, and never to a failed one
    if line.ok or not known.ok:
        merged.lines[record["path"]] = line


def _without_times(record: Record) -> Record:
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
