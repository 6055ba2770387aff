"""`scsampler train`: samplers and clip classifiers from labelled videos."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from scsampler_cli.cli import (
    batch_options,
    no_effect,
    no_effect_learning,
    options,
    run_batch,
    train_options,
    train_run,
)
from scsampler_cli.errors import SettingsError
from scsampler_cli.pipeline.models import ModelOptions

Target = StrEnum("Target", ["classifier", "md", "rgbr", "mel", "if", "packets", "joint"])
Objective = StrEnum("Objective", {"ac": "ac", "sal_rank": "sal-rank", "sal_cl": "sal-cl"})
Schedule = StrEnum("Schedule", {"plateau": "plateau", "step": "step", "one_cycle": "one-cycle"})
Optimiser = StrEnum("Optimiser", ["adamw", "sgd"])
Augment = StrEnum("Augment", ["paper", "strong"])
Keep = StrEnum("Keep", ["best", "last"])
Form = StrEnum("Form", ["auto", "csv", "folder", "kinetics", "ucf101", "numbers", "sports1m"])
LEARNING = "How it learns"


@run_batch.guarded
def train(
    context: typer.Context,
    data: Annotated[
        Path | None,
        typer.Argument(
            help="Labelled videos: CSV (path,label[,split][,group]), a folder of one folder a class, or a list of Kinetics, "
            "UCF101, Sports1M or mmaction2."
        ),
    ] = None,
    demo: Annotated[
        bool,
        typer.Option(
            "--demo",
            help="Train on generated videos, within minutes.",
            rich_help_panel=options.INPUT,
        ),
    ] = False,
    form: Annotated[
        Form,
        typer.Option(
            help="Form of the list; auto tells it by its lines.", rich_help_panel=options.INPUT
        ),
    ] = Form.auto,
    root: Annotated[
        Path | None,
        typer.Option(
            help="Folder that the list's paths are in; default: the list's own.",
            rich_help_panel=options.INPUT,
        ),
    ] = None,
    clip_frames: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=1024,
            help="Frames of a clip; default: the classifier's, else 16.",
            rich_help_panel=options.INPUT,
        ),
    ] = None,
    frame_stride: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=1024,
            help="Every how many frames of the video one is taken; default: the classifier's, else 1.",
            rich_help_panel=options.INPUT,
        ),
    ] = None,
    size: Annotated[
        str | None,
        typer.Option(
            help="Pixels of a classifier's crop, a side or HEIGHTxWIDTH, from 16; default 112.",
            rich_help_panel=options.INPUT,
        ),
    ] = None,
    test_crop: Annotated[
        str | None,
        typer.Option(
            help="Pixels that a classifier sees once it is trained, likewise; default: as in training.",
            rich_help_panel=options.INPUT,
        ),
    ] = None,
    p_frames: options.PFrames = 4,
    target: Annotated[
        Target,
        typer.Option(
            help="A clip classifier, a sampler by its input, or joint: several samplers by the mean of their scores.",
            rich_help_panel=options.MODELS,
        ),
    ] = Target.rgbr,
    objective: Annotated[
        Objective,
        typer.Option(
            help="What a sampler learns (Sec. 3.2): ac, the video's label; sal-rank, of which clips the classifier is surer; "
            "sal-cl, which are its k best.",
            rich_help_panel=LEARNING,
        ),
    ] = Objective.ac,
    arch: Annotated[
        str | None,
        typer.Option(
            help="Network; default: the first of resnet18, shufflenet26 (if, md, rgbr), vgg18 (mel), packets1d (packets); "
            "tsm18, tiny3d, mc3_18, r2plus1d_18, i3d_rgb, ... (classifier; default mc3_18).",
            rich_help_panel=options.MODELS,
        ),
    ] = None,
    init: Annotated[
        list[str] | None,
        typer.Option(
            help="Where it starts: auto (default: ImageNet where it can be had, else scratch), imagenet, scratch, or a weight "
            "file; for joint one --init FILE for each network.",
            rich_help_panel=options.MODELS,
        ),
    ] = None,
    classifier: Annotated[
        str | None,
        typer.Option(
            help="The classifier that the sampler is for: pseudo labels of sal-rank and sal-cl, and the measure of "
            "validation. A name or a weight file; default: none.",
            rich_help_panel=options.MODELS,
        ),
    ] = None,
    weights: options.Weights = None,
    labels: options.Labels = None,
    epochs: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Epochs at most; default 40, mel 20 (sal-cl 16), packets 12, joint 10, classifier 45.",
            rich_help_panel=LEARNING,
        ),
    ] = None,
    per_epoch: Annotated[
        int | None,
        typer.Option(
            min=1, help="Clips drawn for an epoch; default 4000.", rich_help_panel=LEARNING
        ),
    ] = None,
    batch_size: Annotated[
        int, typer.Option(min=1, help="Clips in a step.", rich_help_panel=LEARNING)
    ] = 64,
    lr: Annotated[
        float | None,
        typer.Option(
            min=0,
            help="Learning rate of new layers; default 0.001, mel by sal-rank 0.03, packets 0.003, classifier 0.01.",
            rich_help_panel=LEARNING,
        ),
    ] = None,
    pretrained_factor: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1,
            help="Of --lr, for pre-trained layers; default 0.01, mel 0.05 (App. B), packets, joint and classifier 1.",
            rich_help_panel=LEARNING,
        ),
    ] = None,
    schedule: Annotated[
        Schedule | None,
        typer.Option(
            help="Course of the rate; default plateau, mel and classifier step, packets one-cycle.",
            rich_help_panel=LEARNING,
        ),
    ] = None,
    step_epochs: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Epochs at one rate, for --schedule step; default 5, classifier and mel by sal-cl 10.",
            rich_help_panel=LEARNING,
        ),
    ] = None,
    warmup_epochs: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Epochs of warm-up, for --schedule step; default 0, classifier 10.",
            rich_help_panel=LEARNING,
        ),
    ] = None,
    optimiser: Annotated[
        Optimiser | None,
        typer.Option(
            help="Optimiser; default adamw, mel and classifier sgd.", rich_help_panel=LEARNING
        ),
    ] = None,
    augment: Annotated[
        Augment,
        typer.Option(
            help="paper: random crop and flip; strong: more, for small data.",
            rich_help_panel=LEARNING,
        ),
    ] = Augment.paper,
    clips_per_video: Annotated[
        int,
        typer.Option(
            min=2,
            help="Clips of a video that a step compares (sal-rank).",
            rich_help_panel=LEARNING,
        ),
    ] = 8,
    margin: Annotated[
        float,
        typer.Option(
            min=0,
            help="By how much sal-rank wants a better clip to score higher (eta, Eq. 2).",
            rich_help_panel=LEARNING,
        ),
    ] = 0.1,
    gap: Annotated[
        float,
        typer.Option(
            min=0,
            max=1,
            help="Sal-rank compares clips whose probability by the classifier (f_y) differs by more than this.",
            rich_help_panel=LEARNING,
        ),
    ] = 0.05,
    k: Annotated[
        int,
        typer.Option(
            "--k",
            "-k",
            min=1,
            help="Clips taken in validation, and by sal-cl's oracle.",
            rich_help_panel=LEARNING,
        ),
    ] = 10,
    patience: Annotated[
        int,
        typer.Option(
            min=0,
            help="End after so many epochs without a better one; 0: never.",
            rich_help_panel=LEARNING,
        ),
    ] = 0,
    keep: Annotated[
        Keep,
        typer.Option(
            help="Which epoch is written: the best in validation, or the last.",
            rich_help_panel=LEARNING,
        ),
    ] = Keep.best,
    seed: Annotated[
        int, typer.Option(min=0, help="Seed of everything random.", rich_help_panel=LEARNING)
    ] = 0,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            readable=False,
            help="Weight file to write: NAME.safetensors; NAME.metrics.jsonl, NAME.curve.png and a checkpoint lie beside it. "
            "Default with --demo: demo_TARGET.safetensors.",
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite",
            help="Write over these files where they are there; without it they are refused.",
            rich_help_panel=options.OUTPUT,
        ),
    ] = False,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Go on from the checkpoint beside -o, with the same options.",
            rich_help_panel=options.OUTPUT,
        ),
    ] = False,
    cache: Annotated[
        Path | None,
        typer.Option(
            help="Folder where features and the classifier's answers are kept; default: ~/.cache/scsampler/train.",
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    jobs: batch_options.JobsHere = None,
    timeout: batch_options.Timeout = None,
    max_memory: batch_options.MaxMemory = None,
    description: Annotated[
        str,
        typer.Option(
            help="One line about the data, kept in the weight file.", rich_help_panel=options.OUTPUT
        ),
    ] = "",
    device: options.Device = "auto",
    precision: options.PrecisionOption = options.Precision.auto,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Train a sampler for your classifier and your videos, or a clip classifier (Sec. 3.2, App. A.2, B).

    Prints a summary as JSON.

    scsampler train videos.csv --target rgbr -o rgbr.safetensors
    scsampler train videos.csv --target mel --objective sal-rank --classifier mine.safetensors -o mel.safetensors
    scsampler train videos/ --target classifier --arch mc3_18 -o mine.safetensors
    scsampler train --demo
    """
    no_effect.check(context, no_effect_learning.TRAIN)
    given = train_options.TrainOptions(
        **{
            name: getattr(value, "value", value)
            for name, value in locals().items()
            if name != "context"
        }
    )
    if demo == (data is not None):
        raise SettingsError(
            "give either labelled videos or --demo",
            code="source-conflict",
            hint="scsampler train videos.csv -o FILE.safetensors",
        )
    if output is None and not demo:
        raise SettingsError(
            "no weight file was named",
            code="weights-output-invalid",
            hint="add -o FILE.safetensors",
        )
    ModelOptions(
        classifier=classifier or "auto", weights=weights, labels=labels, device=device
    ).check()
    train_options.check(given)
    summary = train_run.run(given)
    if summary is None:  # one of several processes, not the one that speaks
        return
    typer.echo(json.dumps(summary))
    if any(summary["skipped"].values()):
        raise typer.Exit(run_batch.SOME_FAILED)
