"""Weight files of a finished run: one safetensors file for each network.

The metadata of a file has all that is needed to use the network, and to trace where it comes from.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from torch import Tensor

from scsampler_cli.config import __version__
from scsampler_cli.features.packet_table import CHANNELS
from scsampler_cli.model_zoo.safetensors_file import read_safetensors
from scsampler_cli.model_zoo.shared_trunk import KEY as TRUNK_KEY
from scsampler_cli.model_zoo.shared_trunk import without_trunk
from scsampler_cli.model_zoo.weightfile import in_half_precision, write_weights
from scsampler_cli.model_zoo.weights_header import SAMPLER_KEY, SAMPLER_PREFIX
from scsampler_cli.nn.lite0 import MEAN, SCALE
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
    "rgb": {"mean": (MEAN / 255,) * 3, "std": (SCALE / 255,) * 3},
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
"""Normalisation of each input; for images after division by 255."""


def outputs(output: Path, settings: TrainSettings) -> dict[str, Path]:
    """The file of each network: `output`, or for joint training one with the input in its name.

    Example: joint.safetensors -> joint_md.safetensors, joint_rgbr.safetensors,
        joint_mel.safetensors.
    """
    if settings.target != "joint":
        return {settings.target: output}
    files = {}
    for kind in settings.kinds:
        files[kind] = output.with_name(f"{output.stem}_{kind}{output.suffix}")
    return files


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
        output: weight file of the run, see `outputs`.
        networks: state dict of the `Model`.
        settings: settings of the run.
        labels: class names.
        facts: further metadata: "data", "result", "start", "teacher".

    Returns:
        the files by network.

    Raises:
        OutputError: a file cannot be written.
    """
    files = outputs(output, settings)
    for kind, path in files.items():
        # the names of a file are those of its network alone, not those of `Model`
        prefix = f"networks.{kind}."
        tensors = {
            name.removeprefix(prefix): value
            for name, value in networks.items()
            if name.startswith(prefix)
        }
        metadata = {**_metadata(kind, tensors, settings, labels=labels), **facts}
        # the ImageNet trunk comes with the package, and need not be in every file
        written, trunk = without_trunk(tensors)
        if trunk is not None:
            metadata[TRUNK_KEY] = trunk
        write_weights(path, written, metadata)
    return files


def write_both(output: Path, classifier: Path, sampler: Path) -> None:
    """Write a classifier and its sampler into one file, which is read as that of the classifier.

    Args:
        output: the file.
        classifier: weight file of the classifier.
        sampler: weight file of the sampler.

    Raises:
        WeightsError: one of the two cannot be read.
        OutputError: the file cannot be written.
    """
    # as they are in the files, with the trunk left out
    metadata, tensors = read_safetensors(classifier)
    about, others = read_safetensors(sampler)
    prefixed = {f"{SAMPLER_PREFIX}{name}": value for name, value in others.items()}
    # the tensors have the precision in which they were written
    write_weights(
        output,
        {**tensors, **prefixed},
        {**metadata, SAMPLER_KEY: about},
        single_up_to=sys.maxsize,
    )


def _metadata(
    kind: str, tensors: Mapping[str, Tensor], settings: TrainSettings, *, labels: Sequence[str]
) -> dict[str, Any]:
    # keys of the file format
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
        # the geometry that the finished classifier is used with
        spec = settings.test_spec
        return {
            **common,
            "kind": "classifier",
            "spec": asdict(spec),
            "mean": spec.mean,
            "std": spec.std,
        }
    return {
        **common,
        "kind": "sampler",
        "input": kind,
        "p_frames": settings.p_frames,
        "joint": settings.target == "joint",
        **NORMALISATION[kind],
    }


def digest(tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 of a whole network in half precision: names and bytes, in alphabetical order.

    It is for the metadata, since a file cannot contain its own digest. It covers a trunk that the
    file leaves out.
    """
    sha256 = hashlib.sha256()
    # sorted, so that the order of layers in memory does not matter
    for name, value in sorted(in_half_precision(tensors).items()):
        sha256.update(name.encode())
        sha256.update(value.numpy().tobytes())
    return sha256.hexdigest()


def commit() -> str | None:
    """The git commit of the checkout that this package runs from, with "+" if files were changed.

    None for an installed package.
    """
    # the folder that contains the package
    root = Path(__file__).parents[2]
    # an installed package has no checkout around it
    if not (root / ".git").exists():
        return None
    try:
        head = _git(root, "rev-parse", "HEAD")
        changed = _git(root, "status", "--porcelain", "--untracked-files=no", "--", "scsampler_cli")
    except (OSError, subprocess.SubprocessError):
        return None
    return head + ("+" if changed else "")


def _git(root: Path, *words: str) -> str:
    process = subprocess.run(
        ["git", "-C", str(root), *words], capture_output=True, text=True, check=True, timeout=10
    )
    return process.stdout.strip()


def describe(videos: Mapping[str, Sequence[TrainVideo]], text: str) -> dict[str, Any]:
    """Numbers of videos and clips of each split, and the user's description of the data."""
    video_counts, clip_counts = {}, {}
    for split, members in videos.items():
        video_counts[split] = len(members)
        clip_counts[split] = sum(video.clips for video in members)
    return {"text": text, "videos": video_counts, "clips": clip_counts}
