"""`NetworkClassifier`: a torch network as a clip classifier, and its loading from weight files."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from scsampler_cli.classifiers.base import BATCH, InputSpec
from scsampler_cli.classifiers.geometry import normalise
from scsampler_cli.classifiers.labels import numbered_labels
from scsampler_cli.classifiers.model_spec import AXES
from scsampler_cli.classifiers.networks import architecture as known_architecture
from scsampler_cli.classifiers.networks import classes_in
from scsampler_cli.classifiers.state_dicts import to_native
from scsampler_cli.errors import ClassifierError, WeightsError
from scsampler_cli.model_zoo.background_class import background_column
from scsampler_cli.model_zoo.weightfile import WeightFile, load_into, read_weights
from scsampler_cli.model_zoo.weights_info import WeightsInfo
from scsampler_cli.nn.fused_lite0 import prepare_with_trunk
from scsampler_cli.nn.unset_weights import unset_weights

CPU_BATCH, CPU_PIXELS = 4, 400_000
"""Most clips and most pixels in a batch on a CPU; one clip may have more pixels. Small networks are
a fifth faster with four clips, large ones are not, and R(2+1)D-18 takes 0.15 GB for each clip."""


class NetworkClassifier:
    """f of Sec. 3.1 on a network that maps float [N, 3, F, h, w] to [N, C].

    Args:
        name: name for the user.
        network: the network; it is moved to the device.
        labels: C class names.
        spec: clip geometry.
        weights: identity of the weights.
        device: device of the network.
        dtype: precision of the network (autocast).
        activation: "softmax", "sigmoid", or "none" if the outputs are probabilities.
        multi_label: several classes can be true at once; None: true for the sigmoid.
        any_size: the network takes clips of any length and size (`with_spec`).
        any_length: it takes clips of any length.
        more_settings: further settings that the answers depend on, for JSON.
        background: the one of the labels for footage that shows none of the others.
        min_probability: confidence below which a video is unsure; None without such a limit.
    """

    def __init__(
        self,
        name: str,
        network: nn.Module,
        labels: Sequence[str],
        *,
        spec: InputSpec,
        weights: WeightsInfo,
        device: torch.device,
        dtype: torch.dtype,
        activation: str = "softmax",
        multi_label: bool | None = None,
        any_size: bool = False,
        any_length: bool = False,
        more_settings: Mapping[str, Any] | None = None,
        background: str | None = None,
        min_probability: float | None = None,
    ) -> None:
        self.name, self.labels, self.spec, self.weights = name, tuple(labels), spec, weights
        self.multi_label = activation == "sigmoid" if multi_label is None else multi_label
        self.any_size, self.background = any_size, background
        self._any_length = any_size or any_length
        self.min_probability = min_probability
        self.network = network.to(device).eval()
        self._device, self._dtype, self._activation = device, dtype, activation
        self._more_settings = dict(more_settings or {})

    def classify(self, clips: NDArray[np.uint8]) -> NDArray[np.float32]:
        """uint8 [N, F, h, w, 3] -> float32 [N, C]; unless it is multi-label, rows sum to 1.

        Raises:
            ClassifierError: the clips do not have the geometry of `spec`.
        """
        self._check(clips)
        # many networks fail on an empty batch
        if len(clips) == 0:
            return np.zeros((0, len(self.labels)), np.float32)
        is_reduced = self._dtype != torch.float32
        autocast = torch.autocast(self._device.type, self._dtype, enabled=is_reduced)
        with torch.inference_mode(), autocast:
            # activations of half-precision outputs would lose the small probabilities
            outputs = self.network(normalise(clips, self.spec, self._device)).float()
        if self._activation == "softmax":
            outputs = outputs.softmax(dim=1)
        elif self._activation == "sigmoid":
            outputs = outputs.sigmoid()
        return outputs.cpu().numpy()

    @property
    def batch_clips(self) -> int:
        """Clips in a batch, see `base.batch_of`."""
        if self._device.type == "cuda":
            return BATCH
        # of one clip with all its crops
        pixels = self.spec.frames * self.spec.crop[0] * self.spec.crop[1] * self.spec.crops
        return max(1, min(CPU_BATCH, CPU_PIXELS // pixels))

    @property
    def output_settings(self) -> dict[str, Any]:
        """Activation and order of axes if they are not the defaults, and `more_settings`."""
        settings = dict(self._more_settings)
        # without defaults, so that the built-in classifiers have no settings
        if self._activation != "softmax":
            settings["activation"] = self._activation
        layout = getattr(self.network, "layout", AXES)
        if layout != AXES:
            settings["layout"] = layout
        return settings

    def with_spec(self, spec: InputSpec) -> NetworkClassifier:
        """The same network with another geometry.

        Raises:
            ClassifierError: it takes one clip size only, and this is another.
        """
        own = self.spec
        # resizing and normalisation can always be changed
        has_length = self._any_length or spec.frames == own.frames
        if not has_length or not (self.any_size or spec.crop == own.crop):
            raise ClassifierError(
                f"{self.name} takes only clips of {own.frames} frames "
                f"of {own.crop[0]} x {own.crop[1]}",
                code="model-spec-fixed",
                hint="leave frames and crop out of the spec",
            )
        other = copy.copy(self)
        other.spec = spec
        return other

    def with_activation(
        self, activation: str | None, multi_label: bool | None = None
    ) -> NetworkClassifier:
        """The same network with another activation of its outputs; see the class.

        Args:
            activation: None keeps the present one.
            multi_label: None: true for the sigmoid.
        """
        other = copy.copy(self)
        # a shallow copy: both have the same network
        other._activation = activation or self._activation
        other.multi_label = other._activation == "sigmoid" if multi_label is None else multi_label
        return other

    def _check(self, clips: NDArray[np.uint8]) -> None:
        frames, size = self.spec.frames, self.spec.crop
        right = clips.ndim == 5 and clips.dtype == np.uint8 and clips.shape[-1] == 3
        if not right or clips.shape[1:4] != (frames, *size):
            shown = " x ".join(map(str, clips.shape))
            raise ClassifierError(
                f"{self.name} takes clips uint8 [N, {frames}, {size[0]}, {size[1]}, 3], not "
                f"{clips.dtype} {shown}",
                code="arguments-invalid",
                hint="resize and crop frames by its spec",
            )


def from_file(
    path: Path,
    device: torch.device,
    dtype: torch.dtype,
    *,
    architecture: str | None = None,
    labels: Sequence[str] | None = None,
    fallback_labels: Sequence[str] = (),
    spec: InputSpec | None = None,
) -> NetworkClassifier:
    """A classifier from a local weight file.

    Args:
        path: a weight file of scsampler, which has its architecture, or a plain state dict.
        device: device of the network.
        dtype: precision of the network.
        architecture: architecture of a plain state dict; a weight file of scsampler must agree.
        labels: class names; None for those of the file.
        fallback_labels: class names for a plain state dict with as many classes.
        spec: geometry for a plain state dict; a weight file of scsampler has its own.

    Raises:
        WeightsError: damaged, unsafe, or it does not fit.
        ClassifierError: the architecture is unknown, or the number of labels is wrong.
    """
    file = read_weights(path)
    # plain state dicts have no metadata
    if file.metadata:
        return _from_own_format(
            file, path, device, dtype=dtype, architecture=architecture, labels=labels
        )
    if architecture is None:
        raise ClassifierError(
            f"{path.name} does not name its network",
            code="architecture-missing",
            hint="name it, such as r2plus1d_18",
        )
    # files of other publishers have other names
    tensors, _ = to_native(architecture, file.tensors)
    # the file decides how many classes the network has
    classes = classes_in(architecture, tensors)
    if classes is None:
        head = known_architecture(architecture).head
        raise WeightsError(
            f"{path.name} has no final layer {head!r}",
            code="state-dict-missing",
            hint=f"they do not seem to be weights of {architecture}",
        )
    if labels is None:
        labels = fallback_labels if len(fallback_labels) == classes else numbered_labels(classes)
    _check_labels(labels, classes, path)
    network, any_size = _filled(
        architecture, classes, tensors, path=path, device=device, dtype=dtype
    )
    return NetworkClassifier(
        architecture,
        network,
        labels,
        spec=spec or InputSpec(),
        weights=file.info,
        device=device,
        dtype=dtype,
        any_size=any_size,
    )


def _filled(
    architecture: str,
    classes: int,
    tensors: dict[str, Tensor],
    *,
    path: Path,
    device: torch.device,
    dtype: torch.dtype,
) -> tuple[nn.Module, bool]:
    """The network with its weights, prepared for inference; True if it takes clips of any size."""
    known = known_architecture(architecture)
    with unset_weights():
        network = known.make(classes)
    load_into(network, tensors, path.name)
    return prepare_with_trunk(network, device, dtype), known.any_size


def _from_own_format(
    file: WeightFile,
    path: Path,
    device: torch.device,
    *,
    dtype: torch.dtype,
    architecture: str | None,
    labels: Sequence[str] | None,
) -> NetworkClassifier:
    meta = file.metadata
    if meta.get("kind") != "classifier":
        raise ClassifierError(
            f"{path.name} is a {meta.get('kind', 'file')}'s weight file, not a classifier's",
            code="weights-wrong-kind",
            hint="give it as a sampler",
        )
    # a name that the user gave must be right
    if architecture is not None and meta["arch"] != architecture:
        raise ClassifierError(
            f"{path.name} is for {meta['arch']}, not for {architecture}",
            code="architecture-conflict",
            hint="leave the name out",
        )
    network, any_size = _filled(
        meta["arch"], len(meta["labels"]), file.tensors, path=path, device=device, dtype=dtype
    )
    labels = meta["labels"] if labels is None else labels
    _check_labels(labels, len(meta["labels"]), path)
    name = architecture or f"{meta['arch']} ({path.stem})"
    spec = spec_from(meta["spec"])
    column = background_column(meta, path.name)
    return NetworkClassifier(
        name,
        network,
        labels,
        spec=spec,
        weights=file.info,
        device=device,
        dtype=dtype,
        any_size=any_size,
        # other names of the classes do not change which one it is
        background=None if column is None else labels[column],
        min_probability=meta.get("min_probability"),
    )


def spec_from(record: dict[str, Any]) -> InputSpec:
    """`InputSpec` from its JSON form (`dataclasses.asdict`)."""
    values: dict[str, Any] = {}
    for name, value in record.items():
        # JSON has no tuples
        values[name] = tuple(value) if isinstance(value, list) else value
    return InputSpec(**values)


def _check_labels(labels: Sequence[str], classes: int, path: Path) -> None:
    if len(labels) != classes:
        raise ClassifierError(
            f"{len(labels)} labels for the {classes} classes of {path.name}",
            code="label-count-mismatch",
            hint="give one name for each class",
        )
