"""Where the records of a batch go: each once, in the order of the inputs or as they come, and what an earlier run left is kept.

Of a file of JSON lines nothing that was finished is ever lost: a record that must wait for those before it is on disk meanwhile,
in FILE.waiting beside it. The other formats have no lines that could be resumed; their records wait in memory.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from scsampler_cli.batch.journal import (
    Journal,
    LineSpan,
    Record,
    encode_line,
    is_partial_line,
    parse_record,
)
from scsampler_cli.errors import OutputError
from scsampler_cli.files.inputs import file_stamp
from scsampler_cli.files.output_paths import is_taken, sibling
from scsampler_cli.output.output_file import reporting_write_errors
from scsampler_cli.output.records import command_of
from scsampler_cli.output.writers import Writer
from scsampler_cli.text import counted

TRY_AGAIN = frozenset(
    ("WorkerError", "TimeLimitError", "MemoryLimitError", "LimitError", "OutputError", "InputError")
)
"""Types of failures that say more of the machine, the moment or the limits than of the file: resumed, they are tried again."""


_LONGEST = 1 << 26
"""Bytes of a line that is looked at: records are shorter, other files may be one line of any length."""


def run_digest(identity: dict[str, Any]) -> str:
    """16 hex digits that stand for all that records depend on beside their files."""
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]


def is_current(record: Record) -> bool:
    """True when a record still holds: its file has the same size and time, or the same content, and need not be tried again."""
    if record["status"] != "ok" and record.get("error", {}).get("type") in TRY_AGAIN:
        return False
    known, path = record.get("source"), Path(record["path"])
    now = file_stamp(path)
    if known is None or now is None or known["size"] != now["size"]:
        return False
    return known["mtime_ns"] == now["mtime_ns"] or (
        "sha256" in known and known["sha256"] == _sha256(path)
    )


def _sha256(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def _differences(record: Record, identity: dict[str, Any]) -> list[str]:
    """What an earlier record says otherwise than the settings in force.

    Example: settings.selection.k 10, now 5.
    """
    before, now = _flat(record), _flat(identity)
    return [
        f"{name} {before[name]}, now {now[name]}"
        for name in now
        if name in before and before[name] != now[name]
    ]


def _unknown_weights(identity: dict[str, Any]) -> str:
    """In words, that a change of the classifier's weights cannot be seen; empty where it can."""
    classifier = identity.get("classifier")
    if classifier is None or classifier["sha256"] is not None:
        return ""
    return f"; classifier {classifier['name']} gives no sha256: whether its weights are the same cannot be known"


def _flat(value: Any, name: str = "") -> dict[str, Any]:
    if not isinstance(value, dict):
        return {name: value}
    return {
        inner: leaf
        for key, part in value.items()
        for inner, leaf in _flat(part, f"{name}.{key}" if name else key).items()
    }


@contextmanager
def open_results(
    path: Path, inputs: Sequence[str], ordered: bool, *, keep: bool
) -> Iterator[OnDisk]:
    """Records in the file of JSON lines at `path`; with `keep` what is there stays, to be recalled or set aside.

    Raises:
        OutputError: it cannot be written, or another process is writing it.
    """
    file = Journal(path, keep)
    try:
        beside = _waiting_beside(path)
        waiting = Journal(beside, keep)
        try:
            yield OnDisk(file, waiting, inputs, ordered=ordered)
        finally:
            if waiting.empty:
                beside.unlink(missing_ok=True)
            waiting.close()
    finally:
        file.close()


def check_records(path: Path, command: str, option: str = "the output") -> None:
    """Refuse an output that holds something else than records of a command; the first line alone is looked at.

    Args:
        path: the file, which need not be there.
        command: whose records these must be.
        option: that names it.

    Raises:
        OutputError: it holds something else, or cannot be read.
    """
    hint = f"replace it, or give {option} another name"
    _check_first_line(path, command, hint)


def check_waiting(path: Path, command: str, option: str = "the output") -> None:
    """The same of the records that wait beside an output, in FILE.waiting.

    Raises:
        OutputError: it holds something else, or cannot be read.
    """
    waiting = _waiting_beside(path)
    _check_first_line(
        waiting,
        command,
        f"move it away, for {path.name} needs the place; or give {option} another name",
    )


def _waiting_beside(path: Path) -> Path:
    return sibling(path, ".waiting")


def _check_first_line(path: Path, command: str, hint: str) -> None:
    if not is_taken(path):
        return
    with reporting_write_errors(str(path)), path.open("rb") as lines:
        line = lines.readline(_LONGEST)
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
    """Takes the records of a batch."""

    done: dict[int, bool]
    """Inputs that an earlier run has finished: whether they failed."""

    def add(self, index: int, record: Record) -> None:
        """The record of one input; each index comes once, in any order."""
        ...


class InMemory:
    """Records of formats without lines, and of streams; those that must wait are held.

    Args:
        writer: takes them.
        ordered: False to write them as they come.
    """

    def __init__(self, writer: Writer, ordered: bool) -> None:
        self.done: dict[int, bool] = {}
        self._writer, self._ordered = writer, ordered
        self._waiting: dict[int, Record] = {}
        self._next = 0

    def add(self, index: int, record: Record) -> None:
        """Write it, or hold it until those before it are there."""
        if not self._ordered:
            self._writer.write(record)
            return
        self._waiting[index] = record
        while self._next in self._waiting:
            self._writer.write(self._waiting.pop(self._next))
            self._next += 1


class OnDisk:
    """Records in a file of JSON lines.

    Args:
        file: the lines.
        waiting: lines of records that are not yet due.
        inputs: paths as they stand in the records, in order.
        ordered: False to write them as they come.
    """

    def __init__(
        self, file: Journal, waiting: Journal, inputs: Sequence[str], *, ordered: bool
    ) -> None:
        self.done: dict[int, bool] = {}
        self._file, self._waiting, self._ordered = file, waiting, ordered
        self._index = {path: index for index, path in enumerate(inputs)}
        self._parked: dict[int, LineSpan] = {}
        self._next = 0

    def recall(
        self, command: str, identity: dict[str, Any], still_there: Callable[[Record], bool]
    ) -> tuple[str, bool]:
        """Take up what an earlier run left: what was made of the same files with the same settings, and need not be tried again.

        Records made with other settings are moved out of the way, all of them.

        Args:
            command: whose records these must be.
            identity: all that they depend on beside their files.
            still_there: False for a record whose work has been lost since.

        Returns:
            what was found, in words; and whether all begins anew.

        Raises:
            OutputError: the file holds something else, such as records of another command.
        """
        other = self._other_run(command, identity)
        if other is not None:
            return self._start_anew(other), True
        dropped = self._take_up(lambda record: is_current(record) and still_there(record))
        again = f"; {counted(dropped, 'record')} made anew" if dropped else ""
        told = (
            f"resuming: {len(self.done)} of {counted(len(self._index), 'file')} done before{again}"
        )
        return told + _unknown_weights(identity), False

    def _other_run(self, command: str, identity: dict[str, Any]) -> str | None:
        """In words, how the settings differ from those of the records; None where they do not."""
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
                if (
                    record.get("run", run) != run
                ):  # what failed before anything was loaded says no run
                    return (
                        "; ".join(_differences(record, identity))
                        or "other weights, labels or version"
                    )
        return None

    def _start_anew(self, why: str) -> str:
        return f"made with other settings ({why}): starting anew; the earlier records are in {self.set_aside()}"

    def set_aside(self) -> Path | None:
        """Leave all records that are there under a name of their own, and begin with an empty file.

        Returns:
            that name; None where there is no record.

        Raises:
            OutputError: the file cannot be renamed, or holds something else.
        """
        parked = [place for place, _ in self._waiting.lines()]
        if parked:
            for _ in self._file.lines():  # half a line at its end is cut off
                pass
            for place in parked:
                self._file.append(self._waiting.read(place))
            self._waiting.clear()
        return None if self._file.empty else self._file.set_aside()

    def _take_up(self, is_current: Callable[[Record], bool]) -> int:
        """How many records are not current any more, and were dropped."""
        there: list[LineSpan] = []
        others: list[LineSpan] = []
        places: dict[int, LineSpan] = {}
        for place, record in self._file.lines():
            there.append(place)
            index = self._index.get(record["path"])
            if index is None:
                others.append(place)  # of files that are not asked for now
            elif index not in places and is_current(record):
                places[index] = place
                self.done[index] = record["status"] != "ok"
        for place, record in self._waiting.lines():
            index = self._index.get(record["path"])
            if index is not None and index not in self.done and is_current(record):
                self._parked[index] = place
                self.done[index] = record["status"] != "ok"
        dropped = len(there) - len(others) - len(places)
        due = self._in_order(places)
        # places compare by where they lie: nothing moves where the lines are in order already
        kept = sorted(others + due) if due == sorted(due) else others + due
        if kept != there:
            self._file.keep_only(kept)
        self._due()
        return dropped

    def _in_order(self, places: dict[int, LineSpan]) -> list[LineSpan]:
        """Which of the lines stay; in order, those that one yet to be made comes before are parked."""
        due = 0
        while self._ordered and due in places:
            due += 1
        for index in sorted(places) if self._ordered else ():
            if index >= due:
                self._parked[index] = self._waiting.append(self._file.read(places.pop(index)))
        return (
            [places[index] for index in sorted(places)] if self._ordered else list(places.values())
        )

    def add(self, index: int, record: Record) -> None:
        """Append it, or park it beside the file until those before it are there."""
        line = encode_line(record)
        if self._ordered and index != self._next:
            self._parked[index] = self._waiting.append(line)
        else:
            self._file.append(line)
        self.done[index] = record["status"] != "ok"
        self._due()

    def _due(self) -> None:
        """Append the parked records whose turn has come; all of them, where there is no order."""
        while self._next in self.done:
            self._unpark(self._next)
            self._next += 1
        for index in [] if self._ordered else sorted(self._parked):
            self._unpark(index)

    def _unpark(self, index: int) -> None:
        place = self._parked.pop(index, None)
        if place is not None:
            self._file.append(self._waiting.read(place))
            if not self._parked:
                self._waiting.clear()
