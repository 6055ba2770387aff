"""Load what a command's model options name. Imports torch only when called."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from scsampler_cli import console
from scsampler_cli.classifiers import registry
from scsampler_cli.errors import InputError

if TYPE_CHECKING:
    from scsampler_cli.classifiers.base import ClipClassifier
    from scsampler_cli.video import Samplers

AUTO_SET = "actions6"
"""Samplers for any classifier but the demo's: those trained on real video."""


def check_classifier(name: str) -> None:
    """Refuse an unknown classifier before anything heavy is imported.

    Raises:
        SettingsError: unknown name.
    """
    if name != "auto":
        registry.find(name)


def load_classifier(
    name: str, weights: Path | None, labels: Path | None, device: str, precision: str, quiet: bool
) -> ClipClassifier:
    """The classifier that the options name; `auto` says which it took, and why."""
    from scsampler_cli.classifiers.auto import choose_auto
    from scsampler_cli.device import pick_device, pick_dtype

    where = pick_device(device)
    dtype = pick_dtype(precision, where)
    if name == "auto" and weights is None:
        classifier, why = choose_auto(where, dtype)
        if not quiet:
            console.say(f"note: {why}")
        return classifier
    if name == "auto":
        name = str(weights)
        weights = None
    return registry.load(name, where, dtype, weights, read_labels(labels))


def load_samplers(visual: str, audio: str, auto: str, device: str, precision: str) -> Samplers:
    """Both samplers; "auto" stands for the set `auto`."""
    from scsampler_cli.device import pick_device, pick_dtype
    from scsampler_cli.samplers.scoring import load_audio, load_visual
    from scsampler_cli.video import Samplers

    where = pick_device(device)
    dtype = pick_dtype(precision, where)
    return Samplers(
        load_visual(auto if visual == "auto" else visual, where, dtype),
        load_audio(auto if audio == "auto" else audio, where, dtype),
    )


def read_labels(path: Path | None) -> list[str] | None:
    """Class names, one a line.

    Raises:
        InputError: the file cannot be read.
    """
    if path is None:
        return None
    try:
        return [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"labels {path}: {error}", hint="a text file with one class name per line") from error


def read_histogram(path: Path | None) -> tuple[float, ...] | None:
    """Weights of the empirical strategy, separated by white space.

    Raises:
        InputError: the file cannot be read or holds something else.
    """
    if path is None:
        return None
    try:
        return tuple(float(word) for word in path.read_text(encoding="utf-8").split())
    except (OSError, ValueError) as error:
        raise InputError(f"histogram {path}: {error}", hint="a text file with one number per line") from error
