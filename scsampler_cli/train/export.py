"""Weight files of a finished run: one safetensors file a network, which says all that is needed to use it and to know it."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from scsampler_cli.config import __version__
from scsampler_cli.features.packet_table import CHANNELS
from scsampler_cli.model_zoo.weightfile import halved, write_weights
from scsampler_cli.samplers.network_inputs import (
    IMAGE_MEAN,
    IMAGE_STD,
    MOTION_LIMIT_PX,
    RESIDUAL_STD,
)
from scsampler_cli.train.model import architecture_of
from scsampler_cli.train.settings import TrainSettings
from scsampler_cli.train.videos import TrainVideo

NORMALISATION: dict[str, dict[str, Any]] = {
    "if": {"mean": IMAGE_MEAN, "std": IMAGE_STD},
    "rgbr": {"mean": (0.0,) * 3, "std": (RESIDUAL_STD,) * 3},
    "md": {
        "mean": (0.0,) * 2,
        "std": (MOTION_LIMIT_PX,) * 2,
        "unit": "pixels per frame at a short side of 256",
    },
    "mel": {"mean": (0.0,), "std": (1.0,), "unit": "log(power + 0.01)"},
    "packets": {
        "mean": (0.0,) * len(CHANNELS),
        "std": (1.0,) * len(CHANNELS),
        "channels": CHANNELS,
    },
}
"""What the inputs are brought to; pictures after division by 255."""


def outputs(output: Path, settings: TrainSettings) -> dict[str, Path]:
    """The file of each network: `output` itself, or for joint training `output` with the input in its name.

    Example: joint.safetensors -> joint_md.safetensors, joint_rgbr.safetensors, joint_mel.safetensors.
    """
    if settings.target != "joint":
        return {settings.target: output}
    return {
        kind: output.with_name(f"{output.stem}_{kind}{output.suffix}") for kind in settings.kinds
    }


def write(
    output: Path,
    networks: Mapping[str, Tensor],
    settings: TrainSettings,
    *,
    labels: Sequence[str],
    facts: Mapping[str, Any],
) -> dict[str, Path]:
    """Write the files.

    Args:
        output: see `outputs`.
        networks: state dict of the `Model`.
        settings: of the run.
        labels: class names.
        facts: what else goes into the metadata: "data", "result", "start", "teacher".

    Returns:
        the files by network.
    """
    files = outputs(output, settings)
    for kind, path in files.items():
        prefix = f"networks.{kind}."
        tensors = {
            name.removeprefix(prefix): value
            for name, value in networks.items()
            if name.startswith(prefix)
        }
        write_weights(path, tensors, {**_metadata(kind, tensors, settings, labels=labels), **facts})
    return files


def _metadata(
    kind: str, tensors: Mapping[str, Tensor], settings: TrainSettings, *, labels: Sequence[str]
) -> dict[str, Any]:
    common = {
        "arch": architecture_of(settings, kind),
        "labels": list(labels),
        "objective": settings.objective,
        "settings": settings.record(),
        "seed": settings.seed,
        "package": __version__,
        "commit": commit(),
        "sha256": digest(tensors),
    }
    if kind == "classifier":
        spec = settings.test_spec
        return {
            **common,
            "kind": "classifier",
            "spec": asdict(spec),
            "mean": spec.mean,
            "std": spec.std,
        }
    joint = settings.target == "joint"
    return {
        **common,
        "kind": "sampler",
        "input": kind,
        "p_frames": settings.p_frames,
        "joint": joint,
        **NORMALISATION[kind],
    }


def digest(tensors: Mapping[str, Tensor]) -> str:
    """sha256 of the tensors as they are written: names and bytes in alphabetical order. A file cannot hold its own."""
    found = hashlib.sha256()
    for name, value in sorted(halved(tensors).items()):
        found.update(name.encode())
        found.update(value.numpy().tobytes())
    return found.hexdigest()


def commit() -> str | None:
    """The revision of the checkout that this package runs from, "+" after it where files were changed; None elsewhere."""
    root = Path(__file__).parents[2]
    if not (root / ".git").exists():
        return None
    try:
        head = _git(root, "rev-parse", "HEAD")
        changed = _git(root, "status", "--porcelain", "--untracked-files=no", "--", "scsampler_cli")
    except (OSError, subprocess.SubprocessError):
        return None
    return head + ("+" if changed else "")


def _git(root: Path, *words: str) -> str:
    found = subprocess.run(
        ["git", "-C", str(root), *words], capture_output=True, text=True, check=True, timeout=10
    )
    return found.stdout.strip()


def describe(videos: Mapping[str, Sequence[TrainVideo]], text: str) -> dict[str, Any]:
    """The data in a few numbers, and in the user's words."""
    return {
        "text": text,
        "videos": {split: len(members) for split, members in videos.items()},
        "clips": {
            split: int(np.sum([v.clips for v in members])) for split, members in videos.items()
        },
    }
