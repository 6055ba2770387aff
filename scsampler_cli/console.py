"""What goes to people on stderr, and to the log file: messages, hints, progress. Results go to stdout and never through here.

Progress is drawn on a terminal only; in a pipe or a log there is silence.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from scsampler_cli.errors import OutputError, ScsamplerError
from scsampler_cli.tables import printable

if TYPE_CHECKING:
    from rich.progress import Progress

STAGES = {"score": "looking", "listen": "listening", "classify": "classifying", "extract": "extracting"}

SAID, NOTE, DETAIL, NATIVE = 35, 30, 20, 10
"""Levels of messages below errors: for everyone, not with -q, with -v, and what native code said, with -vv."""
for _level, _name in ((SAID, "SAID"), (NOTE, "NOTE"), (DETAIL, "DETAIL"), (NATIVE, "NATIVE")):
    logging.addLevelName(_level, _name)


class _Screen(logging.Handler):
    """One line on stderr; whatever is in a file's name, it stays one line. Bars make room for it."""

    bars: Bars | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Print a message."""
        if self.bars is None:
            print(printable(record.getMessage()), file=sys.stderr, flush=True)
            return
        with self.bars.hidden():
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
        say(f"the log file {self.baseFilename} cannot be written any more ({sys.exc_info()[1]}): going on without")


_log = logging.Logger("scsampler", logging.DEBUG)
_screen = _Screen(NOTE)
_log.addHandler(_screen)


def set_up(quiet: bool, verbose: int, log_file: Path | None = None) -> None:
    """Say how much goes to stderr, and where all of it goes.

    Args:
        quiet: no notes.
        verbose: 1 also tells what is begun and done, 2 what native code says.
        log_file: is appended to; every line has its time.

    Raises:
        OutputError: the log file cannot be written.
    """
    _screen.setLevel(SAID if quiet else (NOTE, DETAIL, NATIVE)[min(verbose, 2)])
    if log_file is None:
        return
    try:
        handler = _LogFile(log_file, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise OutputError(f"cannot write {log_file}: {error.strerror or error}", hint="may you write there?") from error
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    _log.addHandler(handler)


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
    message = str(error)
    if not isinstance(error, ScsamplerError):
        message = f"unexpected {type(error).__name__}: {message}"
    hint = error.hint if isinstance(error, ScsamplerError) else "run with --debug for the traceback; please report it"
    show_failure(prefix + message, hint)
    for line in ((isinstance(error, ScsamplerError) and error.example) or "").splitlines():
        say(line)


def show_failure(message: str, hint: str | None) -> None:
    """`error: ...` and, where there is one, `hint: ...`, one line each."""
    _log.error("%s", f"error: {' '.join(message.split())}")
    if hint:
        _log.error("%s", f"hint: {' '.join(hint.split())}")


class Bars:
    """Progress on stderr: the stage under way and, of several inputs, how many are done; nothing where stderr is no terminal.

    A context manager, and itself the progress callback of the library.
    """

    def __init__(self, quiet: bool, inputs: int = 1, jobs: int = 1) -> None:
        self._alone = jobs == 1
        self._bar = None if quiet or not sys.stderr.isatty() else _rich_progress()
        if self._bar is not None:
            self._shown = "opening"
            self._stage = self._bar.add_task(self._shown, total=None)
            self._inputs = self._bar.add_task("files", total=inputs, visible=inputs > 1)

    def __enter__(self) -> Bars:
        if self._bar is not None:
            self._bar.start()
            _screen.bars = self
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            _screen.bars = None
            self._bar.stop()

    def __call__(self, stage: str, done: int, total: int, detail: str = "") -> None:
        """Show how far a stage is; the time left is counted anew with every new stage."""
        if self._bar is None:
            return
        name = STAGES.get(stage, stage)
        if self._shown != name or done == 1:
            self._shown = name
            self._bar.reset(self._stage, total=total)
        self._bar.update(self._stage, description=f"{name} {detail}".rstrip(), completed=done, total=total)

    def watch(self, path: Path, stage: str, done: int, total: int) -> None:
        """The progress callback of a batch: with several files under way the one that was heard of last is shown."""
        self(stage, done, total, "" if self._alone else path.name)

    def inputs_done(self, count: int = 1) -> None:
        """More inputs have their results."""
        if self._bar is not None:
            self._bar.advance(self._inputs, count)

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """Clear the bars while something is written: a result on the same terminal must not run into them."""
        if self._bar is None:
            yield
            return
        self._bar.stop()
        yield
        self._bar.start()


def _rich_progress() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    # redirect_stdout would send results to stderr
    return Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=False)


def show_traceback(error: Exception) -> None:
    """The whole traceback, for --debug."""
    import traceback

    print_traceback("".join(traceback.format_exception(error)))


def print_traceback(text: str) -> None:
    """Several lines, as they are."""
    for line in text.rstrip().splitlines():
        say(line)
