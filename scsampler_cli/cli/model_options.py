"""Options about the networks: the classifier, the samplers, and where they run."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from scsampler_cli.config import SPATIAL
from scsampler_cli.pipeline.models import ModelOptions

MODELS = "Models"
# written out, since --help must not wait for torch, which the library's own list imports
Precision = StrEnum("Precision", ["auto", "fp32", "bf16", "fp16"])
Spatial = StrEnum("Spatial", list(SPATIAL))  # type: ignore[misc]
Saliency = StrEnum("Saliency", ["auto", "class"])

Classifier = Annotated[
    str,
    typer.Option(
        metavar="MODEL",
        help="Clip classifier. A name (see `scsampler classifiers`), a model file, a Hugging Face "
        "folder, hf:ORG/NAME, or package.module:factory. auto: mc3_18 if its weights are "
        "available, else actions6.",
        rich_help_panel=MODELS,
    ),
]
# only for a classifier with a name: a model file as --classifier has its own weights
Weights = Annotated[
    Path | None,
    typer.Option(
        help="Weight file of the classifier, .safetensors or .pth. Default: its public or bundled "
        "weights.",
        rich_help_panel=MODELS,
    ),
]
# text and not Path: names with commas between them, or a file
Labels = Annotated[
    str | None,
    typer.Option(
        metavar="LABELS",
        help="Class names of the classifier: names with commas between them, a text file with one "
        "name per line, kinetics400, or sports1m. A text-image model needs them. Default: the "
        "names that come with the classifier.",
        rich_help_panel=MODELS,
    ),
]
# a template and not words of ours: other languages and other films have other sentences
Prompt = Annotated[
    list[str] | None,
    typer.Option(
        metavar="TEXT",
        help="Template of a sentence for a text-image model. {} stands for the label. Repeat the "
        'option for several, which are averaged. Default: that of the model, such as "a photo of '
        '{}".',
        rich_help_panel=MODELS,
    ),
]
BackgroundLabels = Annotated[
    str | None,
    typer.Option(
        metavar="LABELS",
        help="Further labels of a text-image model, which compete with --labels and are no tags: "
        'names with commas between them, or a file. Such as "a person standing, a blank screen".',
        rich_help_panel=MODELS,
    ),
]
Arch = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Network architecture. For a classifier file that holds only a state dict, e.g. "
        "r2plus1d_18; `scsampler classifiers` lists the names.",
        rich_help_panel=MODELS,
    ),
]
# one option per property, so that a value may have commas
Spec = Annotated[
    list[str] | None,
    typer.Option(
        metavar="KEY=VALUE",
        help="Input property that a model file does not state, or that you change, e.g. frames=16. "
        "Repeat the option for each property.",
        rich_help_panel=MODELS,
    ),
]
# three crops cost three times as much as one
SpatialOption = Annotated[
    Spatial,
    typer.Option(
        "--spatial",
        help="Part of the frame that the classifier gets: the centre crop, the full height, or "
        "three crops.",
        rich_help_panel=MODELS,
    ),
]
# text and not Path: a bundled set, or several files with commas between them
VisualSampler = Annotated[
    str,
    typer.Option(
        metavar="SAMPLER",
        help="Sampler of visual features. A bundled set (actions6, actions6-paper, demo), "
        "FILE[,FILE...], or none. auto: the one in the classifier's file, else actions6; with the "
        "classifier demo, the set demo.",
        rich_help_panel=MODELS,
    ),
]
AudioSampler = Annotated[
    str,
    typer.Option(
        metavar="SAMPLER",
        help="Sampler of audio. A bundled set (actions6-paper, demo), a FILE, or none. auto: none; "
        "with the classifier demo, the set demo.",
        rich_help_panel=MODELS,
    ),
]
# beyond the paper: sizes of packets, which need no decoding
PacketSampler = Annotated[
    str,
    typer.Option(
        metavar="SAMPLER",
        help="Sampler of packet sizes. Used by --strategy packets and --cascade. A bundled set, a "
        "FILE, or none. auto: actions6.",
        rich_help_panel=MODELS,
    ),
]
# checked by `config.parse_device`, without torch
Device = Annotated[
    str,
    typer.Option(
        metavar="DEVICE",
        help="Where networks run: auto (the GPU if there is one), cpu, cuda or cuda:N.",
        rich_help_panel=MODELS,
    ),
]
PrecisionOption = Annotated[
    Precision,
    typer.Option(
        "--precision",
        help="Number format of the networks. auto: on a GPU fp16 (bf16 in train); on a CPU that "
        "computes bf16 natively bf16; else fp32.",
        rich_help_panel=MODELS,
    ),
]


SaliencyOption = Annotated[
    Saliency,
    typer.Option(
        "--saliency",
        help="Score of a clip by a sampler with a background class. auto: 1 - p(background). "
        "class: the largest class probability, as in the paper.",
        rich_help_panel=MODELS,
    ),
]


@dataclass(frozen=True, kw_only=True)
class LabelOptions:
    """The class names of a classifier, and how they become sentences."""

    labels: Labels = None
    prompt: Prompt = None
    background_labels: BackgroundLabels = None


@dataclass(frozen=True, kw_only=True)
class ClassifierFileOptions(LabelOptions):
    """The weights of a classifier, and what its file does not state."""

    weights: Weights = None
    arch: Arch = None
    spec: Spec = None


@dataclass(frozen=True, kw_only=True)
class SamplerOptions:
    """The samplers of a command."""

    visual_sampler: VisualSampler = "auto"
    audio_sampler: AudioSampler = "auto"
    packet_sampler: PacketSampler = "auto"
    saliency: SaliencyOption = Saliency.auto


@dataclass(frozen=True, kw_only=True)
class DeviceOptions:
    """Where networks run."""

    device: Device = "auto"
    precision: PrecisionOption = Precision.auto


def models_of(
    device: DeviceOptions,
    samplers: SamplerOptions | None = None,
    files: ClassifierFileOptions | None = None,
    *,
    classifier: str = "auto",
) -> ModelOptions:
    """The model options of the library.

    Args:
        device: where networks run.
        samplers: None in a command without samplers.
        files: None in a command without a classifier.
        classifier: `--classifier`.
    """
    # the defaults of the options hold for what a command does not have
    samplers = samplers or SamplerOptions()
    files = files or ClassifierFileOptions()
    return ModelOptions(
        classifier=classifier,
        weights=files.weights,
        labels=files.labels,
        prompts=tuple(files.prompt or ()),
        background_labels=files.background_labels,
        arch=files.arch,
        spec=tuple(files.spec or ()),
        visual_sampler=samplers.visual_sampler,
        audio_sampler=samplers.audio_sampler,
        packet_sampler=samplers.packet_sampler,
        device=device.device,
        precision=device.precision.value,
        saliency=samplers.saliency.value,
    )
