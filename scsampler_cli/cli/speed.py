"""`scsampler bench --speed`: one video, given or generated, and every stage measured on it."""

from __future__ import annotations

import csv
import json
import re
import sys
from pathlib import Path
from typing import Any

import typer

from scsampler_cli import console
from scsampler_cli.cli import environment, models
from scsampler_cli.cli.benching import Given, command_line, load_networks
from scsampler_cli.config import FeatureSettings, SelectionSettings
from scsampler_cli.errors import OutputError, SettingsError
from scsampler_cli.inputs import check_readable

SCHEMA = "scsampler.speed/1"


def run(given: Given) -> None:
    """Measure and print.

    Raises:
        SettingsError: more than one video or classifier, or a size that cannot be.
    """
    if len(given.data or ()) > 1 or len(given.classifiers) > 1:
        raise SettingsError("--speed takes one video and one classifier", hint="scsampler bench --speed video.mp4")
    if given.output is not None:
        raise SettingsError(
            "--speed writes to standard output", hint="scsampler bench --speed --format json > speed.json"
        )
    path = _video(given)
    name = given.classifiers[0]
    classifier = models.load_classifier(name, given.weights, given.labels, given.device, given.precision, given.quiet)
    loaded = load_networks(given, classifier)

    from scsampler_cli.bench import speed
    from scsampler_cli.bench.collect import machine
    from scsampler_cli.bench.timing import tagging_samplers

    features, selection = FeatureSettings(p_frames=given.p_frames), SelectionSettings(k=given.k)
    subject = speed.Subject(path, loaded, tagging_samplers(loaded), features, selection)
    with console.Bars(given.quiet) as bars:
        tables = speed.measure(subject, given.repeats, bars)
    about = {"command": command_line(), "classifier": classifier.name, "precision": loaded.precision, **machine()}
    _print(tables, about, given.form or "table")


def _print(tables: list[Any], about: dict[str, Any], form: str) -> None:
    from scsampler_cli.bench.output import text_of

    if form == "table":
        typer.echo("\n\n".join(map(text_of, tables)))
    elif form == "json":
        typer.echo(json.dumps({"schema": SCHEMA, **about, **{table.key: table.record() for table in tables}}, indent=1))
    else:
        rows = [{"table": table.key, **row} for table in tables for row in table.rows]
        if form == "jsonl":
            typer.echo("\n".join(map(json.dumps, rows)))
            return
        writer = csv.DictWriter(sys.stdout, list(dict.fromkeys(n for row in rows for n in row)), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _video(given: Given) -> Path:
    """The video that was named, or a generated one from the cache folder."""
    if given.data:
        path = Path(given.data[0])
        check_readable(path)
        return path
    found = re.fullmatch(r"(\d{2,4})x(\d{2,4})", given.size)
    if found is None or any(int(side) % 2 or int(side) < 64 for side in found.groups()):
        raise SettingsError(f"{given.size!r} is no size of a video", hint="WIDTHxHEIGHT, even, from 64: 340x256, say")
    from scsampler_cli.media.sample import write_sample

    width, height = int(found[1]), int(found[2])
    path = environment.demo_dir() / f"speed_{given.codec}_{width}x{height}_{given.minutes:g}min.mp4"
    if path.is_file():
        return path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"part_{path.name}")
        with console.Bars(given.quiet) as bars:
            write_sample(part, given.minutes * 60, width, height, given.codec, lambda n, of: bars("rendering", n, of))
        part.replace(path)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}", hint="set XDG_CACHE_HOME") from error
    return path
