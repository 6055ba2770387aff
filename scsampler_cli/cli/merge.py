"""`scsampler merge`: one output from those of several runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from scsampler_cli.batch.merge_runs import Merged, survey
from scsampler_cli.cli import console, no_effect, overwrite_checks
from scsampler_cli.cli.command_guard import SOME_FAILED, guarded
from scsampler_cli.cli.input_files import named_files
from scsampler_cli.cli.input_options import INPUT, Glob
from scsampler_cli.cli.merge_notes import print_notes
from scsampler_cli.cli.option_groups import expanded
from scsampler_cli.cli.output_options import (
    OUTPUT,
    MessageOptions,
    Output,
    Overwrite,
    format_option,
)
from scsampler_cli.cli.output_targets import STDOUT, output_path
from scsampler_cli.cli.row_options import RowsOption, rows_of
from scsampler_cli.errors import SettingsError
from scsampler_cli.files.output_paths import (
    check_free,
    free_name,
    is_special,
    is_taken,
    write_whole,
)
from scsampler_cli.output.csv_rows import csv_columns
from scsampler_cli.output.exchange.activitynet_results import check_ids
from scsampler_cli.output.output_file import reporting_write_errors
from scsampler_cli.output.writers import DOCUMENT_FORMATS, FORMATS, format_for, open_writer

MergeFormat = StrEnum("MergeFormat", (*FORMATS, *DOCUMENT_FORMATS))  # type: ignore[misc]


@dataclass(frozen=True, kw_only=True)
class MergeOptions(MessageOptions):
    """The options of `scsampler merge`."""

    parts: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Outputs of JSON lines (.jsonl): all of classify, all of score, or all of extract."
        ),
    ] = None
    inputs: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATH",
            help="Files and folders that should have a record, or - to read a list of paths from "
            "standard input. Repeat the option for several. The output has their order, and a "
            "note names those without a record.",
            rich_help_panel=INPUT,
        ),
    ] = None
    glob: Glob = None
    output: Output = None
    format: Annotated[
        MergeFormat | None,
        format_option(
            "Default: by the suffix of -o; on standard output jsonl. activitynet and labelstudio "
            "take records of classify."
        ),
    ] = None
    rows: RowsOption = None
    holes: Annotated[
        Path | None,
        typer.Option(
            parser=output_path,
            metavar="PATH",
            help="File for the paths of --inputs that have no record. `scsampler classify - < FILE`"
            " then tags them.",
            rich_help_panel=OUTPUT,
        ),
    ] = None
    overwrite: Overwrite = False

    @property
    def file(self) -> Path | None:
        """The file for the records; None for standard output."""
        return None if self.output == STDOUT else self.output

    @property
    def record_format(self) -> str:
        """Format of the records.

        Raises:
            SettingsError: the suffix of the file is unknown, or of a format for one video.
        """
        if self.format is not None:
            return str(self.format)
        form = "jsonl" if self.file is None else format_for(self.file, "jsonl", cuts=False)
        if form not in FORMATS:
            raise SettingsError(
                f"{form} has one file for each video",
                code="output-folder-needed",
                hint=f"choose from {', '.join(FORMATS)}",
            )
        return form


@guarded
@expanded
def merge(*, context: typer.Context, options: MergeOptions) -> None:
    """Join the JSON lines of several runs into one output, with one record per file.

    Notes on stderr say which files are missing, failed, repeated, or made with other settings.

    scsampler merge part*.jsonl -o all.jsonl --inputs clips/
    scsampler merge part*.jsonl --inputs clips/ --holes holes.txt -o all.csv
    """
    no_effect.check(context, no_effect.MERGE)
    parts = options.parts
    if not parts:
        raise SettingsError(
            "no file to merge is named",
            code="no-input",
            hint="scsampler merge part1.jsonl part2.jsonl -o all.jsonl",
        )
    # messages before the log file is checked go to stderr alone
    console.set_up(options.quiet, options.verbose)
    wanted: list[Path] = []
    notes: list[str] = []
    # without --inputs no file can be missing
    if options.inputs:
        wanted, notes = named_files(options.inputs, options.glob)
    form = _check(options, [*parts, *wanted])
    for note in notes:
        console.note(f"note: {note}")

    paths = [str(path) for path in wanted]
    # reads all parts once, and keeps the position of each record instead of the record itself
    merged = survey(parts)
    _write(merged, paths, options, form=form)
    missing = merged.holes(paths)
    if options.holes is not None:
        _write_list(options.holes, missing)
    print_notes(merged, paths, missing, output=options.file)
    # exit code 3, as of the runs themselves
    if missing or merged.failed:
        raise typer.Exit(SOME_FAILED)


def _check(options: MergeOptions, read: Sequence[Path]) -> str:
    """Refuse outputs that are inputs, or that exist; start the log file.

    Returns:
        the format of the records.

    Raises:
        SettingsError: an output is an input, or two outputs are the same.
        OutputError: a file exists.
    """
    file, log_file, overwrite = options.file, options.log_file, options.overwrite
    # of several errors, the one that would have lost data
    overwrite_checks.check_not_read(read, {"-o": file})
    form = options.record_format
    if options.holes == STDOUT and file is None:
        raise SettingsError(
            "-o and --holes both go to standard output",
            code="path-conflict",
            hint="give one of them a file",
        )
    holes = None if options.holes == STDOUT else options.holes
    overwrite_checks.check_outputs(read, {"-o": file, "--holes": holes, "--log-file": log_file})
    if holes is not None:
        check_free([holes], "--holes", overwrite=overwrite)
    empty = overwrite_checks.check_log(log_file, overwrite=overwrite)
    console.set_up(options.quiet, options.verbose, log_file, empty=empty)
    return form


def _write(merged: Merged, order: Sequence[str], options: MergeOptions, *, form: str) -> None:
    """Write the records, those of `order` first.

    Raises:
        SettingsError: --rows does not go with the records, or two videos would have the same ID.
        OutputError: the output is another file, or cannot be written.
        InputError: a part has changed since it was read.
    """
    file, overwrite = options.file, options.overwrite
    # without any record there is no command; the columns of classify then are as good as others
    command = merged.command or "classify"
    if options.rows is not None and command != "classify":
        raise SettingsError(
            f"--rows has no effect on records of {command}", code="no-effect", hint="leave it out"
        )
    rows = rows_of(options.rows, has_segments=merged.has_segments)
    if form in DOCUMENT_FORMATS and command != "classify":
        raise SettingsError(
            f"{form} has labels of videos, and records of {command} have none",
            code="format-unsupported",
            hint="merge records of classify",
        )
    if form == "activitynet":
        # found before anything is written
        check_ids(path for path, line in merged.lines.items() if line.ok)
    kept_as = None
    if file is not None:
        overwrite_checks.check_records_file(
            file, form, command, option="-o", resume=False, overwrite=overwrite
        )
        # `open_writer` moves an existing file of records to this name
        if is_taken(file) and not overwrite:
            kept_as = free_name(file.resolve())
    with open_writer(
        form,
        file,
        sys.stdout,
        columns=csv_columns(command, merged.tags, rows),
        single=False,
        keep_existing=not overwrite,
        rows=rows,
        on_note=console.on_note,
    ) as writer:
        # read again one by one: memory does not grow with their size
        for record in merged.records(order):
            # documents of labels have no place for them
            if form in DOCUMENT_FORMATS and record["status"] != "ok":
                console.on_note(f"{record['path']}: failed, and so not in the output")
            writer.write(record)
    if kept_as is not None:
        console.say(f"note: the earlier records are kept in {kept_as}")


def _write_list(target: Path, paths: Sequence[str]) -> None:
    """Write a list of paths that the other commands can read from standard input."""
    # a line each; a zero byte after each if a name has a line break in it
    end = b"\0" if any("\n" in path for path in paths) else b"\n"
    data = b"".join(os.fsencode(path) + end for path in paths)
    with reporting_write_errors(str(target)):
        if target == STDOUT:
            sys.stdout.buffer.write(data)
        elif is_special(target):
            # a pipe or a device cannot be replaced by a new file
            with target.open("ab") as stream:
                stream.write(data)
        else:
            write_whole(target.resolve(), data)
