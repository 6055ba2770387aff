"""`scsampler train`: samplers and clip classifiers from labelled videos."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from scsampler_cli import console
from scsampler_cli.cli import batch, models, options
from scsampler_cli.cli.environment import demo_dir
from scsampler_cli.errors import SettingsError
from scsampler_cli.inputs import check_readable
from scsampler_cli.writers import check_output

Target = StrEnum("Target", ["classifier", "md", "rgbr", "mel", "if"])


@batch.guarded
def train(
    data: Annotated[Path | None, typer.Argument(help="CSV file: path,label[,split]; split is train or val.")] = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="Train on generated videos.", rich_help_panel=options.INPUT)
    ] = False,
    target: Annotated[Target, typer.Option(help="What to train.", rich_help_panel=options.MODELS)] = Target.rgbr,
    arch: Annotated[
        str | None,
        typer.Option(
            help="Network: resnet18 or shufflenet26 (if, md, rgbr), vgg18 (mel); "
            "tiny3d, mc3_18, r3d_18 or r2plus1d_18 (classifier).",
            rich_help_panel=options.MODELS,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", readable=False, help="Weight file to write.", rich_help_panel=options.OUTPUT),
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, help="Passes.", rich_help_panel=options.MODELS)] = 12,
    per_epoch: Annotated[int, typer.Option(min=1, help="Samples in a pass.", rich_help_panel=options.MODELS)] = 4000,
    batch_size: Annotated[int, typer.Option(min=1, help="Samples in a step.", rich_help_panel=options.MODELS)] = 32,
    lr: Annotated[float, typer.Option(min=0, help="Peak learning rate.", rich_help_panel=options.MODELS)] = 1e-3,
    seed: options.Seed = 0,
    clip_frames: options.ClipFrames = 16,
    frame_stride: options.FrameStride = 1,
    size: Annotated[
        int, typer.Option(min=16, max=512, help="Pixels of a classifier's square crop.", rich_help_panel=options.INPUT)
    ] = 112,
    p_frames: options.PFrames = 4,
    description: Annotated[
        str, typer.Option(help="One line about the data, kept in the weight file.", rich_help_panel=options.OUTPUT)
    ] = "",
    device: options.Device = "auto",
    precision: options.PrecisionOption = options.Precision.auto,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Train a sampler or a clip classifier as an action classifier (AC, Sec. 3.2.1).

    scsampler train data.csv --target rgbr -o my_rgbr.safetensors
    scsampler train --demo --target classifier -o demo.safetensors
    """
    if demo == (data is not None):
        raise SettingsError("give either a CSV file or --demo", hint="scsampler train data.csv -o FILE.safetensors")
    if output is None:
        raise SettingsError("no weight file was named", hint="add -o FILE.safetensors")

    models.check(device=device)
    if data is not None:
        check_readable(data)
    check_output(output)

    from scsampler_cli.classifiers.base import InputSpec
    from scsampler_cli.datasets import read_csv
    from scsampler_cli.demo import training_set
    from scsampler_cli.train.fit import Epoch, TrainSettings
    from scsampler_cli.train.fit import train as fit

    # the crop is 7/8 of the short side, as the paper's 224 of 256
    spec = InputSpec(clip_frames, frame_stride, -(-size * 8 // 7), (size, size))
    settings = TrainSettings(
        target.value,
        output,
        arch,
        epochs,
        batch_size,
        lr,
        seed,
        per_epoch,
        p_frames,
        spec,
        description,
        device,
        precision,
    )
    with console.Bars(quiet) as progress:
        if data is not None:
            examples = read_csv(data)
        else:
            examples = training_set(
                demo_dir(), target.value == "classifier", lambda done, total: progress("rendering", done, total)
            )

    def say(epoch: Epoch) -> None:
        if not quiet:
            console.say(
                f"epoch {epoch.epoch}/{epoch.epochs}  loss {epoch.loss:.3f}  validation {epoch.accuracy:.1%}  "
                f"{epoch.seconds:.1f} s, {(epoch.epochs - epoch.epoch) * epoch.seconds:.0f} s left"
            )

    summary = fit(settings, examples, say, lambda example, error: console.show_error(error, f"{example.path}: "))
    typer.echo(json.dumps(summary))
