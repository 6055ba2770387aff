"""A run of `scsampler bench`: measure the data sets under each classifier, or load earlier results.

Imports torch only to measure; a replay works without it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from scsampler_cli.bench.plan import Data, Plan, ReportOptions
from scsampler_cli.cli import (
    bench_checks,
    bench_data,
    bench_report,
    console,
    engines,
    environment,
)
from scsampler_cli.cli.bench_options import BenchOptions
from scsampler_cli.cli.environment import command_line
from scsampler_cli.cli.run_progress import RunBars, Step
from scsampler_cli.errors import InputError
from scsampler_cli.files.urls import check_read
from scsampler_cli.text import counted

if TYPE_CHECKING:
    from scsampler_cli.batch.process_map import Pool
    from scsampler_cli.bench.measure import MeasureContext
    from scsampler_cli.bench.run_data import Run
    from scsampler_cli.datasets.example import Example
    from scsampler_cli.datasets.segment_list import SegmentList

TIMED, SHEET = 3, 4
"""Number of videos whose times are measured, and number of videos on the contact sheet."""
_COSTS = {
    "generating": 5.0,
    "measuring": 7.0,
    "training videos": 1.0,
    "timing": 20.0,
    "charging": 20.0,
}
"""Rough seconds of a video, by the stages that report progress."""


def run(options: BenchOptions) -> bool:
    """Compare the strategies, and write the report.

    Returns:
        whether videos or rows of a list were left out.

    Raises:
        ScsamplerError: nothing could be compared.
    """
    segments = bench_data.segment_list(options)
    is_new = options.output is not None and bench_checks.prepare_folder(options.output, options)
    try:
        if options.replay:
            runs, plan = _load_runs(options)
        else:
            runs, plan = _measure_runs(options, segments)
        if segments is not None:
            runs = _with_segments(runs, segments)
    except BaseException:
        # a run that fails leaves no empty folder behind; rmdir spares one with results in it
        if is_new and options.output is not None:
            with contextlib.suppress(OSError):
                options.output.rmdir()
        raise
    bench_report.write_report(runs, plan, options)
    return any(run.failures for run in runs)


def _plan_of(options: BenchOptions, default: Plan) -> Plan:
    """The plan of the options; what they leave open is that of the default."""
    values = {"k": options.k, "seed": options.seed, "draws": options.draws}
    changes = {name: value for name, value in values.items() if value is not None}
    # the numbers of the paper are shown on request only, also of an earlier report
    return replace(default, **changes, paper=options.paper)


def _load_runs(options: BenchOptions) -> tuple[list[Run], Plan]:
    """The runs of the named reports, and the plan of the first report with the options' changes."""
    from scsampler_cli.bench import run_folder
    from scsampler_cli.bench.report_files import RUNS_FOLDER

    # a URL is an error of its own, before any folder is read
    for path in options.replay or ():
        check_read(path)
    folders = [path / RUNS_FOLDER for path in options.replay or ()]
    runs: list[Run] = []
    for folder in folders:
        # one report may have runs of several data sets and classifiers
        loaded = run_folder.load(folder)
        console.detail(f"{folder.parent}: {counted(len(loaded), 'run')} of an earlier report")
        runs += loaded
    return runs, _plan_of(options, run_folder.load_plan(folders[0]))


def _with_segments(runs: Sequence[Run], segments: SegmentList) -> list[Run]:
    from scsampler_cli.bench.true_segments import (
        check_listed,
        check_usable,
        with_true_segments,
    )

    check_listed(segments, [video.path for run in runs for video in run.videos])
    found = [with_true_segments(run, segments) for run in runs]
    for note in dict.fromkeys(note for run in found for note in run.segment_notes):
        # notes of the list itself were printed when it was read
        if note not in segments.notes:
            console.on_note(note)
    check_usable(found)
    return found


def _measure_runs(options: BenchOptions, segments: SegmentList | None) -> tuple[list[Run], Plan]:
    """One run for each data set and each classifier that has one of its labels, and the plan."""
    plan = _plan_of(options, Plan())
    data_sets = [bench_data.data_set(text, options) for text in options.data or ()]
    _check_sheet(data_sets, options)
    if segments is not None:
        from scsampler_cli.bench.true_segments import check_listed

        # before hours of measuring
        check_listed(segments, [str(each.path) for data in data_sets for each in data.examples])
    runs: list[Run] = []
    with RunBars(options.quiet, _steps(data_sets, options)) as bars:
        data_sets = data_sets or [bench_data.demo_data(options, bars)]
        for name in options.classifiers:
            runs += _runs_of(name, data_sets, options, plan=plan, bars=bars)
    if not runs:
        raise InputError(
            "no classifier has a label of any data set",
            code="labels-unknown",
            hint="see the notes above; choose another --classifier, or other labels in the list",
        )
    return runs, plan


def _steps(data_sets: Sequence[Data], options: BenchOptions) -> list[Step]:
    """The steps of all runs, each with a rough cost: seconds a video of the demo on two cores.

    Args:
        data_sets: none for the demo, whose videos are made first.
        options: all options.
    """
    counts = [(len(data.examples), len(data.train)) for data in data_sets]
    steps = []
    if not data_sets:
        made = bench_data.DEMO_COMPARED, bench_data.DEMO_TRAINED
        counts = [(made[0], made[1] if options.empirical else 0)]
        steps = [Step("generating", _COSTS["generating"] * number) for number in made]
    report = _report_options(options)
    for compared, trained in counts * len(options.classifiers):
        numbers = {
            "measuring": compared,
            "training videos": trained,
            "timing": report.timed,
            "charging": report.is_charged and report.timed > 0,
        }
        steps += [Step(name, _COSTS[name] * number) for name, number in numbers.items() if number]
    return steps


def _check_sheet(data_sets: Sequence[Data], options: BenchOptions) -> None:
    """Refuse videos for the contact sheet that are not compared.

    Raises:
        InputError: which one.
    """
    compared = {example.path.resolve() for data in data_sets for example in data.examples}
    unknown = {path.resolve() for path in options.sheet_of or ()} - compared
    if unknown:
        raise InputError(
            f"{min(unknown)} is not among the videos that are compared",
            code="bench-video-invalid",
            hint="--sheet-of names a video of the list",
        )


def _runs_of(
    name: str, data_sets: Sequence[Data], options: BenchOptions, *, plan: Plan, bars: RunBars
) -> Iterator[Run]:
    """The runs of one classifier. Worker processes load it and the sampler networks once."""
    # imported before the processes share the cores: times are measured with all of them
    from scsampler_cli.batch.process_map import Loading
    from scsampler_cli.bench.collect import collect
    from scsampler_cli.bench.load_models import LoadModels
    from scsampler_cli.bench.model_info import ModelFacts
    from scsampler_cli.errors import ScsamplerError

    def report_failure(example: Example, error: ScsamplerError) -> None:
        # many messages already begin with the path
        prefix = "" if str(example.path) in str(error) else f"{example.path}: "
        with bars.hidden():
            console.show_error(error, prefix)
            if options.debug:
                console.show_notes(error)

    # one process by default: times are measured undisturbed
    limits = engines.Limits(
        jobs=options.jobs or 1, timeout_s=options.timeout, max_memory_gb=options.max_memory
    )
    task = Loading("bench", LoadModels(options.networks(name)))
    with engines.open_pool(task, limits, watch=bars.watch, done=bars.finished) as pool:
        loaded = pool.about()
        facts = ModelFacts.from_record(loaded["models"])
        fallback_note = loaded["fell_back"]
        classifier = facts.classifier
        for data in data_sets:
            # not one of its videos could be classified correctly
            if not any(example.label in classifier.classes for example in data.examples):
                console.say(f"note: {_no_label(data, classifier.name, classifier.classes)}")
                continue
            context = _context(options, pool, bars)
            with context.cache.in_use():
                run = collect(
                    data,
                    facts,
                    context,
                    plan=plan,
                    report_options=_report_options(options),
                    on_failure=report_failure,
                    command=command_line(),
                )
            # "auto" has loaded its second choice, which the report notes
            if fallback_note:
                run = replace(run, settings={**run.settings, "notes": [fallback_note]})
            yield run


def _no_label(data: Data, classifier: str, known: Sequence[str]) -> str:
    """Why a data set is not compared under a classifier."""
    from scsampler_cli.datasets.label_names import some, unknown_hint

    labels = sorted({example.label for example in data.examples})
    return (
        f"{classifier} has none of the labels of {data.name} ({some(labels)}), which is not "
        f"compared; {unknown_hint(labels, known)}"
    )


def _report_options(options: BenchOptions) -> ReportOptions:
    timed = TIMED if options.timed is None else options.timed
    sheet = SHEET if options.sheet is None else options.sheet
    # the contact sheet is a file of the report
    if options.output is None:
        sheet = 0
    sheet_of = frozenset(path.resolve() for path in options.sheet_of or ())
    # the demo's own classifier costs next to nothing; one that the user names is what it is
    is_charged = options.demo and not options.classifier
    return ReportOptions(timed=timed, sheet=sheet, sheet_of=sheet_of, is_charged=is_charged)


def _context(options: BenchOptions, pool: Pool, bars: RunBars) -> MeasureContext:
    """Cache, features and worker processes of a run."""
    from scsampler_cli.bench.measure import MeasureContext
    from scsampler_cli.cache.video_cache import Cache

    cache = Cache(options.cache or environment.train_cache_dir())
    return MeasureContext(cache, options.features, options.keep_features, pool=pool, progress=bars)
