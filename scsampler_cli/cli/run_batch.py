"""Run one command over its inputs: one record each, and an exit code for all.

Exit codes are in `command_guard`; 3 also if a file that belongs to a record could not be made.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Container, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from scsampler_cli.batch import shards
from scsampler_cli.batch.task import Record, Task
from scsampler_cli.cli import (
    batch_results,
    console,
    engines,
    output_targets,
    overwrite_checks,
    signals,
)
from scsampler_cli.cli.batch_counts import BatchCounts, end_line
from scsampler_cli.cli.batch_plan import Batch
from scsampler_cli.cli.command_guard import FAILED, INTERRUPTED, SOME_FAILED
from scsampler_cli.cli.input_files import named_files
from scsampler_cli.cli.input_options import InputOptions
from scsampler_cli.cli.option_hints import with_full_hint
from scsampler_cli.cli.progress import BatchBars
from scsampler_cli.cli.run_options import RunOptions
from scsampler_cli.config import __version__
from scsampler_cli.errors import OutputError, ScsamplerError, SettingsError
from scsampler_cli.files.inputs import check_readable
from scsampler_cli.output import records
from scsampler_cli.output.csv_rows import csv_columns
from scsampler_cli.output.writers import CUT_FORMATS, DOCUMENT_FORMATS, format_for
from scsampler_cli.text import counted

if TYPE_CHECKING:
    from scsampler_cli.batch.outcome import Outcome
    from scsampler_cli.batch.resume import Results


@dataclass(frozen=True)
class Hooks:
    """What a command does in addition to writing records."""

    is_valid: Callable[[Record], bool] = lambda _: True
    """False for a record of an earlier run whose files have been lost since."""
    on_record: Callable[[Record], None] = lambda _: None
    """Called with each record of this run, failures included."""
    on_end: Callable[[], None] = lambda: None
    """Called when all records are written, also after an interrupt."""
    made_in: Path | None = None
    """File or folder of what the command makes of a video; None where that is the record."""


def plan(
    command: str,
    inputs: InputOptions,
    running: RunOptions,
    *,
    form: str | None,
    output: Path | None,
    shard: str | None = None,
    top: int = 5,
    rows: str = "video",
    reads: Sequence[Path] = (),
) -> Batch:
    """Find the inputs and the format of the records, and check the output.

    Args:
        command: its name.
        inputs: files and folders.
        running: how the command goes through them.
        form: format of the records; None takes it from the suffix of the output.
        output: file or folder of the records; None and "-" are standard output.
        shard: "i/n" takes one of n parts of the inputs.
        top: number of tags in a record of `classify`.
        rows: what a row of CSV is, one of `csv_rows.ROWS`.
        reads: other files that the command reads, such as weight files.

    Raises:
        SettingsError: no path, an invalid shard, or an output that is an input, has no format, or
            cannot be resumed.
        InputError: a folder without videos, or a single file that cannot be read.
        OutputError: the output or the log file cannot be written, or another file has its name.
    """
    paths = inputs.paths
    if not paths:
        raise SettingsError(
            "no video is named", code="no-input", hint=f"scsampler {command} VIDEO, or --help"
        )
    console.set_up(running.quiet, running.verbose)
    # (i, n): part i of n
    share = shards.parse(shard) if shard else None
    named, notes = named_files(paths, inputs.glob)
    chosen = [path for path in named if shards.in_shard(path, share)] if share else named

    # `-` and no output are the same from here on
    output = None if output == output_targets.STDOUT else output
    option = "--records" if command == "extract" else "-o"
    overwrite_checks.check_not_read([*named, *reads], {option: output})
    # without --format, the suffix of the file decides
    form = form or ("table" if output is None else format_for(output, cuts=command != "extract"))
    if form in DOCUMENT_FORMATS:
        output_targets.check_document(command, form, named)
    batch = Batch(
        command,
        chosen,
        _is_single(paths),
        form=form,
        output=output,
        columns=csv_columns(command, top, rows),
        running=running,
        named=named,
        places=(
            output_targets.of_cuts(command, form, named, named=paths, output=output)
            if form in CUT_FORMATS
            else None
        ),
        shard=shard,
        reads=reads,
        rows=rows,
    )
    if running.resume and not batch.on_disk:
        raise SettingsError(
            "--resume needs an output of JSON lines",
            code="resume-unsupported",
            hint=f"add {batch.option} FILE.jsonl",
        )

    # the log file is opened last: it may only be emptied when nothing else is refused
    empty_log = overwrite_checks.check_batch(batch)
    console.set_up(running.quiet, running.verbose, running.log_file, empty=empty_log)
    for note in notes:
        _note(note)
    if share:
        _note(f"shard {shard}: {len(chosen)} of {counted(len(named), 'file')}")
    if batch.single and chosen and not running.resume:
        _check_readable(batch)
    return batch


def _is_single(paths: Sequence[str]) -> bool:
    """True when one file is named, and nothing else."""
    return len(paths) == 1 and paths[0] != "-" and not os.path.isdir(paths[0])  # noqa: PTH112


def _check_readable(batch: Batch) -> None:
    """Fail on a single unreadable file before models are loaded, and write its record."""
    try:
        check_readable(batch.inputs[0])
    except ScsamplerError as error:
        record = records.failure(batch.command, str(batch.inputs[0]), error)
        batch_results.write_single(batch, with_full_hint(record))
        raise


def run(batch: Batch, task: Task, hooks: Hooks | None = None) -> None:
    """Process every input, and exit with the code of the batch.

    Args:
        batch: from `plan`.
        task: what is done with each input.
        hooks: what else the command does.

    Raises:
        typer.Exit: not all inputs were processed without an error.
    """
    from scsampler_cli.batch.current_records import run_digest

    running, hooks = batch.running, hooks or Hooks()
    start_time = time.perf_counter()
    if not batch.inputs:
        batch_results.write_nothing(batch)
        hooks.on_end()
        return
    # more processes than files would only load models
    jobs = min(running.jobs, len(batch.inputs))
    console.detail(
        f"scsampler {__version__}: {batch.command}, {counted(len(batch.inputs), 'input')}"
    )
    with ExitStack() as stack:
        bars = BatchBars(running.quiet, len(batch.inputs))
        # notes on all files, which are not repeated for each file
        shared_notes: set[str] = set()

        def note_once(text: str) -> None:
            shared_notes.add(text)
            _note(text)

        worker_pool = engines.make_engine(
            task, jobs, running, note=note_once, detail=console.detail, watch=bars.watch
        )
        # signals first: they must stop a pool that is still starting
        stack.enter_context(signals.handled(worker_pool.stop))
        stack.enter_context(worker_pool)
        # one process is enough to find out that an earlier run has done everything
        identity = worker_pool.identity(1 if running.resume else jobs)
        # errors of files of records, such as a full disk for one of several
        lost: list[OutputError] = []
        results = stack.enter_context(
            batch_results.open_batch_results(
                batch, identity, hooks.is_valid, on_failure=lost.append
            )
        )
        stack.enter_context(bars)
        bars.done_before(len(results.done), sum(results.done.values()))
        state = _State(batch, hooks, results, bars=bars, shared_notes=shared_notes, lost=lost)
        digest = run_digest(identity)
        # the number of an input is its place in the order of records
        todo = [
            (index, path) for index, path in enumerate(batch.inputs) if index not in results.done
        ]
        for outcome in worker_pool.run(todo):
            state.add(outcome, with_full_hint({**outcome.record, "run": digest}))
    # the index page is written after an interrupt, too
    has_ended = _ended(hooks)
    counts = state.counts()
    # a single file has its table, or its error
    if not batch.single:
        seconds = time.perf_counter() - start_time
        console.note(end_line(counts, seconds, [hooks.made_in, batch.output]))
    incomplete = not has_ended or counts.incomplete > 0
    _exit(batch, counts.all_failed, incomplete, stopped=worker_pool.stopping)


class _State:
    """The records of a run in progress.

    Args:
        batch: the inputs.
        hooks: what else the command does.
        results: takes the records.
        bars: progress on the terminal.
        shared_notes: notes on all files, already printed.
        lost: errors of files of records that could not be written; another part adds to them.
    """

    def __init__(
        self,
        batch: Batch,
        hooks: Hooks,
        results: Results,
        *,
        bars: BatchBars,
        shared_notes: Container[str],
        lost: Sequence[OutputError],
    ) -> None:
        self._batch, self._hooks, self._results = batch, hooks, results
        self._bars, self._shared_notes, self._lost = bars, shared_notes, lost
        self._shown = 0
        self._counts = BatchCounts(
            batch.command, kept=len(results.done), kept_failed=sum(results.done.values())
        )

    def add(self, outcome: Outcome, record: Record) -> None:
        """Write the record of a file, and show its messages."""
        ok = record["status"] == "ok"
        self._counts.add(record)
        with self._bars.hidden():
            # the error of a single file is on stderr, and a table has no line for it
            if ok or not (self._batch.single and self._batch.form == "table"):
                self._results.add(outcome.index, record)
        _show_messages(outcome, self._batch, self._shared_notes)
        # the writer adds errors while a record is added
        for error in self._lost[self._shown :]:
            console.show_error(error)
        self._shown = len(self._lost)
        self._bars.finished(outcome.path, ok)
        self._hooks.on_record(record)

    def counts(self) -> BatchCounts:
        """The numbers of the whole batch, once the writer is closed."""
        counts = replace(self._counts, lost=len(self._lost))
        worked = counts.done + counts.unsure + counts.failed
        return replace(counts, left=len(self._batch.inputs) - counts.kept - worked)


def _ended(hooks: Hooks) -> bool:
    """False when what a command does at the end failed; the records are written all the same."""
    try:
        hooks.on_end()
    except ScsamplerError as error:
        console.show_error(error)
        return False
    return True


def _exit(batch: Batch, failed: int, incomplete: bool, *, stopped: bool) -> None:
    """Exit with a code other than 0 if inputs failed, or files of records (`incomplete`)."""
    if stopped:
        more = "; the same command with --resume continues" if batch.on_disk else ""
        console.say(f"interrupted{more}")
        raise typer.Exit(INTERRUPTED)
    # failed inputs of earlier runs count, too
    if failed == len(batch.inputs):
        raise typer.Exit(FAILED)
    if failed or incomplete:
        raise typer.Exit(SOME_FAILED)


def _note(text: str) -> None:
    console.note(f"note: {text}")


def _show_messages(outcome: Outcome, batch: Batch, shared_notes: Container[str]) -> None:
    """Print the messages, the notes and the error of a file, without notes that were printed."""
    path, record = outcome.path, outcome.record
    engines.show_details(outcome)
    if record["status"] != "ok":
        engines.show_failure(outcome, is_single=batch.single, debug=batch.running.debug)
        return
    for error in record.get("files_failed", {}).values():
        console.show_failure(error["message"], error["hint"], error["code"])
    # a table on the terminal shows the notes itself
    if batch.form == "table" and batch.output is None and sys.stdout.isatty():
        return
    for note in record["notes"]:
        if note not in shared_notes:
            _note(f"{path}: {note}")
