"""Public checkpoints of torchvision by name, fetched once into the torch hub cache ($TORCH_HOME/hub/checkpoints).

But: nothing is loaded into a network here; `weightfile` reads the files.
"""

from __future__ import annotations

import sys
import urllib.error
import urllib.request
from pathlib import Path

import torch
from torchvision.models import ResNet18_Weights, WeightsEnum, video

from scsampler_cli.errors import WeightsError

PUBLIC: dict[str, WeightsEnum] = {
    "mc3_18": video.MC3_18_Weights.KINETICS400_V1,
    "r3d_18": video.R3D_18_Weights.KINETICS400_V1,
    "r2plus1d_18": video.R2Plus1D_18_Weights.KINETICS400_V1,
    "resnet18": ResNet18_Weights.IMAGENET1K_V1,
}
TRAINED_ON = {"mc3_18": "Kinetics-400", "r3d_18": "Kinetics-400", "r2plus1d_18": "Kinetics-400", "resnet18": "ImageNet"}
"""The data set of each checkpoint."""
_INSTEAD = {
    "Kinetics-400": "give --weights FILE, or use another --classifier",
    "ImageNet": "give --init FILE, or start with --init scratch",
}
"""What else can be done, by data set."""
CONNECT_S = 5.0
"""Seconds to wait for the server before it counts as out of reach (our choice)."""


def cached_path(name: str) -> Path:
    """Where torch hub keeps the checkpoint; the file need not exist."""
    return Path(torch.hub.get_dir()) / "checkpoints" / Path(PUBLIC[name].url).name


def fetch(name: str) -> Path:
    """The checkpoint, downloaded unless it is cached; on a terminal torch shows the progress on stderr.

    Args:
        name: one of PUBLIC.

    Raises:
        WeightsError: not cached, and the server is out of reach.
    """
    path, url = cached_path(name), PUBLIC[name].url
    if path.is_file():
        return path
    try:
        urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=CONNECT_S).close()
        path.parent.mkdir(parents=True, exist_ok=True)
        # the eight hex digits in the file's name are the head of its sha256, which torch checks before it keeps the file
        shown = sys.stderr.isatty()  # torch would fill a log with percentages
        torch.hub.download_url_to_file(url, str(path), hash_prefix=path.stem.rpartition("-")[2], progress=shown)
    except (urllib.error.URLError, OSError, RuntimeError) as error:
        data = TRAINED_ON[name]
        raise WeightsError(
            f"the {data} weights of {name} are not cached and cannot be downloaded ({_reason(error)})",
            hint=f"put {path.name} into {path.parent}, or {_INSTEAD[data]}",
        ) from error
    return path


def _reason(error: Exception) -> str:
    return str(getattr(error, "reason", None) or error).splitlines()[0]
