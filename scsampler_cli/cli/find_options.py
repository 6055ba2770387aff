"""The options of `scsampler find`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from scsampler_cli.cli.artifact_options import ReelPad
from scsampler_cli.cli.batch_options import LocalJobs, MaxMemory, Timeout
from scsampler_cli.cli.input_options import VideoReadOptions
from scsampler_cli.cli.learning_options import CacheFolder
from scsampler_cli.cli.model_options import MODELS, DeviceOptions, Spec
from scsampler_cli.cli.output_options import (
    OUTPUT,
    Format,
    MessageOptions,
    Schema,
    format_option,
    output_option,
    overwrite_option,
)
from scsampler_cli.cli.output_targets import STDOUT, output_path
from scsampler_cli.config import MAX_PICTURE_GAP_S
from scsampler_cli.config.find_settings import FindSettings
from scsampler_cli.errors import SettingsError
from scsampler_cli.output.writers import FORMATS, format_for

SEARCH = "What is found"


@dataclass(frozen=True, kw_only=True)
class FindSearchOptions:
    """Which clips are compared with the sentence, and how many are found."""

    top: Annotated[
        int,
        typer.Option(
            min=1, help="Number of found clips, of all videos together.", rich_help_panel=SEARCH
        ),
    ] = FindSettings.top
    apart: Annotated[
        float,
        typer.Option(
            min=0,
            metavar="SECONDS",
            help="Least time between two found clips of one video: of clips that are closer only "
            "the best one is found. 0: no such time.",
            rich_help_panel=SEARCH,
        ),
    ] = FindSettings.apart_s
    picture_gap: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            min=0,
            max=MAX_PICTURE_GAP_S,
            help="Longest time between a keyframe and a later clip that takes its picture. "
            "Smaller values find shorter moments, and cost more once.",
            rich_help_panel=SEARCH,
        ),
    ] = FindSettings.picture_gap
    prompt: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TEXT",
            help="Template of a sentence for a text-image model. {} stands for the sentence. "
            "Repeat the option for several, which are averaged. Default: {}.",
            rich_help_panel=SEARCH,
        ),
    ] = None

    def settings(self) -> FindSettings:
        """The same as settings of the library.

        Raises:
            SettingsError: a prompt without a place for the sentence, or a value out of range.
        """
        return FindSettings(
            top=self.top,
            apart_s=self.apart,
            picture_gap=self.picture_gap,
            prompts=tuple(self.prompt) if self.prompt else FindSettings.prompts,
        )


@dataclass(frozen=True, kw_only=True)
class FindModelOptions(DeviceOptions):
    """The text-image model, and where it runs."""

    classifier: Annotated[
        str,
        typer.Option(
            metavar="MODEL",
            help="Text-image model: a Hugging Face folder, or hf:ORG/NAME of the Hugging Face "
            "cache. auto: hf:openai/clip-vit-base-patch32.",
            rich_help_panel=MODELS,
        ),
    ] = "auto"
    spec: Spec = None


@dataclass(frozen=True, kw_only=True)
class FindOutputOptions:
    """The result, and what is made beside it."""

    output: Annotated[
        Path | None,
        output_option("Here always a file. Default, and with -: standard output."),
    ] = None
    format: Annotated[
        Format | None,
        format_option(
            "Default: by the suffix of -o; on standard output a table. json is one document; jsonl "
            "and csv have one line per found clip."
        ),
    ] = None
    schema: Schema = False
    report: Annotated[
        Path | None,
        typer.Option(
            parser=output_path,
            metavar="PATH",
            help="HTML page of the result (.html). One page for all videos, with a picture of each "
            "found clip and a link to its moment.",
            rich_help_panel=OUTPUT,
        ),
    ] = None
    reel: Annotated[
        Path | None,
        typer.Option(
            parser=output_path,
            metavar="PATH",
            help="Video file with the best clips and their audio. Needs ffmpeg. One file for all "
            "videos, best clip first.",
            rich_help_panel=OUTPUT,
        ),
    ] = None
    reel_pad: ReelPad = 0.0
    cache: CacheFolder = None
    overwrite: Annotated[bool, overwrite_option("Without this option the command stops.")] = False

    @property
    def file(self) -> Path | None:
        """The file for the result; None for standard output."""
        return None if self.output == STDOUT else self.output

    @property
    def form(self) -> str:
        """Format of the result.

        Raises:
            SettingsError: the suffix of the file names none of the formats.
        """
        if self.format is not None:
            return self.format.value
        form = "table" if self.file is None else format_for(self.file, cuts=False)
        if form not in FORMATS:
            raise SettingsError(
                f"{self.file}: {form} is a format of classify",
                code="format-unsupported",
                hint=f"choose from {', '.join(FORMATS)}",
            )
        return form


@dataclass(frozen=True, kw_only=True)
class FindBatchOptions:
    """How the videos are worked on."""

    jobs: LocalJobs = None
    timeout: Timeout = None
    max_memory: MaxMemory = None


@dataclass(frozen=True, kw_only=True)
class FindOptions:
    """All options of `scsampler find`, by their groups."""

    sentence: str
    paths: list[str]
    glob: str | None
    search: FindSearchOptions
    model: FindModelOptions
    reading: VideoReadOptions
    outputs: FindOutputOptions
    batch: FindBatchOptions
    messages: MessageOptions
