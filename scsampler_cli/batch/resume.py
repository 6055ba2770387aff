"""The output of a batch: each record once, in the order of the inputs or as it is done.

A file of JSON lines can be resumed, and no finished record is ever lost: a record that must wait
for earlier ones is in FILE.waiting, in the same folder. Other formats cannot be resumed; their
records wait in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from scsampler_cli.batch.current_records import (
    differences,
    is_current,
    run_digest,
    unknown_weights_note,
)
from scsampler_cli.batch.journal import (
    Journal,
    LineSpan,
    Record,
    encode_line,
    is_partial_line,
    parse_record,
)
from scsampler_cli.errors import OutputError
from scsampler_cli.files.output_paths import is_taken, sibling
from scsampler_cli.output.output_file import reporting_write_errors
from scsampler_cli.output.records import command_of
from scsampler_cli.output.writers import Writer
from scsampler_cli.text import counted

# bytes read of a first line: records are shorter, other files may be one line of any length
_MAX_LINE = 1 << 26


@contextmanager
def open_results(
    path: Path, inputs: Sequence[str], ordered: bool, *, keep: bool
) -> Iterator[OnDisk]:
    """The output in a file of JSON lines. A context manager.

    Args:
        path: the file.
        inputs: paths as the records name them, in order.
        ordered: False to write records as they are done.
        keep: True to keep the records of the file, for `recall` or `set_aside`.

    Raises:
        OutputError: the file cannot be written, or another process is writing it.
    """
    file = Journal(path, keep)
    try:
        waiting_path = _waiting_path(path)
        waiting = Journal(waiting_path, keep)
        try:
            yield OnDisk(file, waiting, inputs, ordered=ordered)
        finally:
            # removed while it is locked: no other process can have started to write it
            if waiting.empty:
                waiting_path.unlink(missing_ok=True)
            waiting.close()
    finally:
        file.close()


def check_records(path: Path, command: str, option: str = "the output") -> None:
    """Refuse an output that holds anything but records of a command. Only its first line is read.

    Args:
        path: the file, which need not exist.
        command: the command.
        option: the option that names the file, for the message.

    Raises:
        OutputError: it holds something else, or cannot be read.
    """
    hint = f"replace it, or give {option} another name"
    _check_first_line(path, command, hint)


def check_waiting(path: Path, command: str, option: str = "the output") -> None:
    """Refuse a FILE.waiting that holds anything but records of a command.

    FILE.waiting holds finished records of an output that must wait for those of earlier inputs.
    Only its first line is read.

    Raises:
        OutputError: it holds something else, or cannot be read.
    """
    waiting = _waiting_path(path)
    _check_first_line(
        waiting,
        command,
        f"move it away, for {path.name} needs the place; or give {option} another name",
    )


def _waiting_path(path: Path) -> Path:
    return sibling(path, ".waiting")


def _check_first_line(path: Path, command: str, hint: str) -> None:
    if not is_taken(path):
        return
    with reporting_write_errors(str(path)), path.open("rb") as lines:
        line = lines.readline(_MAX_LINE)
    record = parse_record(line)
    if record is None and not is_partial_line(line):
        raise OutputError(
            f"{path} already exists, and holds no records", code="output-exists", hint=hint
        )
    if record is not None and command_of(record) != command:
        raise OutputError(
            f"{path} holds records of {command_of(record)}, not of {command}",
            code="records-foreign",
            hint=hint,
        )


class Results(Protocol):
    """The output of a batch."""

    done: dict[int, bool]
    """Index of an input that is done -> True if it failed."""

    def add(self, index: int, record: Record) -> None:
        """Add the record of one input. Each index comes once, in any order."""
        ...


class InMemory:
    """The output in formats without lines, and in streams. Waiting records are in memory.

    Args:
        writer: writes the records.
        ordered: False to write records as they are done.
    """

    def __init__(self, writer: Writer, ordered: bool) -> None:
        self.done: dict[int, bool] = {}
        self._writer, self._ordered = writer, ordered
        # index -> record that waits for an earlier one
        self._waiting: dict[int, Record] = {}
        # index of the next record to write
        self._next = 0

    def add(self, index: int, record: Record) -> None:
        """Write the record as soon as all earlier ones are written."""
        if not self._ordered:
            self._writer.write(record)
            return
        self._waiting[index] = record
        while self._next in self._waiting:
            self._writer.write(self._waiting.pop(self._next))
            self._next += 1


class OnDisk:
    """The output in a file of JSON lines.

    Args:
        file: the lines.
        waiting: lines of records that wait for earlier ones.
        inputs: paths as the records name them, in order.
        ordered: False to write records as they are done.
    """

    def __init__(
        self, file: Journal, waiting: Journal, inputs: Sequence[str], *, ordered: bool
    ) -> None:
        self.done: dict[int, bool] = {}
        self._file, self._waiting, self._ordered = file, waiting, ordered
        self._index = {path: index for index, path in enumerate(inputs)}
        # index -> line in the waiting file
        self._waiting_lines: dict[int, LineSpan] = {}
        # index of the next record to append, in order
        self._next = 0

    def recall(
        self, command: str, identity: dict[str, Any], is_valid: Callable[[Record], bool]
    ) -> tuple[str, bool]:
        """Resume an earlier run: keep its current records of these inputs with these settings.

        If it had other settings, all its records are moved to another file.

        Args:
            command: the command that the records must be of.
            identity: all that the records depend on except their files.
            is_valid: False for a record whose other output files are lost.

        Returns:
            a message for the user; and True if the run starts again from nothing.

        Raises:
            OutputError: the file holds something else, such as records of another command.
        """
        differences_found = self._differences(command, identity)
        if differences_found is not None:
            return self._start_again(differences_found), True
        dropped = self._keep_current(lambda record: is_current(record) and is_valid(record))
        again = f"; {counted(dropped, 'record')} made again" if dropped else ""
        files = counted(len(self._index), "file")
        message = f"resuming: {len(self.done)} of {files} done before{again}"
        return message + unknown_weights_note(identity), False

    def _differences(self, command: str, identity: dict[str, Any]) -> str | None:
        """How the settings differ from those of the records; None where they do not.

        Raises:
            OutputError: a record is of another command.
        """
        run = run_digest(identity)
        for journal in (self._file, self._waiting):
            for _, record in journal.lines():
                if command_of(record) != command:
                    found = command_of(record)
                    raise OutputError(
                        f"{journal.path} holds records of {found}, not of {command}",
                        code="records-foreign",
                        hint="replace the output, or give it another name",
                    )
                # a file that failed before the models were loaded has a record without a run
                if record.get("run", run) != run:
                    found_differences = "; ".join(differences(record, identity))
                    return found_differences or "other weights, labels or version"
        return None

    def _start_again(self, why: str) -> str:
        """Move all records to another file; the message for the user."""
        old = self.set_aside()
        return f"made with other settings ({why}): starting again; the earlier records are in {old}"

    def set_aside(self) -> Path | None:
        """Move all records to a file of their own, and begin with an empty one.

        Returns:
            the path of that file; None where there is no record.

        Raises:
            OutputError: the file cannot be renamed, or holds something else.
        """
        waiting = [span for span, _ in self._waiting.lines()]
        if waiting:
            # reading all lines cuts off half a line at the end, which nothing may be appended to
            for _ in self._file.lines():
                pass
            for span in waiting:
                self._file.append(self._waiting.read(span))
            self._waiting.clear()
        return None if self._file.empty else self._file.set_aside()

    def _keep_current(self, is_current: Callable[[Record], bool]) -> int:
        """Keep the current records of the inputs, and records of other files.

        Returns:
            number of records that are not current, and were dropped.
        """
        lines: list[LineSpan] = []
        # records of files that are no inputs of this run
        others: list[LineSpan] = []
        current: dict[int, LineSpan] = {}
        for span, record in self._file.lines():
            lines.append(span)
            index = self._index.get(record["path"])
            if index is None:
                others.append(span)
            elif index not in current and is_current(record):
                current[index] = span
                self.done[index] = record["status"] != "ok"
        for span, record in self._waiting.lines():
            index = self._index.get(record["path"])
            if index is not None and index not in self.done and is_current(record):
                self._waiting_lines[index] = span
                self.done[index] = record["status"] != "ok"
        dropped = len(lines) - len(others) - len(current)

        kept = self._in_order(current)
        # spans sort by their position: lines that are in order already are not moved
        new_lines = sorted(others + kept) if kept == sorted(kept) else others + kept
        if new_lines != lines:
            self._file.keep_only(new_lines)
        self._append_waiting()
        return dropped

    def _in_order(self, current: dict[int, LineSpan]) -> list[LineSpan]:
        """The lines that stay in the file.

        In order, a line after one that is still to be made moves to the waiting file.
        """
        if not self._ordered:
            return list(current.values())
        # the first input without a record
        first_missing = 0
        while first_missing in current:
            first_missing += 1
        for index in sorted(current):
            if index >= first_missing:
                line = self._file.read(current.pop(index))
                self._waiting_lines[index] = self._waiting.append(line)
        return [current[index] for index in sorted(current)]

    def add(self, index: int, record: Record) -> None:
        """Append the record, or write it to the waiting file until all earlier ones are there."""
        line = encode_line(record)
        if self._ordered and index != self._next:
            self._waiting_lines[index] = self._waiting.append(line)
        else:
            self._file.append(line)
        self.done[index] = record["status"] != "ok"
        self._append_waiting()

    def _append_waiting(self) -> None:
        """Append the waiting records whose turn has come; all of them, where there is no order."""
        while self._next in self.done:
            self._append_waiting_line(self._next)
            self._next += 1
        if not self._ordered:
            for index in sorted(self._waiting_lines):
                self._append_waiting_line(index)

    def _append_waiting_line(self, index: int) -> None:
        span = self._waiting_lines.pop(index, None)
        if span is None:
            return
        self._file.append(self._waiting.read(span))
        # after the append: a record is in one of the two files at any moment
        if not self._waiting_lines:
            self._waiting.clear()
