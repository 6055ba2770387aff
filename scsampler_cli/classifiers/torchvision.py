"""R3D-18, MC3-18 and R(2+1)D-18 with torchvision's Kinetics-400 weights, or with weights from a file (Sec. 4.1.1).

Public weights are fetched once into the torch hub cache ($TORCH_HOME/hub/checkpoints).
"""

from __future__ import annotations

import sys
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

import torch
from torchvision.models import WeightsEnum, video

from scsampler_cli.classifiers.base import InputSpec
from scsampler_cli.classifiers.network import NetworkClassifier, from_file
from scsampler_cli.errors import ClassifierError

WEIGHTS: dict[str, WeightsEnum] = {
    "mc3_18": video.MC3_18_Weights.KINETICS400_V1,
    "r3d_18": video.R3D_18_Weights.KINETICS400_V1,
    "r2plus1d_18": video.R2Plus1D_18_Weights.KINETICS400_V1,
}
CONNECT_S = 5.0
"""Seconds to wait for the server before it counts as out of reach (our choice)."""


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


def cached_path(architecture: str) -> Path:
    """Where torch hub keeps the Kinetics-400 weights; the file need not exist."""
    return Path(torch.hub.get_dir()) / "checkpoints" / Path(WEIGHTS[architecture].url).name


def kinetics_spec(architecture: str) -> InputSpec:
    """Geometry and normalisation of torchvision's own `weights.transforms()`; 16 adjacent frames (App. A.2)."""
    preset = WEIGHTS[architecture].transforms()
    return InputSpec(16, 1, tuple(preset.resize_size), tuple(preset.crop_size), tuple(preset.mean), tuple(preset.std))


def fetch(architecture: str) -> Path:
    """The Kinetics-400 weights, downloaded unless they are cached; on a terminal torch shows the progress on stderr.

    Raises:
        ClassifierError: not cached, and the server is out of reach.
    """
    path, url = cached_path(architecture), WEIGHTS[architecture].url
    if path.is_file():
        return path
    try:
        urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=CONNECT_S).close()
        path.parent.mkdir(parents=True, exist_ok=True)
        # the eight hex digits in the file's name are the head of its sha256, which torch checks before it keeps the file
        shown = sys.stderr.isatty()  # torch would fill a log with percentages
        torch.hub.download_url_to_file(url, str(path), hash_prefix=path.stem.rpartition("-")[2], progress=shown)
    except (urllib.error.URLError, OSError, RuntimeError) as error:
        raise ClassifierError(
            f"the Kinetics-400 weights of {architecture} are not cached and cannot be downloaded ({_reason(error)})",
            hint=f"put {path.name} into {path.parent}, or give --weights FILE, or use another --classifier",
        ) from error
    return path


def _reason(error: Exception) -> str:
    return str(getattr(error, "reason", None) or error).splitlines()[0]


def _load(
    architecture: str, device: torch.device, dtype: torch.dtype, weights: Path | None, labels: Sequence[str] | None
) -> NetworkClassifier:
    categories = WEIGHTS[architecture].meta["categories"]
    path = weights or fetch(architecture)
    return from_file(path, device, dtype, architecture, labels, categories, kinetics_spec(architecture))
