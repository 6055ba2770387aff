"""The weight files that come with the package, by name. This module does not import torch."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from scsampler_cli.errors import SettingsError, WeightsError, read_code
from scsampler_cli.files.urls import Url, instead, local_path

TRUNK = "imagenet_lite0"
"""EfficientNet-Lite0 with its ImageNet weights: the start of training, and the part that the weight
files of networks on frozen features share."""
SETS = {
    "demo": ("demo_md", "demo_rgbr", "demo_mel"),
    "actions6": ("actions6_rgb", "actions6_packets"),
    "actions6-paper": ("actions6_md", "actions6_rgbr", "actions6_mel"),
}
"""Bundled sets of samplers; a file is called NAME_INPUT.

"demo" is for the generated demo videos. "actions6" is the set that validates best on real video,
with a packet sampler. "actions6-paper" has the paper's inputs (MD and RGB-R by AC, audio by
SAL-RANK; Sec. 4.2.1, 4.2.2). See weights/README.md."""


def bundled_dir() -> Path:
    """The folder of the weights that come with the package."""
    package = Path(__file__).parents[1]
    # a wheel has it inside the package, a checkout next to the package
    inside = package / "weights"
    return inside if inside.is_dir() else package.parent / "weights"


def bundled_file(name: str) -> Path:
    """Path of `name`.safetensors among the bundled weights; it need not exist."""
    return bundled_dir() / f"{name}.safetensors"


def set_files(name: str, kinds: Sequence[str]) -> list[Path]:
    """Paths of the weight files of a set for some inputs; empty where it has none.

    Args:
        name: one of SETS.
        kinds: such as ("if", "md", "rgbr").
    """
    return [bundled_file(stem) for stem in SETS[name] if stem.rpartition("_")[2] in kinds]


def sampler_files(spec: str, kinds: Sequence[str]) -> list[Path]:
    """The weight files of a sampler.

    Args:
        spec: one of SETS, files separated by commas, or "none".
        kinds: inputs to take from a set, such as ("if", "md", "rgbr").

    Raises:
        SettingsError: the name is unknown.
        WeightsError: the set has no network for these inputs, or a file is missing.
    """
    if spec == "none":
        return []
    # a set has networks for several samplers; `kinds` selects those of one
    if spec in SETS:
        paths = set_files(spec, kinds)
        if not paths:
            raise WeightsError(
                f"the set {spec!r} has no network for {' or '.join(kinds)}",
                code="sampler-unknown",
                hint="use none, or name a file",
            )
        return paths
    # a comma may also be part of a name; os.path is False where pathlib raises: for long names
    is_one_file = os.path.isfile(spec)  # noqa: PTH113
    paths = [Path(spec)] if is_one_file else [Path(part) for part in spec.split(",")]
    # a word without a suffix is a misspelt set rather than a missing file
    if len(paths) == 1 and not paths[0].suffix and not os.path.exists(spec):  # noqa: PTH110
        known = ", ".join([*SETS, "none"])
        raise SettingsError(
            f"unknown sampler {spec!r}",
            code="sampler-unknown",
            hint=f"give a weight file, or one of: {known}",
        )
    for path in paths:
        check_weight_file(path)
    return paths


def check_weight_file(path: Path) -> None:
    """Check that a weight file can be read, before torch is imported.

    Raises:
        WeightsError: it is a URL, missing, a folder, empty, or not readable.
    """
    # a URL that is not the name of a local file
    if isinstance(url := local_path(path), Url):
        raise WeightsError(
            f"weight file {url} is a URL, and only local files are read",
            code="remote-url",
            hint=instead(str(url)),
        )
    try:
        # reading a byte also finds folders and missing rights
        with path.open("rb") as file:
            empty = not file.read(1)
    except OSError as error:
        raise WeightsError(
            f"weight file {path}: {error.strerror or error}",
            code=read_code(error),
            hint="check the path, or name a bundled set",
        ) from error
    if empty:
        raise WeightsError(
            f"weight file {path} is empty (0 bytes)",
            code="empty-file",
            hint="copy or download it again",
        )
