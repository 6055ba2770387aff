"""A file of JSON lines that survives crashes.

Each line is on disk before the next one is written. A line is appended as a whole or not at all;
only a process or a machine that dies can leave half a line, which is then cut off. One process at a
time writes such a file.
Not handled here: which records belong in it (`resume`).
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import signal
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from scsampler_cli.errors import OutputError
from scsampler_cli.files.output_paths import free_name, fresh, sibling
from scsampler_cli.output.output_file import encoded, reporting_write_errors

Record = dict[str, Any]
# beginning of every record
_BEGINNING = b'{"schema": "scsampler.'
# signals that must not interrupt a write
_BLOCKED = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}


class LineSpan(NamedTuple):
    """Position of a line in the file."""

    start: int
    """Bytes before it."""
    length: int
    """Bytes, with the line end."""


class Journal:
    """A file of JSON lines that this process alone writes.

    Args:
        path: of the file, not of a link; it is made if it does not exist.
        keep: False to begin with an empty file.

    Raises:
        OutputError: it cannot be written, or another process is writing it.
    """

    def __init__(self, path: Path, keep: bool) -> None:
        self.path = path
        with reporting_write_errors(str(path)):
            self._fd = _open_locked(path)
        try:
            with reporting_write_errors(str(path)):
                if not keep:
                    os.ftruncate(self._fd, 0)
                # bytes of the whole lines, once they are read
                self._end = os.fstat(self._fd).st_size
                _sync_folder(path)
        except BaseException:
            os.close(self._fd)
            raise

    def close(self) -> None:
        """Close the file and release its lock."""
        os.close(self._fd)

    def lines(self) -> Iterator[tuple[LineSpan, Record]]:
        """All records, with the positions of their lines. Half a line at the end is cut off.

        Raises:
            OutputError: a line is not a record: the file is something else, and is not changed.
        """
        end = 0
        with reporting_write_errors(str(self.path)), os.fdopen(os.dup(self._fd), "rb") as file:
            file.seek(0)
            for number, line in enumerate(file, start=1):
                record = parse_record(line)
                if record is not None:
                    yield LineSpan(end, len(line)), record
                    end += len(line)
                elif is_partial_line(line):
                    # a write broke off here: whatever follows was never confirmed
                    break
                else:
                    where = f"line {number} of {self.path}"
                    raise OutputError(
                        f"{where} is not a record of scsampler",
                        code="records-foreign",
                        hint="replace the output, or give it another name",
                    )
        if end < self._end:
            with reporting_write_errors(str(self.path)):
                os.ftruncate(self._fd, end)
                os.fsync(self._fd)
            self._end = end

    def append(self, line: bytes) -> LineSpan:
        """Write one line, with its line end, and wait until it is on disk.

        Raises:
            OutputError: the line could not be written, and no part of it remains; or the file was
                removed or renamed.
        """
        span = LineSpan(self._end, len(line))
        # a signal between write and fsync would leave it open whether the line is there
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _BLOCKED)
        try:
            with reporting_write_errors(str(self.path)):
                self._check_name()
                _write(self._fd, line, span.start)
                os.fsync(self._fd)
        except OutputError:
            # a full disk may have taken a part of the line
            with contextlib.suppress(OSError):
                os.ftruncate(self._fd, span.start)
            raise
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        self._end += span.length
        return span

    def _check_name(self) -> None:
        """Check that the path still names this file: a deleted file can be written, and is lost.

        Raises:
            OutputError: it was removed or replaced.
        """
        open_file = os.fstat(self._fd)
        try:
            named = self.path.stat()
        except FileNotFoundError:
            named = None
        # device and inode number identify a file
        if named is None or (named.st_dev, named.st_ino) != (open_file.st_dev, open_file.st_ino):
            raise OutputError(
                f"{self.path} was removed or replaced while it was written",
                code="output-replaced",
                hint="run it again",
            )

    def read(self, span: LineSpan) -> bytes:
        """Read one line, including its line end."""
        with reporting_write_errors(str(self.path)):
            return os.pread(self._fd, span.length, span.start)

    @property
    def empty(self) -> bool:
        """True if there is no line."""
        return self._end == 0

    def clear(self) -> None:
        """Remove all lines."""
        with reporting_write_errors(str(self.path)):
            os.ftruncate(self._fd, 0)
        self._end = 0

    def set_aside(self) -> Path:
        """Rename the file to FILE.old, or FILE.old2 and so on, and begin with an empty one.

        Returns:
            the path of the renamed file.
        """
        old = free_name(self.path)
        with reporting_write_errors(str(self.path)):
            self.path.rename(old)
            fd = _open_locked(self.path)
            _sync_folder(self.path)
        os.close(self._fd)
        self._fd, self._end = fd, 0
        return old

    def keep_only(self, spans: Iterable[LineSpan]) -> list[LineSpan]:
        """Remove all lines but these, and order them like this. The file is complete at any moment.

        Returns:
            the new positions of the lines.
        """
        # a new file, which then replaces the old one
        part = sibling(self.path, ".part")
        moved: list[LineSpan] = []
        with reporting_write_errors(str(self.path)):
            fd = _open_locked(fresh(part), os.O_EXCL)
            end = 0
            for span in spans:
                _write(fd, self.read(span), end)
                moved.append(LineSpan(end, span.length))
                end += span.length
            os.fchmod(fd, os.fstat(self._fd).st_mode & 0o7777)
            # before the rename: else a crash of the machine could leave an empty file
            os.fsync(fd)
            part.replace(self.path)
            _sync_folder(self.path)
        os.close(self._fd)
        self._fd, self._end = fd, end
        return moved


def _open_locked(path: Path, flags: int = 0) -> int:
    """A descriptor of the file, locked; the lock goes with the descriptor.

    Raises:
        OutputError: another process has locked it.
    """
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | flags, 0o666)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            os.close(fd)
            raise OutputError(
                f"another scsampler is writing {path}",
                code="output-locked",
                hint="wait for it, or give the output another name",
            ) from None
        # some network file systems have no locks: then only this check is missing
    return fd


def _sync_folder(path: Path) -> None:
    """Have the name of a new file on disk, too."""
    # not every file system can
    with contextlib.suppress(OSError):
        fd = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def _write(fd: int, data: bytes, start: int) -> None:
    """Write all data from a position of the file on."""
    # a write may take a part of the data only
    while data:
        written = os.pwrite(fd, data, start)
        data, start = data[written:], start + written


def is_partial_line(line: bytes) -> bool:
    """True for what an interrupted write leaves: the beginning of a record, or zero bytes."""
    # after a crash of the machine a file may have its new length, but not its new data
    text = line.rstrip(b"\0")
    return not line.endswith(b"\n") and (text.startswith(_BEGINNING) or _BEGINNING.startswith(text))


def parse_record(line: bytes) -> Record | None:
    """The record of a whole line; None where the line is not a record."""
    if not line.endswith(b"\n"):
        return None
    try:
        record = json.loads(line)
    except ValueError:
        return None
    known = isinstance(record, dict) and {"schema", "path", "status"} <= record.keys()
    return record if known and str(record["schema"]).startswith("scsampler.") else None


def records_of(file: Path, paths: Collection[str]) -> Iterator[Record]:
    """The records of some videos in a file of JSON lines, in its order.

    Args:
        file: the output of a run, perhaps an earlier one.
        paths: of the videos.
    """
    with file.open("rb") as lines:
        for record in map(parse_record, lines):
            # a line that is not a record, such as a half-written one, gives None
            if record is not None and record["path"] in paths:
                yield record


def encode_line(record: Record) -> bytes:
    """A record as a line of the file."""
    return encoded(json.dumps(record, ensure_ascii=False) + "\n")
