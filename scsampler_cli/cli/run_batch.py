"""Run one command over its inputs: a record for each, errors that do not end the batch, and the exit code.

Exit codes: 0 ok, 1 failed, 2 usage, 3 some inputs failed or a file beside a record could not be made, 130 interrupted,
128 + N ended by signal N.
"""

from __future__ import annotations

import functools
import os
import signal
import sys
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec

import typer

from scsampler_cli.batch import shards
from scsampler_cli.batch.task import Record, Task
from scsampler_cli.cli import console, engines, output_targets, overwrite_checks, signals
from scsampler_cli.cli.batch_plan import Batch
from scsampler_cli.cli.input_files import named_files
from scsampler_cli.cli.progress import BatchBars
from scsampler_cli.cli.run_options import RunOptions
from scsampler_cli.config import __version__
from scsampler_cli.dependencies import import_failure
from scsampler_cli.errors import OutputError, ScsamplerError, SettingsError
from scsampler_cli.files.inputs import check_readable
from scsampler_cli.files.output_paths import check_working_folder
from scsampler_cli.output import records
from scsampler_cli.output.tables import csv_columns
from scsampler_cli.output.writers import CUT_FORMATS, FORMATS, CutWriter, format_for, open_writer
from scsampler_cli.text import counted

if TYPE_CHECKING:
    from scsampler_cli.batch.pool import Outcome
    from scsampler_cli.batch.resume import OnDisk, Results

FAILED, USAGE, SOME_FAILED, INTERRUPTED = 1, 2, 3, 130
READER_GONE = 128 + signal.SIGPIPE
"""As the shell says it of a program whose pipe was closed."""

P = ParamSpec("P")


@dataclass(frozen=True)
class Hooks:
    """What a command does beside working on its inputs."""

    still_there: Callable[[Record], bool] = lambda _: True
    """False for a record of an earlier run whose work has been lost since."""
    made: Callable[[Record], None] = lambda _: None
    """Told of each record of this run, also of a failure."""
    closing: Callable[[], None] = lambda: None
    """Called when all records are written, before the run ends; also after an interrupt."""


def plan(
    command: str,
    paths: list[str] | None,
    glob: str | None,
    *,
    form: str | None,
    output: Path | None,
    running: RunOptions,
    top: int = 5,
    shard: str | None = None,
    reads: Sequence[Path] = (),
) -> Batch:
    """Expand the inputs and settle the format; an output of "-" is standard output, a shard is "i/n".

    Raises:
        SettingsError: no path or no such shard was given, or an output that is an input, has no format, or cannot be resumed.
        InputError: a folder without videos, or a single file that cannot be read.
        OutputError: the output, or the log file, could not be written, or is something else that is there already.
    """
    if not paths:
        raise SettingsError(
            "no video was named", code="no-input", hint=f"scsampler {command} VIDEO, or --help"
        )
    console.set_up(running.quiet, running.verbose)
    share = shards.parse(shard) if shard else None
    named, notes = named_files(paths, glob)
    output = None if output == output_targets.STDOUT else output
    overwrite_checks.check_not_read(
        [*named, *reads], {"--records" if command == "extract" else "-o": output}
    )
    form = form or ("table" if output is None else format_for(output, cuts=command != "extract"))
    inputs = [path for path in named if shards.in_shard(path, share)] if share else named
    places = (
        output_targets.of_cuts(command, form, named, named=paths, output=output)
        if form in CUT_FORMATS
        else None
    )
    single = len(paths) == 1 and paths[0] != "-" and not os.path.isdir(paths[0])  # noqa: PTH112
    batch = Batch(
        command,
        inputs,
        single,
        form=form,
        output=output,
        columns=csv_columns(command, top),
        running=running,
        named=named,
        places=places,
        reads=reads,
    )
    if running.resume and not batch.on_disk:
        raise SettingsError(
            "--resume goes on with a file of JSON lines",
            code="resume-unsupported",
            hint=f"give it: {batch.option} FILE.jsonl",
        )
    empty_log = overwrite_checks.check_batch(batch)
    console.set_up(running.quiet, running.verbose, running.log_file, empty=empty_log)
    for note in notes:
        _note(note)
    if share:
        _note(f"shard {shard}: {len(inputs)} of {counted(len(named), 'file')}")
    if single and inputs:
        _check_at_once(batch)
    return batch


def _check_at_once(batch: Batch) -> None:
    """Fail on a single unreadable file before models are loaded, with its record; not where there are others to go on with."""
    if batch.running.resume:
        return
    try:
        check_readable(batch.inputs[0])
    except ScsamplerError as error:
        record = records.failure(batch.command, str(batch.inputs[0]), error)
        if batch.on_disk:
            with _on_disk(batch) as found:
                found.add(0, record)
        elif batch.form in FORMATS and batch.form != "table":
            with open_writer(
                batch.form, batch.output, sys.stdout, columns=batch.columns, single=True
            ) as writer:
                writer.write(record)
        raise


def run(
    batch: Batch,
    task: Task,
    hooks: Hooks | None = None,
) -> None:
    """Do every input and leave with the exit code that says how it went.

    Args:
        batch: from `plan`.
        task: what is done with each input.
        hooks: what is to be done beside.
    """
    from scsampler_cli.batch.resume import run_digest

    running, hooks = batch.running, hooks or Hooks()
    if not batch.inputs:
        _leave_empty(batch)
        hooks.closing()
        return
    jobs = min(running.jobs, len(batch.inputs))
    console.detail(
        f"scsampler {__version__}: {batch.command}, {counted(len(batch.inputs), 'input')}"
    )
    with ExitStack() as stack:
        bars = BatchBars(running.quiet, len(batch.inputs))
        told: set[str] = set()
        worker_pool = engines.made(
            task,
            jobs,
            running,
            note=lambda text: _note_once(text, told),
            detail=console.detail,
            watch=bars.watch,
        )
        stack.enter_context(signals.handled(worker_pool.stop))
        stack.enter_context(worker_pool)
        # to find that all is done takes no more than one process
        identity = worker_pool.identity(1 if running.resume else jobs)
        lost: list[OutputError] = []
        found = stack.enter_context(
            _results(batch, identity, hooks.still_there, on_failure=lost.append)
        )
        stack.enter_context(bars)
        bars.done_before(len(found.done), sum(found.done.values()))
        digest = run_digest(identity)
        failed, shown, incomplete = sum(found.done.values()), 0, False
        todo = [(index, path) for index, path in enumerate(batch.inputs) if index not in found.done]
        for outcome in worker_pool.run(todo):
            record = {**outcome.record, "run": digest}
            ok = record["status"] == "ok"
            failed += not ok
            incomplete |= "files_failed" in record
            with bars.hidden():
                if ok or not (batch.single and batch.form == "table"):
                    found.add(outcome.index, record)
            _tell(outcome, batch, told)
            for error in lost[shown:]:
                console.show_error(error)
            shown = len(lost)
            bars.finished(outcome.path, ok)
            hooks.made(record)
    incomplete |= not _closed(hooks)
    _leave(batch, failed + len(lost), incomplete, stopped=worker_pool.stopping)


def _leave_empty(batch: Batch) -> None:
    """The output of a shard without files: valid, and empty but for records of other shards that are to stay."""
    if batch.on_disk:
        with _on_disk(batch):
            return
    if batch.form in FORMATS:
        with open_writer(batch.form, batch.output, sys.stdout, columns=batch.columns, single=False):
            return


def _closed(hooks: Hooks) -> bool:
    """False where that failed, which takes nothing from the records."""
    try:
        hooks.closing()
    except ScsamplerError as error:
        console.show_error(error)
        return False
    return True


def _leave(batch: Batch, failed: int, incomplete: bool, *, stopped: bool) -> None:
    """Exit by how many inputs failed, and by whether a file beside a record could not be made (`incomplete`)."""
    if stopped:
        more = "; the same command with --resume goes on" if batch.on_disk else ""
        console.say(f"interrupted{more}")
        raise typer.Exit(INTERRUPTED)
    if failed == len(batch.inputs):
        raise typer.Exit(FAILED)
    if failed or incomplete:
        raise typer.Exit(SOME_FAILED)


@contextmanager
def _results(
    batch: Batch,
    identity: dict[str, Any],
    still_there: Callable[[Record], bool],
    *,
    on_failure: Callable[[OutputError], object],
) -> Iterator[Results]:
    from scsampler_cli.batch import resume

    ordered = not batch.running.as_finished
    if batch.places is not None:
        cuts = CutWriter(
            batch.form,
            batch.places.targets,
            batch.places.folder,
            stdout=sys.stdout,
            on_failure=on_failure,
        )
        yield resume.InMemory(cuts, ordered)
        return
    if not batch.on_disk:
        with open_writer(
            batch.form, batch.output, sys.stdout, columns=batch.columns, single=batch.single
        ) as writer:
            yield resume.InMemory(writer, ordered)
        return
    with _on_disk(batch) as found:
        if batch.running.resume:
            told, anew = found.recall(batch.command, identity, still_there)
            (console.say if anew else console.note)(f"note: {told}")
        yield found


@contextmanager
def _on_disk(batch: Batch) -> Iterator[OnDisk]:
    """The file of JSON lines; what is there stays with --resume, goes with --overwrite, and else is kept under another name."""
    from scsampler_cli.batch import resume

    assert batch.output is not None
    running = batch.running
    paths = [str(path) for path in batch.inputs]
    keep = running.resume or not running.overwrite
    with resume.open_results(batch.output.resolve(), paths, not running.as_finished, keep=keep) as found:
        kept = None if running.resume or not keep else found.set_aside()
        if kept is not None:
            console.say(
                f"note: the records of an earlier run are kept in {kept} (--resume goes on with an output)"
            )
        yield found


def _note(text: str) -> None:
    console.note(f"note: {text}")


def _note_once(text: str, told: set[str]) -> None:
    """A note on all files, which those on each need not repeat."""
    told.add(text)
    _note(text)


def _tell(outcome: Outcome, batch: Batch, told: Container[str]) -> None:
    """What people should know of a file that is done, but for what they have been told of all files."""
    path, record = outcome.path, outcome.record
    for said in record["ffmpeg"]:
        console.native(f"{path}: {said}")
    console.detail(f"{path}: {record['status']} after {outcome.seconds:.1f} s")
    if record["status"] == "ok":
        for error in record.get("files_failed", {}).values():
            console.show_failure(error["message"], error["hint"])
        # a table on the terminal shows the notes itself
        if not (batch.form == "table" and batch.output is None and sys.stdout.isatty()):
            for note in (note for note in record["notes"] if note not in told):
                _note(f"{path}: {note}")
        return
    if outcome.traceback and batch.running.debug:
        console.print_traceback(outcome.traceback)
    message, hint = record["error"]["message"], record["error"]["hint"]
    named = batch.single or " ".join(str(path).split()) in message
    console.show_failure(message if named else f"{path}: {message}", hint)


def guarded(command: Callable[P, None]) -> Callable[P, None]:
    """Turn what escapes a command into one line on stderr and an exit code; --debug shows the traceback."""

    @functools.wraps(command)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            check_working_folder()
            command(*args, **kwargs)
        except typer.Exit:
            raise
        except KeyboardInterrupt:
            console.say("interrupted")
            # a second one does not wait for processes that finish their work
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            raise typer.Exit(INTERRUPTED) from None
        except signals.Terminated as end:
            console.say(f"ended by {signal.Signals(end.number).name}")
            raise typer.Exit(128 + end.number) from None
        except BrokenPipeError:
            # the reader of our output has gone: nobody is left to tell
            raise typer.Exit(READER_GONE) from None
        except Exception as error:
            if kwargs.get("debug"):
                console.show_traceback(error)
            console.show_error(import_failure(error) or error)
            usage = isinstance(error, SettingsError)
            raise typer.Exit(USAGE if usage else FAILED) from (
                error if isinstance(error, ScsamplerError) else None
            )

    return wrapper
