"""`scsampler merge`: one output from those of several runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from scsampler_cli.batch.merge_runs import Merged, survey
from scsampler_cli.cli import (
    command_guard,
    console,
    input_options,
    no_effect,
    output_options,
    output_targets,
    overwrite_checks,
)
from scsampler_cli.cli.input_files import named_files
from scsampler_cli.errors import SettingsError
from scsampler_cli.files.output_paths import (
    check_free,
    free_name,
    is_special,
    is_taken,
    sibling,
    write_whole,
)
from scsampler_cli.output.csv_rows import csv_columns
from scsampler_cli.output.output_file import reporting_write_errors
from scsampler_cli.output.writers import FORMATS, format_for, open_writer
from scsampler_cli.text import counted

LISTED = 20
"""Paths of a kind that are told one by one on stderr (our choice); a log file gets all."""


@command_guard.guarded
def merge(
    context: typer.Context,
    parts: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Outputs of JSON lines (.jsonl), all of classify, or all of score, or all of extract."
        ),
    ] = None,
    inputs: Annotated[
        list[str] | None,
        typer.Option(
            help="Files and folders that should have a record, or - for a list on standard input; may be given several "
            "times. What has none is told, and the output is in their order.",
            rich_help_panel=input_options.INPUT,
        ),
    ] = None,
    glob: input_options.Glob = None,
    output: output_options.Output = None,
    format: Annotated[
        output_options.Format | None,
        typer.Option(
            "--format",
            help="Form of the output; default: by the suffix of -o (.json, ...), else jsonl.",
            rich_help_panel=output_options.OUTPUT,
        ),
    ] = None,
    holes: Annotated[
        Path | None,
        typer.Option(
            parser=output_targets.output_path,
            metavar="PATH",
            help="Write the files of --inputs without a record here, for `scsampler classify - < FILE`.",
            rich_help_panel=output_options.OUTPUT,
        ),
    ] = None,
    overwrite: output_options.Overwrite = False,
    quiet: output_options.Quiet = False,
    verbose: output_options.Verbose = 0,
    log_file: output_options.LogFile = None,
    debug: output_options.Debug = False,
) -> None:
    """Join the JSON lines of several runs, each file once, and tell what is missing, failed, double or made otherwise.

    scsampler merge part*.jsonl -o all.jsonl --inputs clips/
    scsampler merge part*.jsonl --inputs clips/ --holes holes.txt -o all.csv; scsampler classify - -o rest.jsonl < holes.txt
    """
    no_effect.check(context, no_effect.MERGE)
    if not parts:
        raise SettingsError(
            "no file to merge is named",
            code="no-input",
            hint="scsampler merge part1.jsonl part2.jsonl -o all.jsonl",
        )
    console.set_up(quiet, verbose)
    wanted, notes = named_files(inputs, glob) if inputs else ([], [])
    output = None if output == output_targets.STDOUT else output
    overwrite_checks.check_not_read([*parts, *wanted], {"-o": output})
    form = format or ("jsonl" if output is None else format_for(output, "jsonl", cuts=False))
    if form not in FORMATS:
        raise SettingsError(
            f"{form} has one file for each video",
            code="output-folder-needed",
            hint=f"choose from {', '.join(FORMATS)}",
        )
    if holes == output_targets.STDOUT and output is None:
        raise SettingsError(
            "-o and --holes both go to standard output",
            code="path-conflict",
            hint="give one of them a file",
        )
    files = {
        "-o": output,
        "--holes": None if holes == output_targets.STDOUT else holes,
        "--log-file": log_file,
    }
    overwrite_checks.check_outputs([*parts, *wanted], files)
    if files["--holes"] is not None:
        check_free([files["--holes"]], "--holes", overwrite=overwrite)
    console.set_up(
        quiet, verbose, log_file, empty=overwrite_checks.check_log(log_file, overwrite=overwrite)
    )
    for note in notes:
        console.note(f"note: {note}")
    paths = [str(path) for path in wanted]
    merged = survey(parts)
    command = merged.command or "classify"
    if output is not None:
        overwrite_checks.check_records_file(
            output, form, command, option="-o", resume=False, overwrite=overwrite
        )
    missing = merged.holes(paths)
    columns = csv_columns(command, merged.tags)
    old = (
        None if overwrite or output is None or not is_taken(output) else free_name(output.resolve())
    )
    with open_writer(
        form, output, sys.stdout, columns=columns, single=False, keep_existing=not overwrite
    ) as writer:
        for record in merged.records(paths):
            writer.write(record)
    if old is not None:
        console.say(f"note: the records that were there are kept in {old}")
    if holes is not None:
        _write_list(holes, missing)
    _tell(merged, paths, missing)
    if missing or merged.failed:
        raise typer.Exit(command_guard.SOME_FAILED)


def _write_list(target: Path, paths: Sequence[str]) -> None:
    """A list for standard input: a line each, or, where a name has a line end in it, NUL after each."""
    end = b"\0" if any("\n" in path for path in paths) else b"\n"
    data = b"".join(os.fsencode(path) + end for path in paths)
    with reporting_write_errors(str(target)):
        if target == output_targets.STDOUT:
            sys.stdout.buffer.write(data)
        elif is_special(target):
            with target.open("ab") as stream:
                stream.write(data)
        else:
            write_whole(target.resolve(), data)


def _tell(merged: Merged, wanted: Sequence[str], missing: Sequence[str]) -> None:
    """What people should know, the sum last."""
    for part in merged.halves:
        console.say(f"note: {part} ends in half a line, which is left out")
    for part in merged.parts:
        waiting = sibling(part, ".waiting")
        if waiting.is_file() and waiting.stat().st_size:
            console.say(
                f"note: {waiting} holds records of a run that was cut off; that run with --resume brings them in"
            )
    if len(merged.runs) > 1:
        each = ", ".join(
            f"{run} {counted(count, 'record')}" for run, count in merged.runs.most_common()
        )
        console.say(
            f"note: made with {len(merged.runs)} different settings, weights or versions, by their run: {each}"
        )
    kept = (
        f"{path}: records differ, that of {merged.parts[merged.lines[path].part]} is kept"
        for path in merged.differing
    )
    _list(kept, len(merged.differing), "more with records that differ")
    others = len(merged.lines) - (len(wanted) - len(missing))
    if wanted and others:
        console.say(
            f"note: {counted(others, 'record')} of files that are not among --inputs, put last"
        )
    if missing and len(missing) == len(wanted) and merged.lines:
        console.say(
            "note: not one file of --inputs has a record; they must be named as in the runs"
        )
    _list((f"{path}: no record" for path in missing), len(missing), "more without a record")
    _tell_sum(merged, missing)


def _tell_sum(merged: Merged, missing: Sequence[str]) -> None:
    sums = {
        f"{counted(len(merged.lines), 'record')} of {counted(len(merged.parts), 'part')}": True,
        f"{merged.failed} failed": merged.failed,
        f"{merged.repeated} left out as repetitions": merged.repeated,
        f"{len(merged.differing)} left out for others of the same file": merged.differing,
        f"{counted(len(missing), 'file')} without a record": missing,
    }
    console.note(f"note: {', '.join(text for text, told in sums.items() if told)}")


def _list(lines: Iterable[str], count: int, rest: str) -> None:
    """Tell the first of many, and all to the log file."""
    for number, line in enumerate(lines, start=1):
        (console.say if number <= LISTED else console.detail)(f"note: {line}")
    if count > LISTED:
        console.say(f"note: {count - LISTED} {rest}; --log-file FILE gets all")
