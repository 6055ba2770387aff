"""Networks of the built-in classifiers by name."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn
from torchvision.models import video

from scsampler_cli.classifiers.tiny3d import Tiny3D
from scsampler_cli.classifiers.tsm import TSM18
from scsampler_cli.errors import WeightsError

ARCHITECTURES: dict[str, Callable[[int], nn.Module]] = {
    "mc3_18": lambda classes: video.mc3_18(weights=None, num_classes=classes),
    "r3d_18": lambda classes: video.r3d_18(weights=None, num_classes=classes),
    "r2plus1d_18": lambda classes: video.r2plus1d_18(weights=None, num_classes=classes),
    "tsm18": TSM18,
    "tiny3d": Tiny3D,
}
"""Multiply-adds of a 16 x 112 x 112 clip: MC3-18 43.34 G, R3D-18 40.70 G, R(2+1)D-18 40.52 G, held by a test."""


def build(architecture: str, classes: int) -> nn.Module:
    """A fresh network.

    Raises:
        WeightsError: the name is unknown.
    """
    if architecture not in ARCHITECTURES:
        known = ", ".join(sorted(ARCHITECTURES))
        raise WeightsError(f"unknown classifier architecture {architecture!r}", hint=f"known ones: {known}")
    return ARCHITECTURES[architecture](classes)
