"""`scsampler bench --speed`: the speed of every stage on one video, named or generated."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from scsampler_cli.bench.speed_rounds import ALL_STAGES, SCORING, round_names
from scsampler_cli.cli import console, environment
from scsampler_cli.cli.bench_options import BenchOptions
from scsampler_cli.cli.bench_report import print_csv, shown_table
from scsampler_cli.cli.environment import command_line
from scsampler_cli.cli.output_options import Format
from scsampler_cli.cli.progress import Bars
from scsampler_cli.cli.run_progress import RunBars, Step
from scsampler_cli.cli.speed_options import Gop
from scsampler_cli.config import AnswerSettings, SelectionSettings
from scsampler_cli.errors import OutputError, SettingsError
from scsampler_cli.files.inputs import check_readable
from scsampler_cli.files.urls import local_path
from scsampler_cli.pipeline import models

if TYPE_CHECKING:
    from scsampler_cli.bench.bench_models import Models
    from scsampler_cli.bench.table import Table
    from scsampler_cli.classifiers.base import ClipClassifier

SCHEMA = "scsampler.speed/1"
K, REPEATS = 10, 3
MINUTES, SIZE, CODEC = 5.6, "340x256", "h264"
"""The generated video is as long as those of Sports1M on average (Sec. 4.1.2), and as large as
CoViAR's."""
SHORT_MINUTES = 2
"""Longest generated video whose scoring alone is timed."""
MIN_SIDE = 64
"""Pixels, of the generated video."""


def run(options: BenchOptions) -> None:
    """Measure with each classifier, and print the results.

    Raises:
        SettingsError: more than one video, or an invalid size.
        InputError: the named video cannot be read.
        WeightsError: weights are missing or damaged.
        OutputError: the generated video cannot be written.
    """
    # the rounds of several videos could not be compared
    if len(options.data or ()) > 1:
        raise SettingsError(
            "--speed takes one video",
            code="speed-run-invalid",
            hint="scsampler bench --speed video.mp4",
        )
    # a report needs labels, and --speed has none
    if options.output is not None:
        raise SettingsError(
            "--speed writes to standard output",
            code="speed-run-invalid",
            hint="scsampler bench --speed --format json > speed.json",
        )
    named = local_path(options.data[0]) if options.data else None
    if named is None:
        _size(options.size or SIZE)
    else:
        check_readable(named)
    # before a video is rendered for minutes: weights may be missing
    for name in options.classifiers:
        _load(name, options, lambda _: None)
    path, others = named or _default_video(options), _short_videos(options)
    with RunBars(options.quiet, _steps(options, videos=1 + len(others))) as bars:
        results = [
            _measure(name, path, options, others=others, bars=bars) for name in options.classifiers
        ]
    _print(results, options.format)


def _steps(options: BenchOptions, videos: int) -> list[Step]:
    """The rounds with each classifier, with rough costs."""
    repeats = options.repeats or REPEATS
    # one without Dense, and those with it; scoring is one of some fifteen stages
    costs = {ALL_STAGES: [0.5] + [1.0] * repeats, SCORING: [0.1 * videos] * (repeats + 1)}
    steps = [
        Step(name, cost)
        for what in (ALL_STAGES, SCORING)
        for name, cost in zip(round_names(what, repeats), costs[what], strict=True)
    ]
    return steps * len(options.classifiers)


def _load(name: str, options: BenchOptions, log: Callable[[str], None]) -> tuple[Models, str]:
    """Load a classifier and the sampler networks.

    Args:
        name: of the classifier.
        options: all options.
        log: gets the choice of "auto".

    Returns:
        the models; and a note for the results where "auto" took its second choice, else "".

    Raises:
        WeightsError: weights are missing or damaged.
    """
    # torch is imported from here on
    from scsampler_cli.bench.load_models import load_networks

    chosen, fallback_note = options.models(name), ""
    if options.has_random_weights:
        from scsampler_cli.bench.random_weights import random_classifier
        from scsampler_cli.nn.device import pick_device, pick_dtype

        device = pick_device(chosen.device)
        classifier: ClipClassifier = random_classifier(
            name, device, pick_dtype(chosen.precision, device)
        )
    else:
        classifier, fallback_note = chosen.load_classifier(log)
    classifier = models.adjust(classifier, AnswerSettings(spatial=options.spatial.value))
    return load_networks(options.networks(name), classifier), fallback_note


def _measure(
    name: str, path: Path, options: BenchOptions, *, others: list[Path], bars: RunBars
) -> tuple[dict[str, Any], list[Table]]:
    """Measure with one classifier.

    Args:
        name: of the classifier.
        path: the video.
        options: all options.
        others: videos whose scoring is timed, too.
        bars: progress of the whole run.

    Returns:
        the circumstances (video, models, machine), and the tables.
    """
    from scsampler_cli.bench import speed
    from scsampler_cli.bench.hardware import machine
    from scsampler_cli.bench.live_check import tagging_samplers
    from scsampler_cli.bench.scoring_speed import scoring_table

    loaded, fallback_note = _load(name, options, console.on_note)
    k, samplers = options.k or K, tagging_samplers(loaded)
    # what `classify` does: a sampler that learnt other classes is left out
    if loaded.tagging.searches and not loaded.tagging.has_prior:
        samplers = replace(samplers, visual=None)
    subject = speed.Subject(
        path,
        loaded,
        samplers,
        features=options.features,
        selection=SelectionSettings(k=k, strategy="search" if loaded.tagging.searches else "auto"),
        dense_minutes=options.dense_minutes,
    )
    repeats = options.repeats or REPEATS
    # the first round is not counted: it loads libraries and fills the disk cache
    tables = speed.measure(subject, repeats, bars)
    # beside the times of all stages
    scoring = scoring_table(subject, [path, *others], repeats, progress=bars)
    tables[2:2] = [scoring] if scoring else []
    tables = [table.with_paper(options.paper) for table in tables]
    circumstances = {
        "video": str(path),
        "classifier": loaded.classifier.name,
        "k": k,
        "precision": loaded.precision,
    }
    if fallback_note:
        circumstances["notes"] = [fallback_note]
    return {**circumstances, "device": options.device, **machine()}, tables


def _print(results: list[tuple[dict[str, Any], list[Table]]], format: Format | None) -> None:
    """Print the results of all classifiers; as tables by default."""
    if format in (None, Format.table):
        for circumstances, tables in results:
            typer.echo(f"== {circumstances['classifier']}, K = {circumstances['k']} ==")
            # an empty line between tables, and after the last one
            typer.echo("\n\n".join(map(shown_table, tables)) + "\n")
        return

    if format == Format.json:
        runs = []
        for circumstances, tables in results:
            runs.append(circumstances | {table.key: table.record() for table in tables})
        record = {"schema": SCHEMA, "command": command_line(), "runs": runs}
        typer.echo(json.dumps(record, indent=1))
        return

    # one row for each row of each table
    rows: list[dict[str, Any]] = []
    for circumstances, tables in results:
        for table in tables:
            first = {"classifier": circumstances["classifier"], "table": table.key}
            rows += [{**first, **row} for row in table.rows]
    if format == Format.jsonl:
        typer.echo("\n".join(map(json.dumps, rows)))
    else:
        print_csv(rows)


def _default_video(options: BenchOptions) -> Path:
    """The generated video on which every stage is measured."""
    return _generated(options, Gop.default if _gop(options) == Gop.all else _gop(options))


def _gop(options: BenchOptions) -> Gop:
    return Gop.all if options.gop is None else options.gop


def _short_videos(options: BenchOptions) -> list[Path]:
    """Generated videos with other keyframes, whose scoring is timed, too."""
    if options.data or _gop(options) != Gop.all:
        return []
    return [_generated(options, gop, longest=SHORT_MINUTES) for gop in (Gop["2s"], Gop["10s"])]


def _generated(options: BenchOptions, gop: Gop, longest: float = math.inf) -> Path:
    """A generated video, which is kept in the cache folder for the next run.

    Args:
        options: length, size and codec.
        gop: its keyframes, not `all`.
        longest: minutes that it has at most.
    """
    width, height = _size(options.size or SIZE)
    codec = str(options.codec or CODEC)
    minutes = min(options.minutes or MINUTES, longest)
    keyframes = "" if gop == Gop.default else f"_gop{gop}"
    name = f"speed_{codec}_{width}x{height}_{minutes:g}min{keyframes}.mp4"
    path = environment.demo_dir() / name
    # rendering takes minutes, and the video depends on its name alone
    if path.is_file():
        return path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # a video that was not written to its end never has the final name
        part = path.with_name(f"part_{path.name}")
        with Bars(options.quiet) as bars:
            _render(part, minutes * 60, (width, height), codec=codec, gop=gop, bars=bars)
        part.replace(path)
    except OSError as error:
        raise OutputError(
            f"cannot write {path}: {error.strerror or error}",
            code="write-failed",
            hint="set XDG_CACHE_HOME",
        ) from error
    return path


def _render(
    path: Path, seconds: float, size: tuple[int, int], *, codec: str, gop: Gop, bars: Bars
) -> None:
    """Render the generated video; `size` is (width, height)."""
    from scsampler_cli.media.sample import write_sample

    width, height = size
    write_sample(
        path,
        seconds,
        width,
        height=height,
        codec=codec,
        gop=str(gop),
        progress=lambda done, total: bars("rendering", done, total),
    )


def _size(text: str) -> tuple[int, int]:
    """(width, height) of "340x256".

    Raises:
        SettingsError: not a size, or one that encoders do not take.
    """
    found = re.fullmatch(r"(\d{2,4})x(\d{2,4})", text)
    width, height = (int(found[1]), int(found[2])) if found else (0, 0)
    # chroma is stored at half the size of luma, so that encoders want even numbers
    if width % 2 or height % 2 or min(width, height) < MIN_SIDE:
        raise SettingsError(
            f"invalid size {text!r}: expected WIDTHxHEIGHT in pixels",
            code="speed-run-invalid",
            hint=f"even numbers from {MIN_SIDE}, e.g. 340x256",
        )
    return width, height
