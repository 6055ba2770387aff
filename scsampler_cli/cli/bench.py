"""`scsampler bench`: is it worth it for these videos and this classifier?"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from scsampler_cli.cli import (
    batch_options,
    bench_run,
    bench_speed,
    no_effect,
    no_effect_learning,
    options,
    run_batch,
)
from scsampler_cli.cli.bench_options import BenchOptions
from scsampler_cli.config import FeatureSettings

Codec = StrEnum("Codec", ["h264", "mpeg4", "hevc", "vp9", "av1"])
COMPARE, SPEED = "What to compare", "How fast (--speed)"


@run_batch.guarded
def bench(
    context: typer.Context,
    data: Annotated[
        list[str] | None,
        typer.Argument(
            help="Labelled videos, or NAME=PATH: CSV (path,label[,split]), a folder of one folder a class, or another list that "
            "`train` reads. Videos of the split val are compared, those of train are for Empirical. With --speed: a video."
        ),
    ] = None,
    demo: Annotated[
        bool,
        typer.Option(
            "--demo",
            help="Use generated videos and the demo networks.",
            rich_help_panel=options.INPUT,
        ),
    ] = False,
    replay: Annotated[
        list[Path] | None,
        typer.Option(
            help="Make tables and figures anew from a report's folder; may be given several times.",
            rich_help_panel=options.INPUT,
        ),
    ] = None,
    pool: Annotated[
        str,
        typer.Option(
            help="Report all runs as one data set of this name, too; needs several.",
            rich_help_panel=options.INPUT,
        ),
    ] = "",
    k: Annotated[
        int | None,
        typer.Option(
            "--k",
            "-k",
            min=1,
            help="Clips to take from each video; default 10, or as replayed.",
            rich_help_panel=options.CHOICE,
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="First seed of Random and Empirical; default 0.",
            rich_help_panel=options.CHOICE,
        ),
    ] = None,
    draws: Annotated[
        int | None,
        typer.Option(
            min=2, help="Seeds of Random and Empirical; default 20.", rich_help_panel=options.CHOICE
        ),
    ] = None,
    empirical: Annotated[
        bool,
        typer.Option(
            help="Classify training videos densely for Empirical's histogram.",
            rich_help_panel=options.CHOICE,
        ),
    ] = True,
    classifier: Annotated[
        list[str] | None,
        typer.Option(
            help="auto (default), a name, or a model file; may be given several times.",
            rich_help_panel=options.MODELS,
        ),
    ] = None,
    weights: options.Weights = None,
    labels: options.Labels = None,
    spatial: options.SpatialOption = options.Spatial("centre"),
    visual_sampler: options.VisualSampler = "auto",
    audio_sampler: options.AudioSampler = "auto",
    packet_sampler: options.PacketSampler = "none",
    sampler: Annotated[
        list[str] | None,
        typer.Option(
            help="NAME=FILE[,FILE...]: a further sampler for the cross-table; may be given several times.",
            rich_help_panel=COMPARE,
        ),
    ] = None,
    joint: Annotated[
        str,
        typer.Option(
            help="FILE,FILE: samplers trained together (train --target joint).",
            rich_help_panel=COMPARE,
        ),
    ] = "",
    network: Annotated[
        list[Path] | None,
        typer.Option(
            help="Weight file of a further network for the tables of inputs and of audio networks; may be given several times.",
            rich_help_panel=COMPARE,
        ),
    ] = None,
    p_frames: options.PFrames = FeatureSettings.p_frames,
    device: options.Device = "auto",
    precision: options.PrecisionOption = options.Precision.auto,
    timed: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Videos on which times are measured; default 3, 0: none.",
            rich_help_panel=COMPARE,
        ),
    ] = None,
    sheet: Annotated[
        int | None,
        typer.Option(
            min=0, help="Videos on the contact sheet; default 4, 0: none.", rich_help_panel=COMPARE
        ),
    ] = None,
    sheet_of: Annotated[
        list[Path] | None,
        typer.Option(
            help="A video of the list that must be on the contact sheet; may be given several times.",
            rich_help_panel=COMPARE,
        ),
    ] = None,
    cache: Annotated[
        Path | None,
        typer.Option(
            help="Where features, scores and the classifier's answers are kept; default, as of train: ~/.cache/scsampler/train.",
            rich_help_panel=options.INPUT,
        ),
    ] = None,
    keep_features: Annotated[
        bool,
        typer.Option(
            help="Keep the features there too, some 0.15 MB for a second of video.",
            rich_help_panel=options.INPUT,
        ),
    ] = True,
    jobs: batch_options.JobsHere = None,
    timeout: batch_options.Timeout = None,
    max_memory: batch_options.MaxMemory = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Folder for the report: a page, JSON, CSV, figures; default: none, tables are printed.",
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite",
            help="Write into a folder that is not empty and holds no report: files of the report's names are replaced.",
            rich_help_panel=options.OUTPUT,
        ),
    ] = False,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Go on in the folder of a report: what is known is not measured again.",
            rich_help_panel=options.OUTPUT,
        ),
    ] = False,
    form: Annotated[
        options.Format | None,
        typer.Option(
            "--format",
            help="What is printed on standard output; default table.",
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    speed_: Annotated[
        bool,
        typer.Option("--speed", help="Measure every stage on one video.", rich_help_panel=SPEED),
    ] = False,
    minutes: Annotated[
        float | None,
        typer.Option(
            min=0.1,
            max=600,
            help="Length of the generated video, in minutes; default 5.6.",
            rich_help_panel=SPEED,
        ),
    ] = None,
    size: Annotated[
        str | None,
        typer.Option(
            help="WIDTHxHEIGHT of the generated video, even, from 64; default 340x256.",
            rich_help_panel=SPEED,
        ),
    ] = None,
    codec: Annotated[
        Codec | None,
        typer.Option(help="Codec of the generated video; default h264.", rich_help_panel=SPEED),
    ] = None,
    repeats: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=100,
            help="Rounds, of which medians are told, after one to warm up; default 3.",
            rich_help_panel=SPEED,
        ),
    ] = None,
    dense_minutes: Annotated[
        float | None,
        typer.Option(
            min=0.01,
            help="Run Dense on so many minutes of the video and scale its time; default: on all.",
            rich_help_panel=SPEED,
        ),
    ] = None,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Compare the strategies with dense evaluation and the oracle: the paper's tables and figures for your videos.

    scsampler bench videos.csv --classifier mine.safetensors --visual-sampler md.safetensors,rgbr.safetensors -o report
    scsampler bench --replay report --k 5 -o report5
    scsampler bench --demo
    scsampler bench --speed video.mp4 --classifier r2plus1d_18
    """
    no_effect.check(context, no_effect_learning.BENCH)
    given = BenchOptions(
        **{
            name: getattr(value, "value", value)
            for name, value in locals().items()
            if name != "context"
        }
    )
    given.check()
    given.check_networks()
    for name in given.classifiers:
        given.models(name).check()
    if speed_:
        bench_speed.run(given)
    elif bench_run.run(given):
        raise typer.Exit(run_batch.SOME_FAILED)
