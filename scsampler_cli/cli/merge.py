"""`scsampler merge`: one output from those of several runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from scsampler_cli import console
from scsampler_cli.cli import batch, options
from scsampler_cli.cli.named import named_files
from scsampler_cli.errors import SettingsError
from scsampler_cli.merging import Merged, survey
from scsampler_cli.places import sibling
from scsampler_cli.report import counted
from scsampler_cli.tables import csv_columns
from scsampler_cli.writers import FORMATS, format_for, open_writer, own_errors

LISTED = 20
"""Paths of a kind that are told one by one on stderr (our choice); a log file gets all."""


@batch.guarded
def merge(
    parts: Annotated[
        list[Path] | None,
        typer.Argument(help="Outputs of JSON lines (.jsonl), all of classify, or all of score, or all of extract."),
    ] = None,
    inputs: Annotated[
        list[str] | None,
        typer.Option(
            help="Files and folders that should have a record, or - for a list on standard input; may be given several "
            "times. What has none is told, and the output is in their order.",
            rich_help_panel=options.INPUT,
        ),
    ] = None,
    glob: options.Glob = None,
    output: options.Output = None,
    format: Annotated[
        options.Format | None,
        typer.Option(
            "--format",
            help="Form of the output; default: by the suffix of -o (.json, ...), else jsonl.",
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    holes: Annotated[
        Path | None,
        typer.Option(
            readable=False,
            help="Write the files of --inputs without a record here, for `scsampler classify - < FILE`.",
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = 0,
    log_file: options.LogFile = None,
    debug: options.Debug = False,
) -> None:
    """Join the JSON lines of several runs, each file once, and tell what is missing, failed, double or made otherwise.

    scsampler merge part*.jsonl -o all.jsonl --inputs clips/
    scsampler merge part*.jsonl --inputs clips/ --holes holes.txt -o all.csv; scsampler classify - -o rest.jsonl < holes.txt
    """
    if not parts:
        raise SettingsError("no part was named", hint="scsampler merge part1.jsonl part2.jsonl -o all.jsonl")
    for option, given in (("--holes", holes), ("--glob", glob)):
        if given and not inputs:
            raise SettingsError(f"{option} has no effect without --inputs", hint="say which files should have a record")
    console.set_up(quiet, verbose)
    wanted, notes = named_files(inputs, glob) if inputs else ([], [])
    output = None if output == batch.STDOUT else output
    batch.check_outputs([*parts, *wanted], {"-o": output, "--holes": holes, "--log-file": log_file})
    console.set_up(quiet, verbose, log_file)
    for note in notes:
        console.note(f"note: {note}")
    form = format or (output and format_for(output)) or "jsonl"
    if form not in FORMATS:
        raise SettingsError(f"{form} holds one video a file", hint=f"choose from {', '.join(FORMATS)}")
    paths = [str(path) for path in wanted]
    merged = survey(parts)
    missing = merged.holes(paths)
    columns = csv_columns(merged.command or "classify", merged.tags)
    with open_writer(form, output, sys.stdout, columns, single=False) as writer:
        for record in merged.records(paths):
            writer.write(record)
    if holes is not None:
        _write_list(holes, missing)
    _tell(merged, paths, missing)
    if missing or merged.failed:
        raise typer.Exit(batch.SOME_FAILED)


def _write_list(target: Path, paths: Sequence[str]) -> None:
    """A list for standard input: a line each, or, where a name has a line end in it, NUL after each."""
    end = b"\0" if any("\n" in path for path in paths) else b"\n"
    with own_errors(str(target)):
        target.write_bytes(b"".join(os.fsencode(path) + end for path in paths))


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
        each = ", ".join(f"{run} {counted(count, 'record')}" for run, count in merged.runs.most_common())
        console.say(f"note: made with {len(merged.runs)} different settings, weights or versions, by their run: {each}")
    kept = (
        f"{path}: records differ, that of {merged.parts[merged.lines[path].part]} is kept" for path in merged.differing
    )
    _list(kept, len(merged.differing), "more with records that differ")
    strangers = len(merged.lines) - (len(wanted) - len(missing))
    if wanted and strangers:
        console.say(f"note: {counted(strangers, 'record')} of files that are not among --inputs, put last")
    if missing and len(missing) == len(wanted) and merged.lines:
        console.say("note: not one file of --inputs has a record; they must be named as in the runs")
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
