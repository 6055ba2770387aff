"""Multiply-adds and parameters of classifiers, counted by torch, with attention."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from scsampler_cli.classifiers.base import ClipClassifier, InputSpec, probabilities_of
from scsampler_cli.classifiers.networks import build
from scsampler_cli.nn.fused_lite0 import counted_operations

FLOPS_PER_GMAC = 2e9
"""torch counts a multiply-add as two operations."""


def clip_gmacs(classifier: ClipClassifier) -> float | None:
    """10^9 multiply-adds of one clip with all its crops; None for a classifier without torch.

    The classifier runs once, on a black clip.

    Raises:
        ClassifierError: it failed.
    """
    spec = classifier.spec
    # one crop: `classify` takes each crop as a clip of its own
    blank = np.zeros((1, spec.frames, *spec.crop, 3), np.uint8)
    # 0 where torch ran nothing, as in a plug-in without it
    return spec.crops * counted_gmacs(lambda: probabilities_of(classifier, blank)) or None


def counted_gmacs(run: Callable[[], object]) -> float:
    """10^9 multiply-adds that torch does while a function runs."""
    counter = FlopCounterMode(display=False, custom_mapping=counted_operations())
    with counter:
        run()
    return float(counter.get_total_flops()) / FLOPS_PER_GMAC


def count_mparams(network: nn.Module) -> float:
    """Number of parameters, in 10^6."""
    return sum(parameter.numel() for parameter in network.parameters()) / 1e6


def costs_of(architecture: str, classes: int, spec: InputSpec) -> tuple[float, float]:
    """Costs of an architecture: (10^9 multiply-adds of a clip, 10^6 parameters)."""
    # on the meta device torch computes shapes only
    with torch.device("meta"):
        network = build(architecture, classes).eval()
        clip = torch.zeros(1, 3, spec.frames, *spec.crop)
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        # the counter adds up the operations of this call
        network(clip)
    return counter.get_total_flops() / FLOPS_PER_GMAC, count_mparams(network)
