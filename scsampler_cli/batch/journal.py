"""A file of JSON lines that survives anything: each line is on disk before the next, and half a line at the end is cut off.

A line is appended as a whole or not at all; only a process or a machine that dies can leave half of one. One process at a time
writes such a file. But: which records belong in it is for `results` to say.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import signal
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from scsampler_cli.errors import OutputError
from scsampler_cli.files.output_paths import free_name, fresh, sibling
from scsampler_cli.output.output_file import encoded, reporting_write_errors

Record = dict[str, Any]
_BEGINNING = b'{"schema": "scsampler.'
_HELD = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}


class LineSpan(NamedTuple):
    """Where a line lies, in bytes."""

    start: int
    length: int


class Journal:
    """Lines on disk.

    Args:
        path: of the file, not of a link; made if it is not there.
        keep: False to begin with an empty file.

    Raises:
        OutputError: it cannot be written, or another process is writing it.
    """

    def __init__(self, path: Path, keep: bool) -> None:
        self.path = path
        with reporting_write_errors(str(path)):
            self._fd = _opened(path)
        try:
            with reporting_write_errors(str(path)):
                if not keep:
                    os.ftruncate(self._fd, 0)
                self._end = os.fstat(self._fd).st_size
                _sync_folder(path)
        except BaseException:
            os.close(self._fd)
            raise

    def close(self) -> None:
        """Nothing is left to be written."""
        os.close(self._fd)

    def lines(self) -> Iterator[tuple[LineSpan, Record]]:
        """The records; what follows the last whole line is cut off.

        Raises:
            OutputError: a line that is no record: the file is something else, and stays as it is.
        """
        at = 0
        with reporting_write_errors(str(self.path)), os.fdopen(os.dup(self._fd), "rb") as file:
            file.seek(0)
            for number, line in enumerate(file, start=1):
                record = parse_record(line)
                if record is not None:
                    yield LineSpan(at, len(line)), record
                    at += len(line)
                elif is_partial_line(line):
                    break
                else:
                    where = f"line {number} of {self.path}"
                    raise OutputError(
                        f"{where} is not a record of scsampler",
                        code="records-foreign",
                        hint="replace the output, or give it another name",
                    )
        if at < self._end:
            with reporting_write_errors(str(self.path)):
                os.ftruncate(self._fd, at)
                os.fsync(self._fd)
            self._end = at

    def append(self, line: bytes) -> LineSpan:
        """Write one line, with its end, and have it on disk.

        Raises:
            OutputError: it could not be written, and is not there in part; or the file is no longer under its name.
        """
        place = LineSpan(self._end, len(line))
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _HELD)
        try:
            with reporting_write_errors(str(self.path)):
                self._check_name()
                _write(self._fd, line, place.start)
                os.fsync(self._fd)
        except OutputError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._fd, place.start)
            raise
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        self._end += place.length
        return place

    def _check_name(self) -> None:
        """A file that was deleted can still be written, and nobody would ever find it."""
        ours = os.fstat(self._fd)
        try:
            there = self.path.stat()
        except FileNotFoundError:
            there = None
        if there is None or (there.st_dev, there.st_ino) != (ours.st_dev, ours.st_ino):
            raise OutputError(
                f"{self.path} was removed or replaced while it was written",
                code="output-replaced",
                hint="run it again",
            )

    def read(self, place: LineSpan) -> bytes:
        """One line, with its end."""
        with reporting_write_errors(str(self.path)):
            return os.pread(self._fd, place.length, place.start)

    @property
    def empty(self) -> bool:
        """True when there is no line."""
        return self._end == 0

    def clear(self) -> None:
        """Drop all lines."""
        with reporting_write_errors(str(self.path)):
            os.ftruncate(self._fd, 0)
        self._end = 0

    def set_aside(self) -> Path:
        """Leave the lines under a name of their own, FILE.old or FILE.old2 and so on, and begin with an empty file.

        Returns:
            that name.
        """
        old = free_name(self.path)
        with reporting_write_errors(str(self.path)):
            self.path.rename(old)
            fd = _opened(self.path)
            _sync_folder(self.path)
        os.close(self._fd)
        self._fd, self._end = fd, 0
        return old

    def keep_only(self, places: Iterable[LineSpan]) -> list[LineSpan]:
        """Drop all lines but these; the file is whole at any moment.

        Returns:
            where they lie now.
        """
        part = sibling(self.path, ".part")
        kept: list[LineSpan] = []
        with reporting_write_errors(str(self.path)):
            fd = _opened(fresh(part), os.O_EXCL)
            end = 0
            for place in places:
                _write(fd, self.read(place), end)
                kept.append(LineSpan(end, place.length))
                end += place.length
            os.fchmod(fd, os.fstat(self._fd).st_mode & 0o7777)
            os.fsync(fd)
            part.replace(self.path)
            _sync_folder(self.path)
        os.close(self._fd)
        self._fd, self._end = fd, end
        return kept


def _opened(path: Path, more: int = 0) -> int:
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | more, 0o666)
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
        # some network file systems know no locks: nothing is lost but the warning
    return fd


def _sync_folder(path: Path) -> None:
    """The name, too, is on disk."""
    with contextlib.suppress(OSError):  # not every file system can
        fd = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def _write(fd: int, data: bytes, at: int) -> None:
    while data:
        written = os.pwrite(fd, data, at)
        data, at = data[written:], at + written


def is_partial_line(line: bytes) -> bool:
    """True for what a write that broke off leaves: the beginning of a record, or zeros where the disk never got it."""
    said = line.rstrip(b"\0")
    return not line.endswith(b"\n") and (said.startswith(_BEGINNING) or _BEGINNING.startswith(said))


def parse_record(line: bytes) -> Record | None:
    """The record of a whole line."""
    if not line.endswith(b"\n"):
        return None
    try:
        record = json.loads(line)
    except ValueError:
        return None
    known = isinstance(record, dict) and {"schema", "path", "status"} <= record.keys()
    return record if known and str(record["schema"]).startswith("scsampler.") else None


def encode_line(record: Record) -> bytes:
    """A record as its line."""
    return encoded(json.dumps(record, ensure_ascii=False) + "\n")
