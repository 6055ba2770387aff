"""What goes to people on stderr: messages, hints, progress. Results go to stdout and never through here.

Progress is drawn on a terminal only; in a pipe or a log there is silence.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from scsampler_cli.errors import ScsamplerError
from scsampler_cli.tables import printable

if TYPE_CHECKING:
    from rich.progress import Progress

STAGES = {"score": "looking", "listen": "listening", "classify": "classifying", "extract": "extracting"}


def say(text: str) -> None:
    """One line on stderr; whatever is in a file's name, it stays one line."""
    print(printable(text), file=sys.stderr, flush=True)


def show_error(error: Exception, prefix: str = "") -> None:
    """`error: ...` and, where there is one, `hint: ...`, one line each; then the lines of an example, if it has one."""
    message = " ".join(str(error).split())
    if not isinstance(error, ScsamplerError):
        message = f"unexpected {type(error).__name__}: {message}"
    hint = error.hint if isinstance(error, ScsamplerError) else "run with --debug for the traceback; please report it"
    say(f"error: {prefix}{message}")
    if hint:
        say(f"hint: {' '.join(hint.split())}")
    for line in ((isinstance(error, ScsamplerError) and error.example) or "").splitlines():
        say(line)


class Bars:
    """Progress on stderr: the stage under way and, of several inputs, how many are done; nothing where stderr is no terminal.

    A context manager, and itself the progress callback of the library.
    """

    def __init__(self, quiet: bool, inputs: int = 1) -> None:
        self._bar = None if quiet or not sys.stderr.isatty() else _rich_progress()
        if self._bar is not None:
            self._shown = "opening"
            self._stage = self._bar.add_task(self._shown, total=None)
            self._inputs = self._bar.add_task("files", total=inputs, visible=inputs > 1)

    def __enter__(self) -> Bars:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
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

    def input_done(self) -> None:
        """One more input has its result."""
        if self._bar is not None:
            self._bar.advance(self._inputs)

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

    print("".join(traceback.format_exception(error)).rstrip(), file=sys.stderr, flush=True)
