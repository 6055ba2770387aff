"""Classifiers whose weights come with the package."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from scsampler_cli.classifiers.network import NetworkClassifier, from_file
from scsampler_cli.weightfile import shipped


def demo(
    device: torch.device, dtype: torch.dtype, weights: Path | None = None, labels: Sequence[str] | None = None
) -> NetworkClassifier:
    """Classes of the generated demo videos, a four-layer 3D CNN."""
    return _load("demo", device, dtype, weights, labels)


def actions6(
    device: torch.device, dtype: torch.dtype, weights: Path | None = None, labels: Sequence[str] | None = None
) -> NetworkClassifier:
    """Six sport and music actions, trained on real video; see weights/README.md."""
    return _load("actions6", device, dtype, weights, labels)


def _load(
    name: str, device: torch.device, dtype: torch.dtype, weights: Path | None, labels: Sequence[str] | None
) -> NetworkClassifier:
    classifier = from_file(weights or shipped(f"{name}_classifier"), device, dtype, None, labels)
    classifier.name = name
    return classifier
