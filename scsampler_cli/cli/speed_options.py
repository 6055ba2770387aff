"""The options of `scsampler bench --speed`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import typer

# a panel of the help that only this command has
SPEED = "Speed (--speed)"
Codec = StrEnum("Codec", ["h264", "mpeg4", "hevc", "vp9", "av1"])
# those of `media.sample`, which imports PyAV
Gop = StrEnum("Gop", ["default", "2s", "10s", "all"])


@dataclass(frozen=True, kw_only=True)
class SpeedOptions:
    """Measuring the speed of every stage on one video."""

    # the options below have an effect with this one only
    speed: Annotated[
        bool,
        typer.Option(
            "--speed", help="Measure the speed of every stage on one video.", rich_help_panel=SPEED
        ),
    ] = False
    minutes: Annotated[
        float | None,
        typer.Option(
            min=0.1,
            max=600,
            help="Length of the generated video, in minutes. Default: 5.6.",
            rich_help_panel=SPEED,
        ),
    ] = None
    size: Annotated[
        str | None,
        typer.Option(
            metavar="WIDTHxHEIGHT",
            help="Size in pixels. It is the size of the generated video: even numbers, at least "
            "64. Default: 340x256.",
            rich_help_panel=SPEED,
        ),
    ] = None
    codec: Annotated[
        Codec | None,
        typer.Option(help="Codec of the generated video. Default: h264.", rich_help_panel=SPEED),
    ] = None
    gop: Annotated[
        Gop | None,
        typer.Option(
            help="Keyframes of the generated video. default: where the encoder sets them. 2s, 10s: "
            "that often, and none at cuts. all: those of default, and the scoring of short videos "
            "with each. Default: all.",
            rich_help_panel=SPEED,
        ),
    ] = None
    repeats: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=100,
            help="Number of rounds after a first one to warm up; the medians are printed. Default: "
            "3.",
            rich_help_panel=SPEED,
        ),
    ] = None
    dense_minutes: Annotated[
        float | None,
        typer.Option(
            min=0.01,
            help="Run Dense on this many minutes of the video only, and scale its time. Default: "
            "on the whole video.",
            rich_help_panel=SPEED,
        ),
    ] = None
