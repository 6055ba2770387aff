"""Where the results of `scsampler bench` go: a folder with the report, and standard output."""

from __future__ import annotations

import csv
import json
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import typer

from scsampler_cli.bench.plan import Plan
from scsampler_cli.cli import console
from scsampler_cli.cli.bench_options import BenchOptions
from scsampler_cli.cli.environment import command_line
from scsampler_cli.cli.line_wrap import terminal_columns, wrapped
from scsampler_cli.cli.output_options import Format
from scsampler_cli.errors import OutputError
from scsampler_cli.text import duration

if TYPE_CHECKING:
    from scsampler_cli.bench.run_data import Run
    from scsampler_cli.bench.summary import Summary
    from scsampler_cli.bench.table import Table


def write_report(runs: Sequence[Run], plan: Plan, options: BenchOptions) -> None:
    """Write the report into its folder, if there is one, and print the results.

    Raises:
        OutputError: the disk is full, or the folder cannot be written.
    """
    from scsampler_cli.bench import report_files, run_folder
    from scsampler_cli.bench.pooling import pooled
    from scsampler_cli.bench.summary import summarise

    start_time = time.perf_counter()
    # the pooled run has the videos of all others, as one data set
    shown = [*runs, pooled(runs, options.pool)] if options.pool else runs
    summary = summarise(shown, plan)
    # in UTC, as reports are compared across machines
    created = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    if options.output is not None:
        # the pooled run is computed from the others, and not stored
        run_folder.save(runs, plan, options.output / report_files.RUNS_FOLDER)
        report_files.write(summary, options.output, created, command=command_line())
        console.note(f"report: {options.output / 'report.html'}")
    console.detail(f"tables and figures: done in {duration(time.perf_counter() - start_time)}")
    try:
        _print(summary, options.format, {"created": created, "command": command_line()})
    except BrokenPipeError:
        # a reader that has gone is no error: the command ends in silence
        raise
    except OSError as error:
        raise OutputError(
            f"cannot write the results: {error.strerror or error}",
            code="write-failed",
            hint="is the disk full?",
        ) from error
    failures = sum(len(run.failures) for run in runs)
    # on stderr, even with --quiet: the results are not of all videos
    if failures:
        console.say(f"left out: {failures} of the videos and rows, named in the report")


def _print(summary: Summary, format: Format | None, header: dict[str, str]) -> None:
    """Print the results.

    Args:
        summary: tables and figures.
        format: a table by default.
        header: is added to JSON.
    """
    if format == Format.json:
        typer.echo(json.dumps({**header, **summary.record()}, indent=1))
    elif format == Format.jsonl:
        for row in _rows(summary):
            typer.echo(json.dumps(row))
    elif format == Format.csv:
        print_csv(_rows(summary))
    else:
        typer.echo("\n\n".join(_texts(summary)))


def shown_table(table: Table) -> str:
    """A table as text, whose notes fit into the terminal."""
    from scsampler_cli.bench.report_files import text_of

    return "\n".join([text_of(replace(table, notes=())), *map(shown_text, table.notes)])


def shown_text(text: str) -> str:
    """A paragraph, broken between words where standard output is a terminal."""
    width = terminal_columns(sys.stdout)
    return "\n".join(wrapped(text, width)) if width else text


def print_csv(rows: Iterable[Mapping[str, Any]]) -> None:
    """Print rows as CSV. Columns that a row lacks stay empty."""
    rows = list(rows)
    # the columns of all rows, in the order in which they first occur
    columns = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(sys.stdout, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


def _rows(summary: Summary) -> Iterator[dict[str, Any]]:
    """One row for each strategy of each run."""
    for section in summary.sections:
        # the first table of a section compares the strategies
        for row in section.tables[0].rows:
            yield {"data": section.run.data, "classifier": section.run.classifier["name"], **row}


def _texts(summary: Summary) -> Iterator[str]:
    """Tables as text: first those of several runs, then those of each run with its verdict."""
    yield from map(shown_table, summary.across)
    for section in summary.sections:
        yield f"== {section.run.name} =="
        yield from map(shown_table, section.tables)
        yield shown_text(section.verdict)
