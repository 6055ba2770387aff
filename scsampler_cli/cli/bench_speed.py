"""`scsampler bench --speed`: one video, given or generated, and every stage measured on it."""

from __future__ import annotations

import csv
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from scsampler_cli.cli import console, environment
from scsampler_cli.cli.bench_options import BenchOptions
from scsampler_cli.cli.environment import command_line
from scsampler_cli.cli.progress import Bars
from scsampler_cli.config import AnswerSettings, FeatureSettings, SelectionSettings
from scsampler_cli.errors import OutputError, SettingsError
from scsampler_cli.files.inputs import check_readable
from scsampler_cli.files.urls import local_path
from scsampler_cli.pipeline import models

if TYPE_CHECKING:
    from scsampler_cli.bench.table import Table

SCHEMA = "scsampler.speed/1"
K, REPEATS = 10, 3
MINUTES, SIZE, CODEC = 5.6, "340x256", "h264"
"""Of the generated video: as long as Sports1M's are on average (Sec. 4.1.2), as large as CoViAR's."""


def run(given: BenchOptions) -> None:
    """Measure under every classifier that was named, and print.

    Raises:
        SettingsError: more than one video, or a size that cannot be.
    """
    if len(given.data or ()) > 1:
        raise SettingsError(
            "--speed takes one video",
            code="speed-run-invalid",
            hint="scsampler bench --speed video.mp4",
        )
    if given.output is not None:
        raise SettingsError(
            "--speed writes to standard output",
            code="speed-run-invalid",
            hint="scsampler bench --speed --format json > speed.json",
        )
    path = _video(given)
    found = [_measured(name, path, given) for name in given.classifiers]
    _print(found, given.form or "table")


def _measured(name: str, path: Path, given: BenchOptions) -> tuple[dict[str, Any], list[Table]]:
    """What was measured on what, and the tables."""
    classifier, fell_back = given.models(name).load_classifier(console.notes(given.quiet))
    classifier = models.adjust(classifier, AnswerSettings(spatial=given.spatial))
    from scsampler_cli.bench import speed
    from scsampler_cli.bench.hardware import machine
    from scsampler_cli.bench.live_check import tagging_samplers
    from scsampler_cli.bench.load_models import load_networks

    loaded = load_networks(given.networks(name), classifier)
    features, selection = (
        FeatureSettings(p_frames=given.p_frames),
        SelectionSettings(k=given.k or K),
    )
    subject = speed.Subject(
        path,
        loaded,
        tagging_samplers(loaded),
        features=features,
        selection=selection,
        dense_minutes=given.dense_minutes,
    )
    with Bars(given.quiet) as bars:
        tables = speed.measure(subject, given.repeats or REPEATS, bars)
    about = {
        "video": str(path),
        "classifier": classifier.name,
        "k": given.k or K,
        "precision": loaded.precision,
    }
    notes = {"notes": [fell_back]} if fell_back else {}
    return {**about, **notes, "device": given.device, **machine()}, tables


def _print(found: list[tuple[dict[str, Any], list[Table]]], form: str) -> None:
    from scsampler_cli.bench.report_files import text_of

    if form == "table":
        for about, tables in found:
            typer.echo(f"== {about['classifier']}, K = {about['k']} ==")
            typer.echo("\n\n".join(map(text_of, tables)) + "\n")
        return
    if form == "json":
        runs = [
            {**about, **{table.key: table.record() for table in tables}} for about, tables in found
        ]
        typer.echo(
            json.dumps({"schema": SCHEMA, "command": command_line(), "runs": runs}, indent=1)
        )
        return
    named = [(about["classifier"], table) for about, tables in found for table in tables]
    rows = [
        {"classifier": name, "table": table.key, **row}
        for name, table in named
        for row in table.rows
    ]
    if form == "jsonl":
        typer.echo("\n".join(map(json.dumps, rows)))
        return
    writer = csv.DictWriter(
        sys.stdout, list(dict.fromkeys(n for row in rows for n in row)), lineterminator="\n"
    )
    writer.writeheader()
    writer.writerows(rows)


def _video(given: BenchOptions) -> Path:
    """The video that was named, or a generated one from the cache folder."""
    if given.data:
        path = local_path(given.data[0])
        check_readable(path)
        return path
    size, codec, minutes = given.size or SIZE, given.codec or CODEC, given.minutes or MINUTES
    found = re.fullmatch(r"(\d{2,4})x(\d{2,4})", size)
    if found is None or any(int(side) % 2 or int(side) < 64 for side in found.groups()):
        raise SettingsError(
            f"{size!r} is no size of a video",
            code="speed-run-invalid",
            hint="WIDTHxHEIGHT, even, from 64: 340x256, say",
        )
    from scsampler_cli.media.sample import write_sample

    width, height = int(found[1]), int(found[2])
    path = environment.demo_dir() / f"speed_{codec}_{width}x{height}_{minutes:g}min.mp4"
    if path.is_file():
        return path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"part_{path.name}")
        with Bars(given.quiet) as bars:
            write_sample(
                part,
                minutes * 60,
                width,
                height=height,
                codec=codec,
                progress=lambda n, of: bars("rendering", n, of),
            )
        part.replace(path)
    except OSError as error:
        raise OutputError(
            f"cannot write {path}: {error.strerror or error}",
            code="write-failed",
            hint="set XDG_CACHE_HOME",
        ) from error
    return path
