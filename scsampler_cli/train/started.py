"""The networks of a run before their first step."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from scsampler_cli.train.initial_weights import Start, start_network
from scsampler_cli.train.model import Model, architecture_of
from scsampler_cli.train.settings import TrainSettings


@dataclass(frozen=True)
class Started:
    """Networks with their initial weights, and where these come from."""

    model: Model
    starts: dict[str, Start]
    """By kind."""


def started(settings: TrainSettings, classes: int, dtype: torch.dtype) -> Started:
    """Build the networks of a run, and load what they start from.

    Args:
        settings: settings of the run.
        classes: number of classes (C), with the background class.
        dtype: precision of the networks outside `model.FULL_PRECISION`.

    Raises:
        WeightsError: initial weights are missing or do not fit.
    """
    torch.manual_seed(settings.seed)  # new layers start from it
    model = Model(settings, classes, dtype)
    starts = {}
    for kind, init in zip(settings.kinds, settings.init, strict=False):
        architecture = architecture_of(settings, kind)
        starts[kind] = start_network(model.networks[kind], architecture, kind, init=init)
    return Started(model, starts)
