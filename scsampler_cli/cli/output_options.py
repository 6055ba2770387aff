"""Options about the result and the messages: files, formats, and how much is printed on stderr."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from scsampler_cli.cli.output_targets import output_path
from scsampler_cli.errors import SettingsError
from scsampler_cli.features.file_formats import FEATURE_FORMATS
from scsampler_cli.output.schemas import schema
from scsampler_cli.output.writers import CUT_FORMATS, DOCUMENT_FORMATS, FORMATS

OUTPUT = "Output"
# written out, so that the order on the help page is the one of how often they are used
Format = StrEnum("Format", ["table", "json", "jsonl", "csv"])
ClipFormat = StrEnum("ClipFormat", (*FORMATS, *CUT_FORMATS, *DOCUMENT_FORMATS))  # type: ignore[misc]

ExtractFormat = StrEnum("ExtractFormat", (*FORMATS, *FEATURE_FORMATS))  # type: ignore[misc]


def list_format(format: ClipFormat | None) -> Format:
    """The format of a list that has no videos; a table by default.

    Raises:
        SettingsError: a format for videos or their clips.
    """
    if format in (*CUT_FORMATS, *DOCUMENT_FORMATS):
        content = "the clips of a video" if format in CUT_FORMATS else "labels of videos"
        raise SettingsError(
            f"{format} is a format for {content}",
            code="format-unsupported",
            hint=f"choose from {', '.join(FORMATS)}",
        )
    return Format(format or "table")


def output_option(details: str) -> Any:
    """The option -o.

    Args:
        details: what the command writes, and what happens without the option.
    """
    return typer.Option(
        "--output",
        "-o",
        parser=output_path,
        metavar="PATH",
        help=f"File or folder for the result. {details}",
        rich_help_panel=OUTPUT,
    )


def overwrite_option(details: str) -> Any:
    """The option --overwrite.

    Args:
        details: what happens without it.
    """
    return typer.Option(
        "--overwrite",
        help=f"Replace files that already exist. {details}",
        rich_help_panel=OUTPUT,
    )


def format_option(details: str) -> Any:
    """The option --format.

    Args:
        details: what the default is, and what the formats are for.
    """
    return typer.Option("--format", help=f"Format of the result. {details}", rich_help_panel=OUTPUT)


def demo_option(details: str) -> Any:
    """The option --demo.

    Args:
        details: what the command does with the videos.
    """
    return typer.Option(
        "--demo",
        help=f"Use videos that scsampler generates. {details}",
        rich_help_panel="Input",
    )


# a file of JSON lines holds hours of work, which a repeated command must not lose
Output = Annotated[
    Path | None,
    output_option(
        "Default, and with -: standard output. FOLDER/ (with the slash) for formats that hold one "
        "video per file. An existing JSON-lines output of the same command is renamed to FILE.old."
    ),
]
# the rule is in `overwrite_checks`
Overwrite = Annotated[
    bool,
    overwrite_option(
        "Without this option the command stops; exception: an existing JSON-lines output of the "
        "same command is renamed to FILE.old."
    ),
]
# a format of feature files and one of records never have the same name
ExtractFormatOption = Annotated[
    ExtractFormat | None,
    format_option(
        "scf (for score) and npz (for NumPy) are formats of the feature files; default: by the "
        "suffix of -o, else scf. The others are formats of the records; default: by the suffix of "
        "--records, on standard output a table."
    ),
]
ClipFormatOption = Annotated[
    ClipFormat | None,
    format_option(
        "Default: by the suffix of -o; on standard output a table. jsonl has one line per video, "
        "and can be resumed. edl, srt, ffmetadata (chapters) and otio (OpenTimelineIO) hold the "
        "segments or selected clips of one video; activitynet and labelstudio (pre-annotations), "
        "of classify alone, those of all videos."
    ),
]
ListFormat = Annotated[Format, format_option("json has every field.")]


# records of each command have a schema of their own, with the command's name
def _print_schema(context: typer.Context, wanted: bool) -> None:
    if wanted:
        typer.echo(json.dumps(schema(str(context.info_name)), indent=2, ensure_ascii=False))
        raise typer.Exit


# eager: it is processed before paths and other options are checked
Schema = Annotated[
    bool,
    typer.Option(
        "--schema",
        callback=_print_schema,
        is_eager=True,
        help="Print the JSON Schema of the records, and exit.",
        rich_help_panel=OUTPUT,
    ),
]
MESSAGES = "Messages"
# errors are printed all the same
Quiet = Annotated[
    bool,
    typer.Option("--quiet", "-q", help="Print no progress and no notes.", rich_help_panel=MESSAGES),
]
# counted: -v, -vv
Verbose = Annotated[
    int,
    typer.Option(
        "--verbose",
        "-v",
        count=True,
        help="Print what starts and ends. -vv: also print the messages of FFmpeg.",
        rich_help_panel=MESSAGES,
    ),
]
LogFile = Annotated[
    Path | None,
    typer.Option(
        help="Append all messages with their times to this file. It must be new, or a log of "
        "scsampler.",
        rich_help_panel=MESSAGES,
        # a file that cannot be read gets the same error as one that cannot be written
        readable=False,
    ),
]
# read by `command_guard.guarded`, not by the commands
Debug = Annotated[
    bool,
    typer.Option("--debug", help="Print the traceback of an error.", rich_help_panel=MESSAGES),
]


@dataclass(frozen=True, kw_only=True)
class RecordOptions:
    """The records of videos, with their clips."""

    output: Output = None
    format: ClipFormatOption = None
    schema: Schema = False
    overwrite: Overwrite = False


@dataclass(frozen=True, kw_only=True)
class MessageOptions:
    """What is printed on stderr."""

    quiet: Quiet = False
    verbose: Verbose = 0
    log_file: LogFile = None
    debug: Debug = False
