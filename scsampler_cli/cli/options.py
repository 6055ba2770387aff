"""Options that several commands share."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from scsampler_cli.config import SPATIAL, STRATEGIES

INPUT, CHOICE, MODELS, OUTPUT = "What to read", "Which clips", "Models", "Output"

Format = StrEnum("Format", ["table", "json", "jsonl", "csv"])
Precision = StrEnum("Precision", ["auto", "fp32", "bf16", "fp16"])
Spatial = StrEnum("Spatial", list(SPATIAL))  # type: ignore[misc]
Strategy = StrEnum("Strategy", {name.replace("-", "_"): name for name in STRATEGIES})  # type: ignore[misc]

Paths = Annotated[
    list[str] | None,
    typer.Argument(help="Video files, folders (searched recursively), or - for a list of paths on standard input."),
]
Glob = Annotated[
    str | None, typer.Option(help="Take files of this name pattern from folders, e.g. '*.mkv'.", rich_help_panel=INPUT)
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        readable=False,
        help="Write the result to this file; - is standard output.",
        rich_help_panel=OUTPUT,
    ),
]
FormatOption = Annotated[
    Format | None,
    typer.Option(
        "--format", help="Form of the result; default: by the suffix of -o, else table.", rich_help_panel=OUTPUT
    ),
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="No progress and no notes on stderr.", rich_help_panel=OUTPUT)
]
Debug = Annotated[bool, typer.Option("--debug", help="Show tracebacks of errors.", rich_help_panel=OUTPUT)]

K = Annotated[int, typer.Option("--k", "-k", min=1, help="Clips to take from each video.", rich_help_panel=CHOICE)]
StrategyOption = Annotated[Strategy, typer.Option("--strategy", help="How clips are chosen.", rich_help_panel=CHOICE)]
Alpha = Annotated[
    float | None,
    typer.Option(
        min=0,
        max=1,
        help="Weight of the picture in av-convex-list (0.8) and av-convex-score (0.9).",
        rich_help_panel=CHOICE,
    ),
]
KVisual = Annotated[
    int | None,
    typer.Option(min=0, help="Clips that av-union-list takes by the picture; default 0.8 k.", rich_help_panel=CHOICE),
]
ClipStride = Annotated[int, typer.Option(min=1, help="Score only every N-th clip.", rich_help_panel=CHOICE)]
Seed = Annotated[int, typer.Option(min=0, help="Seed of the random and empirical strategies.", rich_help_panel=CHOICE)]
Histogram = Annotated[
    Path | None,
    typer.Option(help="For empirical: a text file, one weight for each equal part of a video.", rich_help_panel=CHOICE),
]
PFrames = Annotated[
    int,
    typer.Option(
        min=0, help="P-frames looked at in each clip; 0 looks at all, as the paper does.", rich_help_panel=MODELS
    ),
]
ShortSide = Annotated[
    int,
    typer.Option(help="Pixels of the short side of I-frames and residuals; 0 keeps the size.", rich_help_panel=INPUT),
]
VisualSampler = Annotated[
    str,
    typer.Option(
        help="Sampler of the picture: auto, a shipped set (actions6, actions6-paper, demo), FILE[,FILE...], or none.",
        rich_help_panel=MODELS,
    ),
]
AudioSampler = Annotated[
    str, typer.Option(help="Sampler of the sound: auto, a shipped set, FILE, or none.", rich_help_panel=MODELS)
]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.", rich_help_panel=MODELS)]
PrecisionOption = Annotated[
    Precision,
    typer.Option("--precision", help="Of the networks; auto takes what is fast here.", rich_help_panel=MODELS),
]
ClipFrames = Annotated[int, typer.Option(min=1, max=1024, help="Frames of a clip.", rich_help_panel=INPUT)]
FrameStride = Annotated[int, typer.Option(min=1, max=1024, help="Take every N-th frame.", rich_help_panel=INPUT)]
Weights = Annotated[
    Path | None,
    typer.Option(help="Weight file for the named classifier: .safetensors or .pth.", rich_help_panel=MODELS),
]
Labels = Annotated[
    Path | None,
    typer.Option(help="Text file of class names, one a line; or kinetics400, sports1m.", rich_help_panel=MODELS),
]
Arch = Annotated[
    str | None,
    typer.Option(
        help="Network that a plain state dict is for; `scsampler classifiers` lists them.", rich_help_panel=MODELS
    ),
]
Spec = Annotated[
    list[str] | None,
    typer.Option(
        metavar="KEY=VALUE",
        help="What a model file does not say, or another geometry: frames=16, stride=2, ...",
        rich_help_panel=MODELS,
    ),
]
SpatialOption = Annotated[
    Spatial,
    typer.Option(
        "--spatial",
        help="Where the classifier looks: the centre crop, the full height of the frame, or three crops.",
        rich_help_panel=MODELS,
    ),
]
