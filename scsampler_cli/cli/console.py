"""What goes to people on stderr, and to the log file: messages and hints. Results go to stdout and never through here.

But: what is drawn on a terminal meanwhile is in `bars`.
"""

from __future__ import annotations

import errno
import logging
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from scsampler_cli.cli.option_hints import full_hint
from scsampler_cli.errors import InputError, OutputError, ScsamplerError, code_of, read_code
from scsampler_cli.text import printable

SAID, NOTE, DETAIL, NATIVE = 35, 30, 20, 10
"""Levels of messages below errors: for everyone, not with -q, with -v, and what native code said, with -vv."""
for _level, _name in ((SAID, "SAID"), (NOTE, "NOTE"), (DETAIL, "DETAIL"), (NATIVE, "NATIVE")):
    logging.addLevelName(_level, _name)


class _Screen(logging.Handler):
    """One line on stderr; whatever is in a file's name, it stays one line. What is drawn there makes room for it."""

    room: Callable[[], AbstractContextManager[None]] = nullcontext

    def emit(self, record: logging.LogRecord) -> None:
        """Print a message."""
        with self.room():
            print(printable(record.getMessage()), file=sys.stderr, flush=True)


class _LogFile(logging.FileHandler):
    """The log file; when it cannot be written any more, that is said once."""

    def format(self, record: logging.LogRecord) -> str:
        """A line with its time."""
        record.msg, record.args = printable(record.getMessage()), None
        return super().format(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """The disk is full, or gone."""
        _log.removeHandler(self)
        say(
            f"the log file {self.baseFilename} cannot be written any more ({sys.exc_info()[1]}): going on without"
        )


_log = logging.Logger("scsampler", logging.DEBUG)
_screen = _Screen(NOTE)
_log.addHandler(_screen)


def set_up(quiet: bool, verbose: int, log_file: Path | None = None, *, empty: bool = False) -> None:
    """Say how much goes to stderr, and where all of it goes.

    Args:
        quiet: no notes.
        verbose: 1 also tells what is begun and done, 2 what native code says.
        log_file: is appended to; every line has its time.
        empty: True to begin with an empty log file.

    Raises:
        OutputError: the log file cannot be written.
    """
    _screen.setLevel(SAID if quiet else (NOTE, DETAIL, NATIVE)[min(verbose, 2)])
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
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    _log.addHandler(handler)


def make_room(room: Callable[[], AbstractContextManager[None]] | None) -> None:
    """Have every message written within such a context; None when nothing is drawn any more."""
    _screen.room = room or nullcontext


def say(text: str) -> None:
    """One line for everyone."""
    _log.log(SAID, "%s", text)


def note(text: str) -> None:
    """One line that -q leaves out."""
    _log.log(NOTE, "%s", text)


def detail(text: str) -> None:
    """One line for those who asked for more."""
    _log.log(DETAIL, "%s", text)


def native(text: str) -> None:
    """What FFmpeg, or other native code, has said."""
    _log.log(NATIVE, "%s", text)


def notes(quiet: bool) -> Callable[[str], None]:
    """What takes notes for the user where -q drops them and there is no `set_up`."""
    return (lambda _: None) if quiet else (lambda text: say(f"note: {text}"))


def show_error(error: Exception, prefix: str = "") -> None:
    """`error: ...` and, where there is one, `hint: ...`, one line each; then the lines of an example, if it has one."""
    if (
        isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG
    ):  # of a name on the command line
        error = InputError(
            f"{error.filename}: {error.strerror}",
            code=read_code(error),
            hint="check the path and its permissions",
        )
    message = str(error)
    hint: str | None = "please report it, with the traceback"
    if isinstance(error, ScsamplerError):
        hint = error.hint
    else:
        message = f"unexpected {type(error).__name__}: {message}"
    show_failure(prefix + message, hint, code_of(error))
    for line in ((isinstance(error, ScsamplerError) and error.example) or "").splitlines():
        say(line)


def show_failure(message: str, hint: str | None, code: str | None) -> None:
    """`error: ...` and, where there is one, `hint: ...`, one line each.

    Args:
        message: what is wrong.
        hint: what to try next; options that help are added.
        code: of the error.
    """
    _log.error("%s", f"error: {' '.join(message.split())}")
    if hint := full_hint(code, message, hint):
        _log.error("%s", f"hint: {' '.join(hint.split())}")


def show_traceback(error: Exception) -> None:
    """The whole traceback, for --debug."""
    import traceback

    print_traceback("".join(traceback.format_exception(error)))


def show_notes(error: Exception) -> None:
    """What was noted of an error, such as its traceback in the process where it was raised, for --debug."""
    for text in getattr(error, "__notes__", ()):
        print_traceback(text)


def print_traceback(text: str) -> None:
    """Several lines, as they are."""
    for line in text.rstrip().splitlines():
        say(line)
