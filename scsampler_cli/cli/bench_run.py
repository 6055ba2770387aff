"""What `scsampler bench` does: data sets, models, measuring, and where the report goes.

Imports torch only where something is measured; a replay never does.
"""

from __future__ import annotations

import contextlib
import csv
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from scsampler_cli.bench.plan import Data, Plan, ReportOptions
from scsampler_cli.cli import bench_data, console, engines, environment
from scsampler_cli.cli.bench_options import BenchOptions
from scsampler_cli.cli.environment import command_line
from scsampler_cli.cli.progress import Bars
from scsampler_cli.config import FeatureSettings
from scsampler_cli.errors import InputError, OutputError
from scsampler_cli.files.urls import check_read, check_written

if TYPE_CHECKING:
    from scsampler_cli.batch.process_map import Pool
    from scsampler_cli.bench.measure import MeasureContext
    from scsampler_cli.bench.run_data import Run
    from scsampler_cli.bench.summary import Summary
    from scsampler_cli.datasets.example import Example

TIMED, SHEET = 3, 4
"""Videos whose times are measured, and on the contact sheet (our choice)."""
FILE_SUFFIXES = (".html", ".json", ".jsonl", ".csv", ".txt", ".pdf")


def run(given: BenchOptions) -> bool:
    """Compare, print and write; returns whether something had to be left out.

    Raises:
        ScsamplerError: nothing could be compared.
    """
    made = given.output is not None and _prepare(given.output, given)
    try:
        runs, plan = _replayed(given) if given.replay else _measured(given)
    except BaseException:
        if made and given.output is not None:
            with contextlib.suppress(OSError):
                given.output.rmdir()
        raise
    _report(runs, plan, given)
    return any(run.failures for run in runs)


def _plan(given: BenchOptions, default: Plan) -> Plan:
    asked = {"k": given.k, "seed": given.seed, "draws": given.draws}
    return replace(default, **{name: value for name, value in asked.items() if value is not None})


def _replayed(given: BenchOptions) -> tuple[list[Run], Plan]:
    """The runs of the folders, and the plan of the first but for what is asked anew."""
    from scsampler_cli.bench import run_folder
    from scsampler_cli.bench.report_files import RUNS_FOLDER

    for path in given.replay or ():
        check_read(path)
    places = [path / RUNS_FOLDER for path in given.replay or ()]
    runs = [run for place in places for run in run_folder.load(place)]
    return runs, _plan(given, run_folder.load_plan(places[0]))


def _prepare(output: Path, given: BenchOptions) -> bool:
    """Say before anything is measured that the report could not be written, or would replace another.

    Returns:
        whether the folder was made.

    Raises:
        OutputError: it is a file, looks like one, is a folder with something in it, or has something that is read in it.
    """
    check_written(output)
    if output.suffix.lower() in FILE_SUFFIXES or (output.exists() and not output.is_dir()):
        raise OutputError(
            f"{output} is a file",
            code="report-folder-taken",
            hint="the report is a folder: name one with -o; --format is for stdout",
        )
    try:
        there = output.is_dir()
        if there:
            _check_folder(output, given)
        output.mkdir(parents=True, exist_ok=True)
        return not there
    except OSError as error:
        raise OutputError(
            f"cannot write {output}: {error.strerror or error}",
            code="write-failed",
            hint="name another folder",
        ) from error


def _check_folder(output: Path, given: BenchOptions) -> None:
    """Refuse a folder in which something would be lost.

    Raises:
        OutputError: it is not empty, and neither to be gone on with nor to be written over; or it has inputs in it.
    """
    from scsampler_cli.bench.report_files import RUNS_FOLDER
    from scsampler_cli.bench.run_folder import PLAN

    known = output / RUNS_FOLDER
    if not any(
        entry.name != f"{RUNS_FOLDER}.part" for entry in output.iterdir()
    ):  # nothing, or what a killed run left
        return
    is_report = (known / PLAN).is_file()
    if given.resume and not given.overwrite and not is_report:
        raise OutputError(
            f"{output} is not empty, and holds no report to go on with",
            code="report-folder-taken",
            hint="name another folder; or --overwrite: files of the report's names are replaced",
        )
    if not given.resume and not given.overwrite:
        more = "--resume goes on in it, what is known is not measured again; " if is_report else ""
        raise OutputError(
            f"{output} is not empty",
            code="report-folder-taken",
            hint=f"{more}--overwrite replaces files of the report's names",
        )
    if known.exists() and not is_report:
        raise OutputError(
            f"{known} is there already, and is of no report",
            code="output-exists",
            hint="move it away, or name another folder",
        )
    named = [
        Path(name) for text in given.data or () for name in (text, text.partition("=")[2]) if name
    ]
    read = [*(given.replay or ()), *named]
    for path in read:
        if path.exists() and path.resolve().is_relative_to(output.resolve()):
            raise OutputError(
                f"{path}, which is read, lies in the output {output}",
                code="path-conflict",
                hint="name another folder",
            )


def _measured(given: BenchOptions) -> tuple[list[Run], Plan]:
    """Every data set under every classifier that knows its labels."""
    plan = _plan(given, Plan())
    sets = [bench_data.data_set(text, given) for text in given.data or ()]
    wanted = frozenset(path.resolve() for path in given.sheet_of or ())
    if stray := wanted - {example.path.resolve() for data in sets for example in data.examples}:
        raise InputError(
            f"{min(stray)} is not among the videos that are compared",
            code="bench-video-invalid",
            hint="--sheet-of names one of the list",
        )
    sets = sets or [bench_data.demo_data(given)]
    runs: list[Run] = []
    for name in given.classifiers:
        runs += _under(name, sets, given, plan=plan)
    if not runs:
        raise InputError(
            "no classifier knows a label of any data set",
            code="labels-unknown",
            hint="choose another --classifier",
        )
    return runs, plan


def _under(name: str, sets: Sequence[Data], given: BenchOptions, *, plan: Plan) -> Iterator[Run]:
    """The data sets under one classifier, measured by processes that hold it and the networks."""
    # before the processes share out the cores: times are taken with all of them
    from scsampler_cli.batch.process_map import Loading
    from scsampler_cli.bench.collect import collect
    from scsampler_cli.bench.load_models import LoadModels
    from scsampler_cli.bench.model_info import ModelFacts
    from scsampler_cli.errors import ScsamplerError

    bars = Bars(given.quiet)

    def watch(path: Path, stage: str, done: int, *, total: int) -> None:
        if stage != "index":
            bars(stage, done, total)

    def failed(example: Example, error: ScsamplerError) -> None:
        with bars.hidden():
            console.show_error(
                error, "" if str(example.path) in str(error) else f"{example.path}: "
            )
            if given.debug:
                console.show_notes(error)

    limits = engines.Limits(
        jobs=given.jobs or 1, timeout_s=given.timeout, max_memory_gb=given.max_memory
    )
    task = Loading("bench", LoadModels(given.networks(name)))
    with engines.open_pool(
        task, limits, console.notes(given.quiet), watch=watch if limits.jobs == 1 else None
    ) as pool:
        told = pool.about()
        facts, fell_back = ModelFacts.from_record(told["models"]), told["fell_back"]
        for data in sets:
            if not any(example.label in facts.classifier.labels for example in data.examples):
                console.say(
                    f"note: {facts.classifier.name} knows no label of {data.name}: not compared"
                )
                continue
            bars = Bars(given.quiet)
            context = _measuring(given, pool, bars)
            with bars, context.cache.in_use():
                run = collect(
                    data,
                    facts,
                    context,
                    plan=plan,
                    report_options=_wishes(given),
                    on_failure=failed,
                    command=command_line(),
                )
            yield (
                replace(run, settings={**run.settings, "notes": [fell_back]}) if fell_back else run
            )


def _wishes(given: BenchOptions) -> ReportOptions:
    timed = TIMED if given.timed is None else given.timed
    sheet = SHEET if given.sheet is None else given.sheet
    if given.output is None:  # the contact sheet is a file of the report
        sheet = 0
    return ReportOptions(timed, sheet, frozenset(path.resolve() for path in given.sheet_of or ()))


def _measuring(given: BenchOptions, pool: Pool, bars: Bars) -> MeasureContext:
    """Cache, features and processes that the options ask for."""
    from scsampler_cli.bench.measure import MeasureContext
    from scsampler_cli.cache.video_cache import Cache

    cache = Cache(given.cache or environment.kept_dir())
    features = FeatureSettings(p_frames=given.p_frames)
    return MeasureContext(cache, features, given.keep_features, pool=pool, progress=bars)


def _report(runs: Sequence[Run], plan: Plan, given: BenchOptions) -> None:
    from scsampler_cli.bench import report_files, run_folder
    from scsampler_cli.bench.pooling import pooled
    from scsampler_cli.bench.summary import summarise

    shown = [*runs, pooled(runs, given.pool)] if given.pool else runs
    summary = summarise(shown, plan)
    created = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    if given.output is not None:
        run_folder.save(runs, plan, given.output / report_files.RUNS_FOLDER)
        report_files.write(summary, given.output, created, command=command_line())
        if not given.quiet:
            console.say(f"report: {given.output / 'report.html'}")
    try:
        _print(summary, given.form or "table", {"created": created, "command": command_line()})
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(
            f"cannot write the results: {error.strerror or error}",
            code="write-failed",
            hint="is the disk full?",
        ) from error
    if left_out := sum(len(run.failures) for run in runs):
        console.say(f"left out: {left_out} of the videos and rows, named in the report")


def _print(summary: Summary, form: str, about: dict[str, str]) -> None:
    if form == "json":
        typer.echo(json.dumps({**about, **summary.record()}, indent=1))
    elif form == "jsonl":
        for row in _rows(summary):
            typer.echo(json.dumps(row))
    elif form == "csv":
        rows = list(_rows(summary))
        writer = csv.DictWriter(
            sys.stdout,
            list(dict.fromkeys(name for row in rows for name in row)),
            lineterminator="\n",
        )
        writer.writeheader()
        writer.writerows(rows)
    else:
        typer.echo("\n\n".join(_texts(summary)))


def _rows(summary: Summary) -> Iterator[dict[str, Any]]:
    """A row for each strategy of each run."""
    for section in summary.sections:
        for row in section.tables[0].rows:
            yield {"data": section.run.data, "classifier": section.run.classifier["name"], **row}


def _texts(summary: Summary) -> Iterator[str]:
    from scsampler_cli.bench.report_files import text_of

    yield from map(text_of, summary.across)
    for section in summary.sections:
        yield f"== {section.run.name} =="
        yield from map(text_of, section.tables)
        yield section.verdict
