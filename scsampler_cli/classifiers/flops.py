"""Multiply-adds and parameters of classifiers, counted by torch itself, attention included."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from scsampler_cli.classifiers.base import ClipClassifier, InputSpec, probabilities_of
from scsampler_cli.classifiers.networks import build

FLOPS_PER_GMAC = 2e9
"""torch counts a multiply-add as two operations."""


def clip_gmacs(classifier: ClipClassifier) -> float | None:
    """10^9 multiply-adds of one clip, all its crops, counted while the classifier runs; None for one that does not use torch."""
    spec = classifier.spec
    blank = np.zeros((1, spec.frames, *spec.crop, 3), np.uint8)
    with FlopCounterMode(display=False) as counter:
        probabilities_of(classifier, blank)
    return spec.crops * counter.get_total_flops() / FLOPS_PER_GMAC or None


def count_mparams(network: nn.Module) -> float:
    """10^6 trained values."""
    return sum(parameter.numel() for parameter in network.parameters()) / 1e6


def costs_of(architecture: str, classes: int, spec: InputSpec) -> tuple[float, float]:
    """(10^9 multiply-adds of a clip, 10^6 parameters) of a network that is not there: nothing is computed but shapes."""
    with torch.device("meta"):
        network = build(architecture, classes).eval()
        clip = torch.zeros(1, 3, spec.frames, *spec.crop)
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        network(clip)
    return counter.get_total_flops() / FLOPS_PER_GMAC, count_mparams(network)
