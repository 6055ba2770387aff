"""Text files that appear complete under their name, or not at all.

A file is written under a temporary name, and renamed when it is complete and on disk. Devices and
pipes are written directly.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from scsampler_cli.files.output_paths import (
    check_output,
    free_name,
    fresh,
    is_special,
    is_taken,
    not_written,
    sibling,
)


@contextlib.contextmanager
def open_output(
    target: Path | None, stdout: IO[str], keep_existing: bool = False
) -> Iterator[IO[str]]:
    r"""A text stream to a file, which gets its name when the block ends without an error.

    Bytes of file names that are not UTF-8 are written as \udcNN.

    Args:
        target: the file; a device or a pipe is appended to; None is `stdout`.
        stdout: standard output.
        keep_existing: True to rename an existing file as `files.output_paths.free_name` says.

    Raises:
        OutputError: it cannot be written.
    """
    if target is None:
        yield stdout
        with reporting_write_errors(output_name(None)):
            stdout.flush()
        return
    # before the work: a folder that is missing is refused now
    check_output(target)
    if is_special(target):
        with _device(target) as file:
            yield file
        return

    # the file that a link points to is replaced, not the link
    place = target.resolve()
    part = sibling(place, ".part")
    with reporting_write_errors(str(target)):
        # "x": the temporary file of another process is never overwritten
        file = _open_text(fresh(part), "x")
    try:
        yield file
        with reporting_write_errors(str(target)):
            file.flush()
            # on disk before the rename: after a power failure, the name has the whole file
            os.fsync(file.fileno())
            file.close()
            if place.exists():
                # a replaced file keeps its permissions
                shutil.copymode(place, part)
            if keep_existing and is_taken(place):
                place.rename(free_name(place))
            part.replace(place)
    finally:
        with contextlib.suppress(OSError):
            file.close()
            # after a success it has been renamed
            part.unlink(missing_ok=True)


@contextlib.contextmanager
def _device(target: Path) -> Iterator[IO[str]]:
    with reporting_write_errors(str(target)):
        file = _open_text(target, "a")
    try:
        yield file
        with reporting_write_errors(str(target)):
            file.flush()
            file.close()
    finally:
        with contextlib.suppress(OSError):
            file.close()


def output_name(target: Path | None) -> str:
    """The name of an output in messages."""
    return "the results" if target is None else str(target)


def _open_text(path: Path, mode: str) -> IO[str]:
    # newline="": line ends are written as they are, on every system
    return path.open(mode, encoding="utf-8", errors="backslashreplace", newline="")


def encoded(text: str) -> bytes:
    r"""UTF-8, where bytes of file names that are not UTF-8 (lone surrogates) become \udcNN."""
    return text.encode("utf-8", "backslashreplace")


@contextlib.contextmanager
def reporting_write_errors(name: str) -> Iterator[None]:
    """Turn an OSError into an OutputError that names the output.

    A BrokenPipeError is left as it is: the reader of a pipe has ended, which is no failure.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise not_written(name, error) from error
