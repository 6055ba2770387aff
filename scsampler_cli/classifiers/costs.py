"""Multiply-adds and parameters of a network, counted by torch itself, attention included."""

from __future__ import annotations

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from scsampler_cli.classifiers.base import InputSpec
from scsampler_cli.classifiers.networks import build

FLOPS_PER_MAC = 2
"""torch counts a multiply-add as two operations."""


def count_gmacs(network: nn.Module, spec: InputSpec, device: torch.device) -> float:
    """10^9 multiply-adds of one clip; 0 where nothing of it runs in torch."""
    clip = torch.zeros(1, 3, spec.frames, *spec.crop, device=device)
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        network(clip)
    return counter.get_total_flops() / FLOPS_PER_MAC / 1e9


def count_mparams(network: nn.Module) -> float:
    """10^6 trained values."""
    return sum(parameter.numel() for parameter in network.parameters()) / 1e6


def costs_of(architecture: str, classes: int, spec: InputSpec) -> tuple[float, float]:
    """(10^9 multiply-adds of a clip, 10^6 parameters) of a network that is not there: nothing is computed but shapes."""
    nowhere = torch.device("meta")
    with nowhere:
        network = build(architecture, classes).eval()
    return count_gmacs(network, spec, nowhere), count_mparams(network)
