"""`scsampler bench`: is it worth it for these videos and this classifier?"""

import json
from pathlib import Path
from typing import Annotated

import typer

from scsampler_cli import console
from scsampler_cli.cli import batch, models, options
from scsampler_cli.cli.environment import demo_dir
from scsampler_cli.config import FeatureSettings
from scsampler_cli.datasets.example import Example
from scsampler_cli.datasets.reading import read
from scsampler_cli.errors import InputError, SettingsError


@batch.guarded
def bench(
    data: Annotated[
        Path | None,
        typer.Argument(help="CSV file, path,label[,split], or a folder of labels; with a split only val is used."),
    ] = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="Use twelve generated videos.", rich_help_panel=options.INPUT)
    ] = False,
    k: options.K = 10,
    seed: options.Seed = 0,
    classifier: Annotated[
        str, typer.Option(help="auto, a name, or a weight file.", rich_help_panel=options.MODELS)
    ] = "auto",
    weights: options.Weights = None,
    labels: options.Labels = None,
    visual_sampler: options.VisualSampler = "auto",
    audio_sampler: options.AudioSampler = "auto",
    p_frames: options.PFrames = 4,
    device: options.Device = "auto",
    precision: options.PrecisionOption = options.Precision.auto,
    json_output: Annotated[bool, typer.Option("--json", help="Rows as JSON.", rich_help_panel=options.OUTPUT)] = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Compare the strategies with dense evaluation and the oracle on labelled videos.

    scsampler bench videos.csv --classifier actions6
    scsampler bench --demo
    """
    if demo == (data is not None):
        raise SettingsError("give either a CSV file or --demo", hint="scsampler bench data.csv")
    models.check(classifier, weights, labels, visual_sampler, audio_sampler, device)
    examples, skipped = ([], 0) if data is None else _read(data, quiet)

    from scsampler_cli.bench import evaluate, tabulate
    from scsampler_cli.demo import demo_set

    with console.Bars(quiet) as progress:
        if data is None:
            classifier = "demo" if classifier == "auto" else classifier
            examples = demo_set(demo_dir(), 2, 9000, 60, False, "val", lambda n, of: progress("rendering", n, of), None)
    model = models.load_classifier(classifier, weights, labels, device, precision, quiet)
    auto = "demo" if model.name == "demo" else models.AUTO_SET
    samplers = models.load_samplers(visual_sampler, audio_sampler, auto, device, precision)
    with console.Bars(quiet) as progress:
        videos = evaluate(
            examples,
            samplers,
            model,
            FeatureSettings(p_frames=p_frames),
            progress,
            lambda example, error: console.show_error(error, f"{example.path}: "),
        )
    if not videos:
        raise InputError("not one video could be evaluated", hint="the errors above say why")
    rows = tabulate(videos, k, seed)
    typer.echo(json.dumps(rows, indent=2) if json_output else _table(rows, k))
    if len(videos) < len(examples) + skipped:
        raise typer.Exit(batch.SOME_FAILED)


def _read(data: Path, quiet: bool) -> tuple[list[Example], int]:
    """Videos to compare on, and how many rows were left out; each of those is said."""
    listing = read(data)
    for problem in listing.problems:
        console.say(f"skipped: {problem}")
    for note in () if quiet else listing.notes:
        console.say(f"note: {note}")
    examples = [e for e in listing.examples if e.split == "val"] if listing.split_given else listing.examples
    return examples, len(listing.problems)


def _table(rows: list[dict[str, object]], k: int) -> str:
    lines = [f"{rows[0]['videos']} videos, K = {k}", "strategy            accuracy  clips/video  seconds/video"]
    lines += [
        f"{row['strategy']:<18}  {row['accuracy']:8.1%}  {row['clips_per_video']:11}  {row['seconds_per_video']:13.2f}"
        for row in rows
    ]
    return "\n".join(lines)
