"""The weight files that come with the package, by name. But: nothing is loaded here, and torch is not needed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from scsampler_cli.errors import SettingsError, WeightsError, read_code
from scsampler_cli.files.urls import Url, instead, local_path

SETS = {
    "demo": ("demo_md", "demo_rgbr", "demo_mel"),
    "actions6": ("actions6_rgbr", "actions6_packets"),
    "actions6-paper": ("actions6_md", "actions6_rgbr", "actions6_mel"),
}
"""Shipped samplers that belong together, as <anything>_<input>: what the demo needs; the mix that validates best on real video,
and packets for those who ask for them; the paper's (MD and RGB-R by AC, sound by SAL-RANK; Sec. 4.2.1, 4.2.2). See
weights/README.md."""


def bundled_dir() -> Path:
    """The folder of the weights that come with the package: inside it in a wheel, beside it in a checkout."""
    package = Path(__file__).parents[1]
    inside = package / "weights"
    return inside if inside.is_dir() else package.parent / "weights"


def bundled_file(name: str) -> Path:
    """Path of `name`.safetensors among the shipped weights; it need not exist."""
    return bundled_dir() / f"{name}.safetensors"


def set_files(name: str, kinds: Sequence[str]) -> list[Path]:
    """Paths of a set's networks for these inputs; empty where it has none.

    Args:
        name: one of SETS.
        kinds: such as ("if", "md", "rgbr").
    """
    return [bundled_file(stem) for stem in SETS[name] if stem.rpartition("_")[2] in kinds]


def sampler_files(spec: str, kinds: Sequence[str]) -> list[Path]:
    """The weight files that a sampler's name stands for.

    Args:
        spec: one of SETS, files separated by commas, or "none".
        kinds: inputs to take from a set, such as ("if", "md", "rgbr").

    Raises:
        SettingsError: unknown name.
        WeightsError: the set has no network for these inputs, or a file is missing.
    """
    if spec == "none":
        return []
    if spec in SETS:
        paths = set_files(spec, kinds)
        if not paths:
            raise WeightsError(
                f"the set {spec!r} has no network for {' or '.join(kinds)}",
                code="sampler-unknown",
                hint="use none, or name a file",
            )
        return paths
    paths = [Path(part) for part in spec.split(",")]
    if len(paths) == 1 and not paths[0].suffix and not paths[0].exists():
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
    """Say plainly why a weight file cannot be read at all, before anything heavy is loaded.

    Raises:
        WeightsError: missing, a folder, empty, or not permitted.
    """
    if isinstance(url := local_path(path), Url):
        raise WeightsError(
            f"weight file {url} is a URL, and only local files are read",
            code="remote-url",
            hint=instead(str(url)),
        )
    try:
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
