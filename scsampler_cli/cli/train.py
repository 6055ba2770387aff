"""`scsampler train`: samplers and clip classifiers from labelled videos."""

import json
import sys
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import typer

from scsampler_cli.cli import (
    console,
    environment,
    no_effect,
    no_effect_learning,
    train_both,
    train_checks,
    train_run,
)
from scsampler_cli.cli.command_guard import SOME_FAILED, guarded
from scsampler_cli.cli.line_wrap import terminal_columns, wrapped
from scsampler_cli.cli.message_setup import set_up_messages
from scsampler_cli.cli.option_groups import expanded
from scsampler_cli.cli.train_options import SummaryFormat, TrainOptions
from scsampler_cli.cli.train_words import Line, network_lines
from scsampler_cli.text import printable


@guarded
@expanded
def train(*, context: typer.Context, options: TrainOptions) -> None:
    """Train a clip classifier with its sampler, or one network, from your videos.

    A folder with one folder of videos per class is enough. The recipes of the paper's networks are
    those of its Sec. 3.2, App. A.2 and App. B. Prints a summary.

    scsampler train clips/
    scsampler train videos.csv --target rgbr -o rgbr.safetensors
    scsampler train clips/ --target mel --objective sal-rank --classifier f.pth -o mel.safetensors
    scsampler train clips/ --target classifier --arch mc3_18 -o mine.safetensors
    scsampler train --demo
    """
    no_effect.check(context, no_effect_learning.TRAIN)
    train_checks.check(options)
    _set_up_messages(options)
    if options.trains_both:
        summary: dict[str, Any] | None
        summary, lines = train_both.run(options)
    else:
        options = replace(options, target=options.only_target)
        summary = train_run.run(options)
        # of the processes that train together, only the main one has a summary
        if summary is None:
            return
        lines = list(network_lines(summary, classifier=options.teacher))
    _print(summary, options, lines)
    # exit code 3: the network is trained, but not on all videos of the list
    if any(summary["skipped"].values()):
        raise typer.Exit(SOME_FAILED)


def _set_up_messages(options: TrainOptions) -> None:
    """Set which messages are printed; of the processes of a run only the main one prints any."""
    if environment.torchrun().get("RANK", "0") != "0":
        console.set_up(quiet=True, verbose=0)
        return
    set_up_messages(
        "train",
        options,
        read=train_checks.files_read(options),
        written=train_checks.outputs(options),
        overwrite=options.overwrite,
    )


def _print(summary: dict[str, Any], options: TrainOptions, lines: Iterable[Line]) -> None:
    """Print the summary: words on a terminal, JSON elsewhere."""
    form = options.format
    if form == SummaryFormat.table or (form is None and sys.stdout.isatty()):
        width = terminal_columns(sys.stdout)
        for line in lines:
            text = printable(line.text)
            shown = wrapped(text, width) if width and not line.is_command else [text]
            typer.echo("\n".join(shown))
        return
    # the words are of use beside the JSON, too
    for line in lines if options.trains_both else ():
        console.note(line.text, is_whole=line.is_command)
    typer.echo(json.dumps(summary))
