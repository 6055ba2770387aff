"""Messages and hints for people, on stderr and in the log file.

On a terminal a message is broken between words; in a pipe and in the log file it is one line.
Results go to standard output, and not through this module.
Not handled here: what is drawn on a terminal; see `progress`.
"""

from __future__ import annotations

import errno
import logging
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from scsampler_cli.cli.line_wrap import terminal_columns, wrapped
from scsampler_cli.cli.option_hints import full_hint
from scsampler_cli.errors import InputError, OutputError, ScsamplerError, code_of, read_code
from scsampler_cli.text import printable

MESSAGE, NOTE, DETAIL, NATIVE = 35, 30, 20, 10
"""Levels below logging.ERROR: printed always, without -q, with -v, and with -vv."""
for _level, _name in (
    (MESSAGE, "MESSAGE"),
    (NOTE, "NOTE"),
    (DETAIL, "DETAIL"),
    (NATIVE, "NATIVE"),
):
    logging.addLevelName(_level, _name)


_WHOLE = {"is_whole": True}
"""Marks a message that is never broken into lines."""


class _Screen(logging.Handler):
    """Prints each message on stderr: one line, even if a file name has line breaks in it.

    On a terminal it is broken between words where it is too long. A context of `room` clears what
    is drawn on the terminal meanwhile.
    """

    room: Callable[[], AbstractContextManager[None]] = nullcontext

    def emit(self, record: logging.LogRecord) -> None:
        """Print a message."""
        text = printable(record.getMessage())
        width = 0 if getattr(record, "is_whole", False) else terminal_columns(sys.stderr)
        with self.room():
            print(
                *(wrapped(text, width) if width else [text]), sep="\n", file=sys.stderr, flush=True
            )


class _LogFile(logging.FileHandler):
    """The log file. If it can no longer be written, a message is printed once."""

    def format(self, record: logging.LogRecord) -> str:
        """One line that begins with the time."""
        # file names may hold line breaks and escape sequences
        record.msg, record.args = printable(record.getMessage()), None
        return super().format(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Stop logging: the disk is full, or was removed."""
        # first removed, since the message below would come here again
        _log.removeHandler(self)
        error = sys.exc_info()[1]
        # the words of the system, without the number of the error
        reason = getattr(error, "strerror", None) or error
        say(
            f"the log file {self.baseFilename} can no longer be written ({reason}): no more logging"
        )


# not from logging.getLogger: libraries that configure logging leave this one alone
_log = logging.Logger("scsampler", logging.DEBUG)
_screen = _Screen(NOTE)
_log.addHandler(_screen)


def set_up(quiet: bool, verbose: int, log_file: Path | None = None, *, empty: bool = False) -> None:
    """Set which messages are printed on stderr, and the file that gets all of them.

    Args:
        quiet: True for no notes.
        verbose: 1: also what starts and ends; 2: also the messages of native code.
        log_file: the messages are appended to it, each with its time.
        empty: True to empty the log file first.

    Raises:
        OutputError: the log file cannot be written.
    """
    # a higher level prints less; the log file gets every level
    _screen.setLevel(MESSAGE if quiet else (NOTE, DETAIL, NATIVE)[min(verbose, 2)])
    if log_file is None:
        return
    try:
        handler = _LogFile(
            log_file, "w" if empty else "a", encoding="utf-8", errors="backslashreplace"
        )
    except OSError as error:
        raise OutputError(
            f"cannot write {log_file}: {error.strerror or error}",
            code="write-failed",
            hint="check its permissions",
        ) from error
    # the name of the level distinguishes errors, notes and native messages
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    _log.addHandler(handler)


def make_room(room: Callable[[], AbstractContextManager[None]] | None) -> None:
    """Print every message within a context of `room`; None: nothing is drawn any more."""
    _screen.room = room or nullcontext


def say(text: str, *, is_whole: bool = False) -> None:
    """Print one line, always.

    Args:
        text: the line.
        is_whole: True to leave it as it is on a narrow terminal: a command to copy, or a line of a
            traceback.
    """
    _log.log(MESSAGE, "%s", text, extra=_WHOLE if is_whole else None)


def note(text: str, *, is_whole: bool = False) -> None:
    """Print one line, except with -q; the arguments are those of `say`."""
    _log.log(NOTE, "%s", text, extra=_WHOLE if is_whole else None)


def detail(text: str) -> None:
    """Print one line with -v."""
    _log.log(DETAIL, "%s", text)


def native(text: str) -> None:
    """Print one line of FFmpeg, or of other native code, with -vv."""
    _log.log(NATIVE, "%s", text)


def on_note(text: str) -> None:
    """Print `note: ...`, except with -q: what the library calls with each of its notes."""
    note(f"note: {text}")


def show_error(error: Exception, prefix: str = "") -> None:
    """Print `error: ...` and `hint: ...`, one line each, then the example of the error.

    Args:
        error: hint and example are optional.
        prefix: is put before the message.
    """
    # a path on the command line, which any call of the system may refuse
    if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
        error = InputError(
            f"{error.filename}: {error.strerror}",
            code=read_code(error),
            hint="check the path and its permissions",
        )
    # an error of the library has a message for people; any other one is a defect
    message = str(error)
    hint: str | None = "please report it, with the traceback"
    if isinstance(error, ScsamplerError):
        hint = error.hint
    else:
        message = f"unexpected {type(error).__name__}: {message}"
    show_failure(prefix + message, hint, code_of(error))
    if isinstance(error, ScsamplerError) and error.example:
        for line in error.example.splitlines():
            say(line, is_whole=True)


def show_failure(message: str, hint: str | None, code: str | None) -> None:
    """Print `error: ...` and `hint: ...`, one line each.

    Args:
        message: what is wrong.
        hint: what to try next; options that help are added.
        code: of the error.
    """
    _log.error("%s", f"error: {' '.join(message.split())}")
    if hint := full_hint(code, message, hint):
        _log.error("%s", f"hint: {' '.join(hint.split())}")


def show_traceback(error: Exception) -> None:
    """Print the traceback, for --debug."""
    import traceback

    print_traceback("".join(traceback.format_exception(error)))


def show_notes(error: Exception) -> None:
    """Print the notes of an error, for --debug: its traceback in the process that raised it."""
    for text in getattr(error, "__notes__", ()):
        print_traceback(text)


def print_traceback(text: str) -> None:
    """Print several lines, unchanged."""
    for line in text.rstrip().splitlines():
        say(line, is_whole=True)
