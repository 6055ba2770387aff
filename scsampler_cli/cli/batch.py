"""Run one command over its inputs: a record for each, errors that do not end the batch, and the exit code.

Exit codes: 0 ok, 1 failed, 2 usage, 3 some inputs failed, 130 interrupted.
"""

from __future__ import annotations

import functools
import os
import signal
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ParamSpec

import typer

from scsampler_cli import console, report
from scsampler_cli.errors import ScsamplerError, SettingsError
from scsampler_cli.inputs import check_readable, find_inputs
from scsampler_cli.tables import csv_columns
from scsampler_cli.writers import Writer, check_output, format_for, open_writer

STDOUT = Path("-")
FAILED, USAGE, SOME_FAILED, INTERRUPTED = 1, 2, 3, 130
READER_GONE = 128 + signal.SIGPIPE
"""As the shell says it of a program whose pipe was closed."""

Progress = Callable[[str, int, int], None]
Work = Callable[[Path, Progress], dict[str, Any]]
P = ParamSpec("P")


@dataclass(frozen=True)
class Batch:
    """The inputs of a command and where its records go."""

    command: str
    inputs: list[Path]
    single: bool
    """True when one file was named, and nothing else."""
    form: str
    output: Path | None
    columns: list[str]
    quiet: bool
    debug: bool


def plan(
    command: str,
    paths: list[str] | None,
    glob: str | None,
    form: str | None,
    output: Path | None,
    quiet: bool,
    debug: bool,
    top: int = 5,
) -> Batch:
    """Expand the inputs and settle the format; an output of "-" is standard output.

    Raises:
        SettingsError: no path was given, or the output would overwrite an input.
        InputError: a folder without videos, or a single file that cannot be read.
        OutputError: the output could not be written.
    """
    if not paths:
        raise SettingsError("no video was named", hint=f"scsampler {command} VIDEO, or --help")
    inputs = find_inputs(paths, glob, _listed())
    output = None if output == STDOUT else output
    if output is not None:
        keep_apart(inputs, output)
        check_output(output)
    single = len(paths) == 1 and paths[0] != "-" and not Path(paths[0]).is_dir()
    form = form or (output and format_for(output)) or "table"
    batch = Batch(command, inputs, single, form, output, csv_columns(command, top), quiet, debug)
    if single:
        _check_at_once(batch)
    return batch


def keep_apart(inputs: list[Path], output: Path) -> None:
    """Refuse to overwrite an input.

    Raises:
        SettingsError: the output is one of the inputs.
    """
    if output.exists() and any(path.exists() and path.samefile(output) for path in inputs):
        raise SettingsError(f"{output} is both input and output", hint="give -o another name")


def _check_at_once(batch: Batch) -> None:
    """Fail on a single unreadable file before models are loaded, with its record."""
    try:
        check_readable(batch.inputs[0])
    except ScsamplerError as error:
        if batch.form != "table":
            with open_writer(batch.form, batch.output, sys.stdout, batch.columns, True) as writer:
                writer.write(report.failure(batch.command, str(batch.inputs[0]), error))
        raise


def _listed() -> Iterable[str]:
    """Paths on standard input, a line each, or separated by NUL as `find -print0` writes them; bytes of any encoding."""
    if sys.stdin is None:
        return
    data = sys.stdin.buffer.read()
    yield from (os.fsdecode(name) for name in data.split(b"\0" if b"\0" in data else b"\n"))


def run(batch: Batch, work: Work) -> None:
    """Do every input and leave with the exit code that says how it went."""
    done = failed = 0
    with (
        open_writer(batch.form, batch.output, sys.stdout, batch.columns, batch.single) as writer,
        console.Bars(batch.quiet, len(batch.inputs)) as bars,
    ):
        for path in batch.inputs:
            if _one(path, batch, work, writer, bars):
                done += 1
            else:
                failed += 1
            bars.input_done()
    if failed:
        raise typer.Exit(SOME_FAILED if done else FAILED)


def _one(path: Path, batch: Batch, work: Work, writer: Writer, bars: console.Bars) -> bool:
    try:
        check_readable(path)
        record = work(path, bars)
    except Exception as error:
        with bars.hidden():
            _fail(path, batch, writer, error)
        return False
    with bars.hidden():
        writer.write(record)
        # a table on the terminal shows the notes itself
        if not batch.quiet and not (batch.form == "table" and batch.output is None and sys.stdout.isatty()):
            for note in record["notes"]:
                console.say(f"note: {path}: {note}")
    return True


def _fail(path: Path, batch: Batch, writer: Writer, error: Exception) -> None:
    """Say why an input has no result, and record it."""
    if batch.debug:
        console.show_traceback(error)
    console.show_error(error, "" if batch.single or str(path) in str(error) else f"{path}: ")
    if not (batch.single and batch.form == "table"):
        writer.write(report.failure(batch.command, str(path), error))


def guarded(command: Callable[P, None]) -> Callable[P, None]:
    """Turn what escapes a command into one line on stderr and an exit code; --debug shows the traceback."""

    @functools.wraps(command)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except typer.Exit:
            raise
        except KeyboardInterrupt:
            console.say("interrupted")
            # a second one does not wait for processes that finish their work
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            # the reader of our output has gone: nobody is left to tell
            raise typer.Exit(READER_GONE) from None
        except Exception as error:
            if kwargs.get("debug"):
                console.show_traceback(error)
            console.show_error(error)
            usage = isinstance(error, SettingsError)
            raise typer.Exit(USAGE if usage else FAILED) from (error if isinstance(error, ScsamplerError) else None)

    return wrapper
