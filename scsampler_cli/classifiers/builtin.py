"""R3D-18, MC3-18 and R(2+1)D-18 with torchvision's Kinetics-400 weights, or with weights from a file (Sec. 4.1.1).

Public weights come by `public`, from the torch hub cache or the net.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from scsampler_cli.classifiers.base import InputSpec
from scsampler_cli.classifiers.network import NetworkClassifier, from_file
from scsampler_cli.public import PUBLIC, fetch


def mc3_18(
    device: torch.device, dtype: torch.dtype, weights: Path | None = None, labels: Sequence[str] | None = None
) -> NetworkClassifier:
    """MC3-18: 3D convolutions in the first two groups, 2D after (App. A.1). 43.34 GMACs a clip, 11.70 M parameters."""
    return _load("mc3_18", device, dtype, weights, labels)


def r3d_18(
    device: torch.device, dtype: torch.dtype, weights: Path | None = None, labels: Sequence[str] | None = None
) -> NetworkClassifier:
    """R3D-18: every convolution is 3D (App. A.1). 40.70 GMACs a clip, 33.37 M parameters."""
    return _load("r3d_18", device, dtype, weights, labels)


def r2plus1d_18(
    device: torch.device, dtype: torch.dtype, weights: Path | None = None, labels: Sequence[str] | None = None
) -> NetworkClassifier:
    """R(2+1)D-18: 2D then 1D convolutions (App. A.1). 40.52 GMACs a clip, 31.51 M parameters."""
    return _load("r2plus1d_18", device, dtype, weights, labels)


def kinetics_spec(architecture: str) -> InputSpec:
    """Geometry and normalisation of torchvision's own `weights.transforms()`; 16 adjacent frames (App. A.2)."""
    preset = PUBLIC[architecture].transforms()
    return InputSpec(16, 1, tuple(preset.resize_size), tuple(preset.crop_size), tuple(preset.mean), tuple(preset.std))


def _load(
    architecture: str, device: torch.device, dtype: torch.dtype, weights: Path | None, labels: Sequence[str] | None
) -> NetworkClassifier:
    categories = PUBLIC[architecture].meta["categories"]
    path = weights or fetch(architecture)
    return from_file(path, device, dtype, architecture, labels, categories, kinetics_spec(architecture))
