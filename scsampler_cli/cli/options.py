"""Options that several commands share."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from scsampler_cli.cli.output_targets import output_path
from scsampler_cli.config import SPATIAL, STRATEGIES
from scsampler_cli.errors import SettingsError
from scsampler_cli.output.schemas import schema
from scsampler_cli.output.writers import CUT_FORMATS, FORMATS

INPUT, CHOICE, MODELS, OUTPUT = "What to read", "Which clips", "Models", "Output"

Format = StrEnum("Format", ["table", "json", "jsonl", "csv"])
ClipFormat = StrEnum("ClipFormat", (*FORMATS, *CUT_FORMATS))  # type: ignore[misc]


def of_list(format: ClipFormat | None) -> Format:
    """The form of a list that holds no clips; a table where none is asked for.

    Raises:
        SettingsError: it is for clips.
    """
    if format in CUT_FORMATS:
        raise SettingsError(
            f"{format} holds the clips of a video",
            code="format-unsupported",
            hint=f"choose from {', '.join(FORMATS)}",
        )
    return Format(format or "table")


Precision = StrEnum("Precision", ["auto", "fp32", "bf16", "fp16"])
Spatial = StrEnum("Spatial", list(SPATIAL))  # type: ignore[misc]
Strategy = StrEnum("Strategy", {name.replace("-", "_"): name for name in STRATEGIES})  # type: ignore[misc]

Paths = Annotated[
    list[str] | None,
    typer.Argument(
        help="Video files, folders (searched recursively), or - for a list on standard input, a path a line."
    ),
]
Glob = Annotated[
    str | None,
    typer.Option(
        help="Take files of this name pattern from folders, e.g. '*.mkv'; default: videos by their suffix.",
        rich_help_panel=INPUT,
    ),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        parser=output_path,
        metavar="PATH",
        help="File for the result; default, and -: standard output. Of formats that hold one video also a folder: FOLDER/. "
        "Records of JSON lines that are there are kept as FILE.old.",
        rich_help_panel=OUTPUT,
    ),
]
Overwrite = Annotated[
    bool,
    typer.Option(
        "--overwrite",
        help="Write over files that are there. Without it only JSON lines give way, kept as FILE.old; other files are refused.",
        rich_help_panel=OUTPUT,
    ),
]
FormatOption = Annotated[
    Format | None,
    typer.Option(
        "--format",
        help="Form of the result; default: by the suffix of -o (.jsonl, ...), table on standard output.",
        rich_help_panel=OUTPUT,
    ),
]
ClipFormatOption = Annotated[
    ClipFormat | None,
    typer.Option(
        "--format",
        help="Form of the result; default: by the suffix of -o (.jsonl, ...), table on standard output. jsonl is one line a "
        "video, and can be resumed; edl, srt and ffmetadata (chapters) hold the clips taken from one video.",
        rich_help_panel=OUTPUT,
    ),
]


def _print_schema(context: typer.Context, wanted: bool) -> None:
    if wanted:
        typer.echo(json.dumps(schema(str(context.info_name)), indent=2, ensure_ascii=False))
        raise typer.Exit


Schema = Annotated[
    bool,
    typer.Option(
        "--schema",
        callback=_print_schema,
        is_eager=True,
        help="Print the JSON Schema of the records and leave.",
        rich_help_panel=OUTPUT,
    ),
]
Quiet = Annotated[
    bool,
    typer.Option(
        "--quiet", "-q", help="No progress and no notes on stderr.", rich_help_panel=OUTPUT
    ),
]
Debug = Annotated[
    bool, typer.Option("--debug", help="Show tracebacks of errors.", rich_help_panel=OUTPUT)
]

K = Annotated[
    int,
    typer.Option("--k", "-k", min=1, help="Clips to take from each video.", rich_help_panel=CHOICE),
]
StrategyOption = Annotated[
    Strategy,
    typer.Option(
        "--strategy",
        help="How clips are chosen: by picture and sound (av-...), one of them, packets, or none; dense takes all.",
        rich_help_panel=CHOICE,
    ),
]
Alpha = Annotated[
    float | None,
    typer.Option(
        min=0,
        max=1,
        help="Weight of the picture, the rest is the sound's: of av-convex-list (default 0.8), av-convex-score (0.9).",
        rich_help_panel=CHOICE,
    ),
]
KVisual = Annotated[
    int | None,
    typer.Option(
        min=0,
        help="Clips, of the k, that av-union-list takes by the picture; default 0.8 k.",
        rich_help_panel=CHOICE,
    ),
]
ClipStride = Annotated[
    int, typer.Option(min=1, help="Score, and take, only every N-th clip.", rich_help_panel=CHOICE)
]
Seed = Annotated[
    int,
    typer.Option(
        min=0, help="Seed of the random and empirical strategies.", rich_help_panel=CHOICE
    ),
]
Histogram = Annotated[
    Path | None,
    typer.Option(
        help="For empirical: a text file, one weight for each equal part of a video, e.g. 1 2 2 1.",
        rich_help_panel=CHOICE,
    ),
]
PFrames = Annotated[
    int,
    typer.Option(
        min=0,
        help="P-frames looked at in each clip; 0 looks at all, as the paper does: slower.",
        rich_help_panel=MODELS,
    ),
]
ShortSide = Annotated[
    int,
    typer.Option(
        help="Pixels (32-4096) of the short side of I-frames and residuals; 0 keeps the size.",
        rich_help_panel=INPUT,
    ),
]
VisualSampler = Annotated[
    str,
    typer.Option(
        help="Sampler of the picture: a shipped set (actions6, actions6-paper, demo), FILE[,FILE...], or none; "
        "auto: actions6 (of demo: demo).",
        rich_help_panel=MODELS,
    ),
]
AudioSampler = Annotated[
    str,
    typer.Option(
        help="Sampler of the sound: a shipped set, FILE, or none; auto: what the set actions6 has, none (of demo: demo).",
        rich_help_panel=MODELS,
    ),
]
PacketSampler = Annotated[
    str,
    typer.Option(
        help="Sampler of the packets, for --strategy packets and --cascade: a shipped set, FILE, or none; auto: actions6.",
        rich_help_panel=MODELS,
    ),
]
Cascade = Annotated[
    bool,
    typer.Option(
        "--cascade/--no-cascade",
        help="Let packets, and the sound, rank all clips first; look at the picture of the best alone.",
        rich_help_panel=CHOICE,
    ),
]
Candidates = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Clips that --cascade looks at; at least k, default 4 k.",
        rich_help_panel=CHOICE,
    ),
]
Device = Annotated[
    str,
    typer.Option(
        help="Where networks run: auto (a GPU where there is one), cpu, cuda or cuda:N.",
        rich_help_panel=MODELS,
    ),
]
PrecisionOption = Annotated[
    Precision,
    typer.Option(
        "--precision",
        help="Of the networks; auto: fp16 (train: bf16) on a GPU, bf16 on a CPU made for it, else fp32.",
        rich_help_panel=MODELS,
    ),
]
ClipFrames = Annotated[
    int, typer.Option(min=1, max=1024, help="Frames that a clip has.", rich_help_panel=INPUT)
]
FrameStride = Annotated[
    int,
    typer.Option(
        min=1,
        max=1024,
        help="Every how many frames of the video one is taken.",
        rich_help_panel=INPUT,
    ),
]
Weights = Annotated[
    Path | None,
    typer.Option(
        help="Weight file for the named classifier, .safetensors or .pth; default: its public or shipped ones.",
        rich_help_panel=MODELS,
    ),
]
Labels = Annotated[
    Path | None,
    typer.Option(
        help="Class names: a text file, one a line, or kinetics400, sports1m; default: the classifier's own.",
        rich_help_panel=MODELS,
    ),
]
Arch = Annotated[
    str | None,
    typer.Option(
        help="Network that a plain state dict is for, e.g. r2plus1d_18; `scsampler classifiers` lists them.",
        rich_help_panel=MODELS,
    ),
]
Spec = Annotated[
    list[str] | None,
    typer.Option(
        metavar="KEY=VALUE",
        help="What a model file does not say, or another geometry: frames=16, stride=2, ...; give one for each.",
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
VideoStream = Annotated[
    int | None,
    typer.Option(
        min=0,
        help="Which of a file's picture streams, from 0; default: the first that is no cover art.",
        rich_help_panel=INPUT,
    ),
]
AudioStream = Annotated[
    int | None,
    typer.Option(
        min=0,
        help="Which of a file's sound tracks, from 0; default: the first.",
        rich_help_panel=INPUT,
    ),
]
MaxPixels = Annotated[
    int,
    typer.Option(
        min=0, help="Refuse larger pictures, in pixels; 0 allows any.", rich_help_panel=INPUT
    ),
]
MaxFrames = Annotated[
    int,
    typer.Option(
        min=0, help="Refuse longer videos, in frames; 0 allows any.", rich_help_panel=INPUT
    ),
]
Strict = Annotated[
    bool,
    typer.Option(
        "--strict", help="A file with anything that cannot be decoded fails.", rich_help_panel=INPUT
    ),
]
Report = Annotated[
    Path | None,
    typer.Option(
        parser=output_path,
        metavar="PATH",
        help="Write a page to look at (.html); for several videos an index, and their pages in a folder beside it.",
        rich_help_panel=OUTPUT,
    ),
]
Thumbnails = Annotated[
    Path | None,
    typer.Option(
        parser=output_path,
        metavar="DIR",
        help="Write a contact sheet of the clips taken from each video into this folder.",
        rich_help_panel=OUTPUT,
    ),
]
Reel = Annotated[
    Path | None,
    typer.Option(
        parser=output_path,
        metavar="PATH",
        help="Write the clips taken as a video with sound (needs ffmpeg); for several videos a folder, with / at its end.",
        rich_help_panel=OUTPUT,
    ),
]
ReelPad = Annotated[
    float,
    typer.Option(
        min=0,
        max=60,
        help="Seconds that a reel shows before and after each clip.",
        rich_help_panel=OUTPUT,
    ),
]
Verbose = Annotated[
    int,
    typer.Option(
        "--verbose",
        "-v",
        count=True,
        help="Say what is begun and done; -vv also what FFmpeg says.",
        rich_help_panel=OUTPUT,
    ),
]
LogFile = Annotated[
    Path | None,
    typer.Option(
        help="Append all messages to this file, with their times; it must be new or a log of scsampler.",
        rich_help_panel=OUTPUT,
        readable=False,
    ),
]
