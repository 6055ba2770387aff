"""Classifiers whose weights come with the package."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from scsampler_cli.classifiers.network import NetworkClassifier, from_file, spec_from
from scsampler_cli.model_zoo.bundled_weights import bundled_file
from scsampler_cli.model_zoo.weightfile import read_metadata


def demo(
    device: torch.device,
    dtype: torch.dtype,
    weights: Path | None = None,
    *,
    labels: Sequence[str] | None = None,
) -> NetworkClassifier:
    """A four-layer 3D CNN for the classes of the generated demo videos."""
    return _load("demo", device, dtype, weights=weights, labels=labels)


def actions6(
    device: torch.device,
    dtype: torch.dtype,
    weights: Path | None = None,
    *,
    labels: Sequence[str] | None = None,
) -> NetworkClassifier:
    """A classifier of six sport and music actions, trained on real video; see weights/README.md."""
    return _load("actions6", device, dtype, weights=weights, labels=labels)


def _load(
    name: str,
    device: torch.device,
    dtype: torch.dtype,
    *,
    weights: Path | None,
    labels: Sequence[str] | None,
) -> NetworkClassifier:
    """The bundled classifier, or its architecture with other weights."""
    file = bundled_file(f"{name}_classifier")
    # a bundled file has its architecture, geometry and labels
    if weights is None:
        classifier = from_file(file, device, dtype, architecture=None, labels=labels)
    else:
        # a plain state dict gets the geometry and labels of the bundled file
        meta = read_metadata(file)
        spec = spec_from(meta["spec"])
        classifier = from_file(
            weights,
            device,
            dtype,
            architecture=meta["arch"],
            labels=labels,
            fallback_labels=meta["labels"],
            spec=spec,
        )
    # instead of the name of the file
    classifier.name = name
    return classifier
