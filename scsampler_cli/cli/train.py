"""`scsampler train`: samplers and clip classifiers from labelled videos."""

import json
from dataclasses import replace
from typing import Any

import typer

from scsampler_cli.cli import (
    no_effect,
    no_effect_learning,
    train_both,
    train_checks,
    train_run,
)
from scsampler_cli.cli.command_guard import SOME_FAILED, guarded
from scsampler_cli.cli.option_groups import expanded
from scsampler_cli.cli.train_options import TrainOptions


@guarded
@expanded
def train(*, context: typer.Context, options: TrainOptions) -> None:
    """Train a clip classifier with its sampler, or one network, from your videos.

    A folder with one folder of videos per class is enough. The recipes of the paper's networks are
    those of its Sec. 3.2, App. A.2 and App. B. Prints a summary as JSON.

    scsampler train clips/
    scsampler train videos.csv --target rgbr -o rgbr.safetensors
    scsampler train clips/ --target mel --objective sal-rank --classifier f.pth -o mel.safetensors
    scsampler train clips/ --target classifier --arch mc3_18 -o mine.safetensors
    scsampler train --demo
    """
    no_effect.check(context, no_effect_learning.TRAIN)
    train_checks.check(options)
    if options.trains_both:
        summary: dict[str, Any] | None = train_both.run(options)
    else:
        summary = train_run.run(replace(options, target=options.only_target))
    # of several processes that train together, only the main one has a summary
    if summary is None:
        return
    typer.echo(json.dumps(summary))
    # exit code 3: the network is trained, but not on all videos of the list
    if any(summary["skipped"].values()):
        raise typer.Exit(SOME_FAILED)
