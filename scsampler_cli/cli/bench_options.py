"""The options of `scsampler bench`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from scsampler_cli.bench.load_models import NetworkOptions
from scsampler_cli.cli.batch_options import LocalJobs, MaxMemory, Timeout
from scsampler_cli.cli.input_options import INPUT, PFrames, PictureGap
from scsampler_cli.cli.learning_options import CacheFolder
from scsampler_cli.cli.model_options import (
    MODELS,
    AudioSampler,
    DeviceOptions,
    LabelOptions,
    PacketSampler,
    Saliency,
    SaliencyOption,
    Spatial,
    SpatialOption,
    VisualSampler,
)
from scsampler_cli.cli.output_options import (
    OUTPUT,
    Format,
    MessageOptions,
    demo_option,
    format_option,
    output_option,
    overwrite_option,
)
from scsampler_cli.cli.selection_options import SELECTION
from scsampler_cli.cli.speed_options import SpeedOptions
from scsampler_cli.config import AUDIO, VISUAL, FeatureSettings
from scsampler_cli.errors import SettingsError
from scsampler_cli.model_zoo.bundled_weights import SETS, sampler_files, set_files
from scsampler_cli.pipeline.models import DEMO, ModelOptions

# a panel of the help that only this command has
COMPARE = "What to compare"
DEFAULT_SPATIAL = Spatial("centre")
RANDOM = "random"
"""Value of --weights that is no file with --speed."""


@dataclass(frozen=True, kw_only=True)
class BenchDataOptions:
    """The videos on which strategies are compared, or an earlier report."""

    data: Annotated[
        list[str] | None,
        typer.Argument(
            help="Labelled videos, as PATH or NAME=PATH: a CSV file (path,label[,split][,group]), "
            "a folder with one folder per class, or another list that `train` reads. Videos of the "
            "split val are compared; those of train are for the strategy Empirical. Without a "
            "split all are compared. With --speed: one video."
        ),
    ] = None
    demo: Annotated[bool, demo_option("The networks are those of the demo.")] = False
    replay: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FOLDER",
            help="Folder of an earlier report: make its tables and figures again, without videos. "
            "Repeat the option for several reports.",
            rich_help_panel=INPUT,
        ),
    ] = None
    pool: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Also report all data sets together, as one of this name.",
            rich_help_panel=INPUT,
        ),
    ] = ""
    true_segments: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="List of true segments, to measure how well they are found: CSV with the columns "
            "path,label,start_s,end_s, annotations of ActivityNet, or an export of Label Studio.",
            rich_help_panel=INPUT,
        ),
    ] = None
    p_frames: PFrames = FeatureSettings.p_frames
    picture_gap: PictureGap = FeatureSettings.picture_gap
    cache: CacheFolder = None
    keep_features: Annotated[
        bool,
        typer.Option(
            help="Keep features in the cache, too; `scsampler docs cache` has their size.",
            rich_help_panel=INPUT,
        ),
    ] = True


@dataclass(frozen=True, kw_only=True)
class BenchSelectionOptions:
    """How clips are selected in every strategy."""

    k: Annotated[
        int | None,
        typer.Option(
            "--k",
            "-k",
            min=1,
            help="Number of clips selected per video. Default: 10; with --replay as in the report.",
            rich_help_panel=SELECTION,
        ),
    ] = None
    seed: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Seed of random numbers. The first one of Random and Empirical. Default: 0; with "
            "--replay as in the report.",
            rich_help_panel=SELECTION,
        ),
    ] = None
    draws: Annotated[
        int | None,
        typer.Option(
            min=2,
            help="Number of seeds of Random and Empirical. Default: 20; with --replay as in the "
            "report.",
            rich_help_panel=SELECTION,
        ),
    ] = None
    empirical: Annotated[
        bool,
        typer.Option(
            help="Classify all clips of the training videos, for the histogram of Empirical.",
            rich_help_panel=SELECTION,
        ),
    ] = True


@dataclass(frozen=True, kw_only=True)
class BenchModelOptions(LabelOptions, DeviceOptions):
    """Classifiers and samplers that are compared."""

    classifier: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MODEL",
            help="Clip classifier. Repeat the option for several. Default: auto, see `scsampler "
            "classify`.",
            rich_help_panel=MODELS,
        ),
    ] = None
    weights: Annotated[
        Path | None,
        typer.Option(
            help="Weight file of the classifier, .safetensors or .pth. Default: its public or "
            "bundled weights. random, with --speed: a built-in network with random weights, on "
            "which its speed does not depend.",
            rich_help_panel=MODELS,
        ),
    ] = None
    spatial: SpatialOption = DEFAULT_SPATIAL
    visual_sampler: VisualSampler = "auto"
    audio_sampler: AudioSampler = "auto"
    packet_sampler: PacketSampler = "none"
    saliency: SaliencyOption = Saliency.auto
    sampler: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=FILE,...",
            help="Further sampler for the table of samplers and classifiers (Table 3): a name and "
            "one weight file per input. Repeat the option for several.",
            rich_help_panel=COMPARE,
        ),
    ] = None
    joint: Annotated[
        str,
        typer.Option(
            metavar="FILE,FILE",
            help="Weight files of samplers that were trained together (train --target joint).",
            rich_help_panel=COMPARE,
        ),
    ] = ""
    network: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="Weight file of a further network for the tables of inputs and of audio networks. "
            "Repeat the option for several.",
            rich_help_panel=COMPARE,
        ),
    ] = None
    timed: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Number of videos on which times are measured. 0: none. Default: 3.",
            rich_help_panel=COMPARE,
        ),
    ] = None
    sheet: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Number of videos on the contact sheet. 0: no sheet. Default: 4.",
            rich_help_panel=COMPARE,
        ),
    ] = None
    sheet_of: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="VIDEO",
            help="Video of the list to show on the contact sheet. Repeat the option for several.",
            rich_help_panel=COMPARE,
        ),
    ] = None


# the options of all groups in one object, which the steps of a run take whole
@dataclass(frozen=True, kw_only=True)
class BenchOptions(
    MessageOptions, SpeedOptions, BenchModelOptions, BenchSelectionOptions, BenchDataOptions
):
    """All options of `scsampler bench`."""

    jobs: LocalJobs = None
    timeout: Timeout = None
    max_memory: MaxMemory = None
    output: Annotated[
        Path | None,
        output_option(
            "A folder for the report: a page, JSON, CSV and figures. Default: none, the tables "
            "are printed."
        ),
    ] = None
    overwrite: Annotated[
        bool,
        overwrite_option(
            "Without this option the command stops if the folder of the report is not empty."
        ),
    ] = False
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Continue an earlier run. Its report is in the folder, and what is in it is not "
            "measured again.",
            rich_help_panel=OUTPUT,
        ),
    ] = False
    format: Annotated[
        Format | None,
        format_option("On standard output; the report is not affected. Default: table."),
    ] = None
    paper: Annotated[
        bool,
        typer.Option(
            "--paper",
            help="Also show the numbers of the paper (SCSampler, ICCV 2019), which are of other "
            "videos and networks.",
            rich_help_panel=COMPARE,
        ),
    ] = False

    @property
    def features(self) -> FeatureSettings:
        """How the inputs of the visual samplers are made."""
        return FeatureSettings(
            p_frames=self.p_frames,
            picture_gap=self.picture_gap,
            # as in `classify --segments`
            own_pictures=self.true_segments is not None,
        )

    @property
    def classifiers(self) -> list[str]:
        """Names of the classifiers; the demo has its own."""
        # "auto" would load a classifier of real actions
        return self.classifier or [DEMO if self.demo else "auto"]

    @property
    def joint_files(self) -> tuple[Path, ...]:
        """Weight files of the networks that were trained together."""
        return tuple(Path(part) for part in self.joint.split(",") if part)

    @property
    def has_random_weights(self) -> bool:
        """True where the classifiers get random weights, which only --speed does."""
        return self.speed and self.weights == Path(RANDOM)

    def models(self, classifier: str) -> ModelOptions:
        """The model options with one of the classifiers; without random weights."""
        return ModelOptions(
            classifier=classifier,
            weights=None if self.has_random_weights else self.weights,
            labels=self.labels,
            prompts=tuple(self.prompt or ()),
            background_labels=self.background_labels,
            visual_sampler=self.visual_sampler,
            audio_sampler=self.audio_sampler,
            packet_sampler=self.packet_sampler,
            device=self.device,
            precision=self.precision.value,
            saliency=self.saliency.value,
        )

    def networks(self, classifier: str) -> NetworkOptions:
        """One of the classifiers, and the sampler networks that are compared under it."""
        # checked before: the names are all different
        others = dict(named_sampler(text) for text in self.sampler or ())
        return NetworkOptions(
            models=self.models(classifier),
            spatial=self.spatial.value,
            others={name: tuple(paths) for name, paths in others.items()},
            joint=self.joint_files,
            single=tuple(self.network or ()),
        )


def named_sampler(text: str) -> tuple[str, list[Path]]:
    """Name and weight files of "NAME=FILE,FILE", or of "NAME=SET" with a bundled set.

    Raises:
        SettingsError: something else.
    """
    name, equals, spec = text.partition("=")
    if not equals or not name or not spec:
        raise SettingsError(
            f"--sampler {text!r} has no name",
            code="bench-models-invalid",
            hint="--sampler NAME=FILE[,FILE...]",
        )
    # a bundled set: its networks on all inputs, without packets
    if spec in SETS:
        return name, set_files(spec, (*VISUAL, *AUDIO))
    return name, sampler_files(spec, VISUAL)
