"""`NetworkClassifier`: a torch network as a clip classifier, and its loading from weight files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from scsampler_cli.classifiers.base import InputSpec, WeightsInfo
from scsampler_cli.classifiers.geometry import normalise
from scsampler_cli.classifiers.networks import build
from scsampler_cli.errors import ClassifierError, WeightsError
from scsampler_cli.weightfile import WeightFile, load_into, read_weights


class NetworkClassifier:
    """f of Sec. 3.1 on a network that maps float [N, 3, F, h, w] to logits [N, C]."""

    def __init__(
        self,
        name: str,
        network: nn.Module,
        labels: Sequence[str],
        spec: InputSpec,
        weights: WeightsInfo,
        device: torch.device,
        dtype: torch.dtype,
    ) -> None:
        self.name, self.labels, self.spec, self.weights = name, tuple(labels), spec, weights
        self._network = network.to(device).eval()
        self._device, self._dtype = device, dtype

    def classify(self, clips: NDArray[np.uint8]) -> NDArray[np.float32]:
        """uint8 [N, F, h, w, 3] -> float32 [N, C], rows sum to 1."""
        expected = (self.spec.frames, *self.spec.crop, 3)
        if clips.shape[1:] != expected or clips.dtype != np.uint8:
            raise ValueError(f"{self.name} takes uint8 [N, {expected}], not {clips.dtype} {clips.shape}")
        if len(clips) == 0:
            return np.zeros((0, len(self.labels)), np.float32)
        half = self._dtype != torch.float32
        with torch.inference_mode(), torch.autocast(self._device.type, self._dtype, enabled=half):
            logits = self._network(normalise(clips, self.spec, self._device)).float()
        return logits.softmax(dim=1).cpu().numpy()


def from_file(
    path: Path,
    device: torch.device,
    dtype: torch.dtype,
    architecture: str | None = None,
    labels: Sequence[str] | None = None,
    fallback_labels: Sequence[str] = (),
    spec: InputSpec | None = None,
) -> NetworkClassifier:
    """A classifier from a local weight file.

    Args:
        path: one of ours (which says what it is), or a state dict of `architecture`.
        device: where it runs.
        dtype: its precision.
        architecture: for a file that does not say; a file that does must agree.
        labels: class names; the file's own where not given.
        fallback_labels: used for a bare state dict with as many classes.
        spec: geometry for a bare state dict; a file of ours says its own.

    Raises:
        WeightsError: damaged, unsafe, or not fitting.
        ClassifierError: the file does not say what it is, or the number of labels is wrong.
    """
    file = read_weights(path)
    if file.metadata:
        return _from_ours(file, path, device, dtype, architecture, labels)
    if architecture is None:
        raise ClassifierError(
            f"{path.name} does not say which network it is for",
            hint="name the network and give the file apart: --classifier r2plus1d_18 --weights FILE",
        )
    classes = _classes(file.tensors)
    if classes is None:
        raise WeightsError(
            f"{path.name} has no final layer 'fc'", hint=f"it does not look like weights of {architecture}"
        )
    if labels is None:
        labels = fallback_labels if len(fallback_labels) == classes else [f"class {i}" for i in range(classes)]
    network = build(architecture, classes)
    load_into(network, file.tensors, path.name)
    _check_labels(labels, classes, path)
    return NetworkClassifier(architecture, network, labels, spec or InputSpec(), file.info, device, dtype)


def _from_ours(
    file: WeightFile,
    path: Path,
    device: torch.device,
    dtype: torch.dtype,
    architecture: str | None,
    labels: Sequence[str] | None,
) -> NetworkClassifier:
    meta = file.metadata
    if meta.get("kind") != "classifier":
        raise ClassifierError(
            f"{path.name} is a {meta.get('kind', 'file')}'s weight file, not a classifier's",
            hint="samplers go to --visual-sampler and --audio-sampler",
        )
    if architecture is not None and meta["arch"] != architecture:
        raise ClassifierError(f"{path.name} is for {meta['arch']}, not for {architecture}", hint="leave the name out")
    network = build(meta["arch"], len(meta["labels"]))
    load_into(network, file.tensors, path.name)
    labels = meta["labels"] if labels is None else labels
    _check_labels(labels, len(meta["labels"]), path)
    name = architecture or f"{meta['arch']} ({path.stem})"
    return NetworkClassifier(name, network, labels, spec_from(meta["spec"]), file.info, device, dtype)


def spec_from(record: dict[str, Any]) -> InputSpec:
    """`InputSpec` from its JSON form (`dataclasses.asdict`)."""
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in record.items()}
    return InputSpec(**values)


def _classes(tensors: dict[str, Tensor]) -> int | None:
    return tensors["fc.bias"].shape[0] if "fc.bias" in tensors else None


def _check_labels(labels: Sequence[str], classes: int, path: Path) -> None:
    if len(labels) != classes:
        raise ClassifierError(
            f"{len(labels)} labels for the {classes} classes of {path.name}", hint="--labels takes one name per line"
        )
