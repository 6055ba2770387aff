"""Checks of a training run before any video is read."""

from __future__ import annotations

import torch
from torch import nn

from scsampler_cli.classifiers.classifier_info import ClassifierFacts
from scsampler_cli.errors import SettingsError
from scsampler_cli.nn.device import pick_dtype
from scsampler_cli.train import checkpoint
from scsampler_cli.train.context import RunContext
from scsampler_cli.train.model import Model, architecture_of
from scsampler_cli.train.settings import TrainSettings


def training_dtype(settings: TrainSettings, device: torch.device) -> torch.dtype:
    """The precision of the networks. "auto" is bf16 on a GPU: unlike fp16 it needs no loss scaling.

    Raises:
        SettingsError: fp16.
    """
    if settings.precision == "fp16":
        raise SettingsError(
            "training in fp16 is not supported",
            code="fp16-unsupported",
            hint="use bf16: it needs no loss scaling",
        )
    if settings.precision == "auto" and device.type == "cuda":
        return torch.bfloat16
    return pick_dtype(settings.precision, device)


def check_run(
    settings: TrainSettings, classifier: ClassifierFacts | None, context: RunContext
) -> None:
    """Refuse settings that cannot work.

    Raises:
        WeightsError: there is no checkpoint to resume from, or an architecture is unknown.
        SettingsError: a network cannot take the clips, the objective needs a classifier, the
            classifier has another clip geometry, or the batch is too small.
    """
    if context.resume:
        checkpoint.require(checkpoint.path_of(context.output))
    _check_networks(settings)
    _check_classifier(settings, classifier)

    # each process needs at least one clip, for SAL-* the clips of one video
    smallest = context.group.world * settings.clips_in_row
    if settings.batch < smallest:
        raise SettingsError(
            f"a batch of {settings.batch} is too small for {context.group.world} processes",
            code="training-batch-too-small",
            hint="use a larger batch",
        )


def _check_networks(settings: TrainSettings) -> None:
    # on the meta device a network has shapes and no values, so that this costs nothing
    with torch.device("meta"):
        # an unknown architecture is an error here; two classes stand for any number
        model = Model(settings, 2, torch.float32).eval()
        if settings.target == "classifier":
            _check_clip_size(model.networks["classifier"], settings)


def _check_clip_size(network: nn.Module, settings: TrainSettings) -> None:
    # the crop of the finished network may be another one
    for spec in (settings.spec, settings.test_spec):
        height, width = spec.crop
        try:
            with torch.inference_mode():
                network(torch.zeros(1, 3, spec.frames, height, width))
        except RuntimeError as error:
            architecture = architecture_of(settings, "classifier")
            raise SettingsError(
                f"{architecture} cannot take clips of {spec.frames} frames of {height} x {width}",
                code="clip-shape-invalid",
                hint="choose a size that the network takes",
            ) from error


def _check_classifier(settings: TrainSettings, classifier: ClassifierFacts | None) -> None:
    if classifier is None:
        if settings.needs_probabilities:
            raise SettingsError(
                f"{settings.objective} learns from the probabilities of a clip classifier",
                code="training-classifier-invalid",
                hint="name the classifier that the sampler is for",
            )
        return
    if settings.target == "classifier":
        return  # a classifier in training may have other clips than this one

    # ClipProbs and features must be of the same clips
    spec, other = settings.spec, classifier.spec
    if (spec.frames, spec.stride) != (other.frames, other.stride):
        raise SettingsError(
            f"clips of {spec.frames} frames, every {spec.stride}; "
            f"{classifier.name} takes {other.frames}, every {other.stride}",
            code="clip-shape-invalid",
            hint="leave both out: they follow the classifier",
        )
