"""What goes to people on stderr: messages, hints, progress. Results go to stdout and never through here.

Progress is drawn on a terminal only; in a pipe or a log there is silence.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from scsampler_cli.errors import ScsamplerError

if TYPE_CHECKING:
    from rich.progress import Progress

STAGES = {"score": "looking", "listen": "listening", "classify": "classifying", "extract": "extracting"}


def say(text: str) -> None:
    """One line on stderr."""
    print(text, file=sys.stderr, flush=True)


def show_error(error: Exception, prefix: str = "") -> None:
    """`error: ...` and, where there is one, `hint: ...`; one line each."""
    message = " ".join(str(error).split())
    if not isinstance(error, ScsamplerError):
        message = f"unexpected {type(error).__name__}: {message}"
    hint = error.hint if isinstance(error, ScsamplerError) else "run with --debug for the traceback; please report it"
    say(f"error: {prefix}{message}")
    if hint:
        say(f"hint: {' '.join(hint.split())}")


@contextmanager
def progress_bar(quiet: bool) -> Iterator[Callable[[str, int, int], None]]:
    """A callback (stage, done, total) that draws one bar with the time left, where stderr is a terminal."""
    if quiet or not sys.stderr.isatty():
        yield lambda stage, done, total: None
        return
    with _rich_progress() as bar:
        task = bar.add_task("opening", total=None)

        def update(stage: str, done: int, total: int) -> None:
            name = STAGES.get(stage, stage)
            if bar.tasks[0].description != name:
                bar.reset(task, description=name, total=total)
            bar.update(task, completed=done, total=total)

        yield update


def _rich_progress() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)


def show_traceback(error: Exception) -> None:
    """The whole traceback, for --debug."""
    import traceback

    say("".join(traceback.format_exception(error)).rstrip())
