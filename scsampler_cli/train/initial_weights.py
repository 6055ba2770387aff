"""Initial weights of a network in training, and the learning rate of each of its parts.

The paper pre-trains the visual networks on ImageNet (App. B.1) and the audio VGG on AudioSet
(App. B.2). No AudioSet weights of this VGG are public, so that a local file takes their place.
`Start` records what was loaded, and its note names the layers with random values.

Not handled here: labels and objective of a weight file. Only tensors are taken from it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from scsampler_cli.classifiers.state_dicts import to_native
from scsampler_cli.config import VISUAL
from scsampler_cli.errors import WeightsError
from scsampler_cli.model_zoo.bundled_weights import TRUNK, bundled_file
from scsampler_cli.model_zoo.public import fetch
from scsampler_cli.model_zoo.weightfile import WeightFile, read_weights

MIN_LOADED_SHARE = 0.5
"""Smallest share of a network's values that a file must have; with less it is the wrong file."""
TSM18_CHANNELS = {"if": slice(0, 3), "rgbr": slice(3, 6)}
"""Input channels of a tsm18 that a sampler's input corresponds to: the frame, and its difference to
the frame before (a residual without motion compensation)."""
_TOP_LAYER = {"fc.weight", "fc.bias"}
"""Parameters of the layer on the trunk of lite0."""
_CONVOLUTION, _NORM, _LINEAR = 4, 1, 2
"""Kinds of layers of a VGG by the number of dimensions of their weights."""


@dataclass(frozen=True)
class Start:
    """Where the initial weights of a network come from."""

    source: str
    """"scratch", "imagenet", or the file's name."""
    sha256: str | None
    """Hex digest of the file; None from scratch."""
    loaded: frozenset[str]
    """Names of the parameters that were loaded."""
    note: str | None
    """Note for the user; None where there is nothing to note."""


def start_network(network: nn.Module, architecture: str, kind: str, *, init: str) -> Start:
    """Load the initial weights of a new network, in place.

    Args:
        network: as `build` makes it.
        architecture: name of its architecture.
        kind: "rgb", "if", "md", "rgbr", "mel", "packets" or "classifier".
        init: "auto": ImageNet for lite0, whose weights come with the package, and for a ResNet-18
            sampler (App. B.1) if its weights are cached or can be downloaded; else scratch.
            "imagenet": ImageNet, or an error. "scratch": random values. Anything else is a weight
            file: one of scsampler, or a plain state dict.

    Raises:
        WeightsError: the weights are missing, cannot be read, or do not fit; the network is then
            unchanged. Or layers that training does not change would keep random values.
    """
    # changes the network only if the weights fit
    start = _start(network, architecture, kind, init=init)
    frozen = {name for name, parameter in network.named_parameters() if not parameter.requires_grad}
    if not frozen <= start.loaded:
        raise WeightsError(
            f"{architecture} keeps the weights of its frozen layers, and they have none yet",
            code="initial-weights-unusable",
            hint="start lite0 from imagenet, and a head on the VGG from a trained vgg18 sampler",
        )
    return start


def _start(network: nn.Module, architecture: str, kind: str, *, init: str) -> Start:
    if init == "auto":
        return _start_auto(network, architecture, kind)
    if init == "scratch":
        return _from_scratch(None)
    if init != "imagenet":
        return _from_file(network, architecture, kind, path=Path(init), source=Path(init).name)
    if not _has_imagenet(architecture, kind):
        raise WeightsError(
            f"there are no ImageNet weights for {architecture} on {kind}",
            code="initial-weights-unusable",
            hint="they start lite0, and resnet18 on if, md and rgbr; start from another file, or "
            "from scratch",
        )
    return _from_imagenet(network, architecture, kind)


def _from_imagenet(network: nn.Module, architecture: str, kind: str) -> Start:
    path = bundled_file(TRUNK) if architecture == "lite0" else fetch("resnet18")
    start = _from_file(network, architecture, kind, path=path, source="imagenet")
    # the layer on the trunk is for other classes, which needs no remark
    is_expected = {name for name, _ in network.named_parameters()} - start.loaded == _TOP_LAYER
    return replace(start, note=None) if architecture == "lite0" and is_expected else start


def _start_auto(network: nn.Module, architecture: str, kind: str) -> Start:
    if _has_imagenet(architecture, kind):
        try:
            return _from_imagenet(network, architecture, kind)
        except WeightsError as error:
            # the trunk comes with the package: its loss is no reason for random weights
            if architecture == "lite0":
                raise
            return _from_scratch(f"{error}: training starts from scratch")
    if kind == "mel":
        return _from_scratch("no AudioSet weights are given: the VGG starts from scratch")
    if kind in VISUAL:
        return _from_scratch(
            f"torchvision has no ImageNet weights of {architecture}: it starts from scratch"
        )
    return _from_scratch(None)


def _has_imagenet(architecture: str, kind: str) -> bool:
    return architecture == "lite0" or (architecture == "resnet18" and kind in VISUAL)


def _from_scratch(note: str | None) -> Start:
    return Start("scratch", None, frozenset(), note=note)


def _from_file(
    network: nn.Module, architecture: str, kind: str, *, path: Path, source: str
) -> Start:
    # refuses pickles with code
    file = read_weights(path).part_for(kind)
    own = network.state_dict()
    tensors = to_native(architecture, file.tensors)[0] if kind == "classifier" else file.tensors
    renamed = _by_own_name(tensors, own, architecture)

    notes = []
    first = _first_convolution(network)
    if first in renamed and file.metadata.get("arch") == "tsm18" and kind in TSM18_CHANNELS:
        renamed[first] = renamed[first][:, TSM18_CHANNELS[kind]]
        notes.append(f"{first} takes the channels of {source} for its own input")
    if first in renamed and _differ_in_channels(renamed[first], own[first]):
        channels, own_channels = renamed[first].shape[1], own[first].shape[1]
        notes.append(f"{first} is adapted from {channels} to {own_channels} channels")
        renamed[first] = adapt_channels(renamed[first], own_channels)

    # a last layer for other classes does not fit, and starts from random values
    fitting = _fitting(renamed, own)
    names = [name for name, _ in network.named_parameters()]
    new = [name for name in names if name not in fitting]
    _check_enough(network, new, renamed, file=file, architecture=architecture)
    if not all(bool(tensor.isfinite().all()) for tensor in fitting.values()):
        raise WeightsError(
            f"{path} contains NaN or infinite values",
            code="weights-not-finite",
            hint="the training run that wrote it failed",
        )
    network.load_state_dict(fitting, strict=False)
    if new:
        notes.append(f"layers with random values: {', '.join(new)}")
    loaded = frozenset(names) - frozenset(new)
    return Start(source, file.info.sha256, loaded, note="; ".join(notes) or None)


def _fitting(renamed: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors whose shape is that of the network's."""
    shaped = {name: tensor for name, tensor in renamed.items() if tensor.shape == own[name].shape}
    fitting = {}
    for name, tensor in shaped.items():
        # a bias means nothing without the weights that it was trained with
        if f"{name.rpartition('.')[0]}.weight" in shaped:
            fitting[name] = tensor
    return fitting


def _first_convolution(network: nn.Module) -> str:
    """Name of the weights of the first convolution."""
    # the parameters before it, of a batch normalisation of the input, have one dimension
    return next(name for name, parameter in network.named_parameters() if parameter.dim() > 2)


def _differ_in_channels(weights: Tensor, own: Tensor) -> bool:
    """True where the shapes [out, in, ...] differ in the number of input channels alone."""
    if weights.dim() != own.dim() or weights.shape == own.shape:
        return False
    return weights.shape[:1] == own.shape[:1] and weights.shape[2:] == own.shape[2:]


def adapt_channels(weights: Tensor, channels: int) -> Tensor:
    """A first layer for another number of input channels.

    Each new channel has the mean over the old ones, scaled so that a constant input gives the same
    output. CoViAR (Wu et al., 2018), whose recipe App. B.1 takes over, starts this layer from
    random values instead.

    Args:
        weights: [out, in, ...].
        channels: new number of input channels.

    Returns:
        float32 [out, channels, ...].

    Example: one output of three inputs 3, 6, 9 -> two inputs 9, 9 (both sum to 18).
    """
    # [out, 1, ...]
    mean = weights.float().mean(dim=1, keepdim=True)
    return mean.repeat_interleave(channels, dim=1) * (weights.shape[1] / channels)


def _by_own_name(
    tensors: Mapping[str, Tensor], own: Mapping[str, Tensor], architecture: str
) -> dict[str, Tensor]:
    """The tensors of a file under the network's names; tensors of other names are left out."""
    if architecture == "vgg18" and "features.0.weight" in tensors:
        tensors = _by_order(tensors, own)
    # either side may be a `MotionNetwork`, which has its network under this prefix
    prefix = "network."
    bare = {name.removeprefix(prefix): tensor for name, tensor in tensors.items()}
    renamed = {}
    for name in own:
        if name.removeprefix(prefix) in bare:
            renamed[name] = bare[name.removeprefix(prefix)]
    return renamed


def _by_order(tensors: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors of a VGG with numbered layers, such as vgg19_bn, under the network's names.

    Layers of the same kind correspond by their order.

    Example: features.0.weight, features.1.weight -> features.conv1_1.weight, features.bn1_1.weight.
    """
    if len(_layers(tensors, _CONVOLUTION)) != len(_layers(own, _CONVOLUTION)):
        return {}  # another arrangement, in which some shapes would fit by accident
    renamed: dict[str, Tensor] = {}
    for rank in (_CONVOLUTION, _NORM, _LINEAR):
        for layer, numbered in zip(_layers(own, rank), _layers(tensors, rank), strict=False):
            for leaf, tensor in _of_layer(tensors, numbered).items():
                renamed[f"{layer}.{leaf}"] = tensor

    for convolution, norm in zip(_layers(own, _CONVOLUTION), _layers(own, _NORM), strict=True):
        bias, mean = renamed.get(f"{convolution}.bias"), renamed.get(f"{norm}.running_mean")
        if bias is not None and mean is not None and bias.shape == mean.shape:
            # the network's convolutions have no bias: (x + bias) - mean = x - (mean - bias)
            renamed[f"{norm}.running_mean"] = mean.float() - bias.float()
    return renamed


def _layers(tensors: Mapping[str, Tensor], rank: int) -> list[str]:
    """Names of the layers whose weights have `rank` dimensions, sorted by their numbers."""
    names = []
    for name, tensor in tensors.items():
        layer = name.removesuffix(".weight")
        # data_bn normalises the input; other VGGs have no such layer
        if layer != name and tensor.dim() == rank and layer != "data_bn":
            names.append(layer)
    return sorted(names, key=_numbers)


def _numbers(name: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", name)]


def _of_layer(tensors: Mapping[str, Tensor], layer: str) -> dict[str, Tensor]:
    """The tensors of one layer by the last part of their names, such as "weight"."""
    found = {}
    for name, tensor in tensors.items():
        parent, _, leaf = name.rpartition(".")
        if parent == layer:
            found[leaf] = tensor
    return found


def _check_enough(
    network: nn.Module,
    new: list[str],
    renamed: Mapping[str, Tensor],
    *,
    file: WeightFile,
    architecture: str,
) -> None:
    """Refuse a file of which less than MIN_LOADED_SHARE fits.

    Args:
        network: network to be trained.
        new: names of its parameters that the file does not have.
        renamed: tensors of the file under the network's names.
        file: the file.
        architecture: architecture of the network.

    Raises:
        WeightsError: with how much fits, and an example of what does not.
    """
    shapes = {name: parameter.shape for name, parameter in network.named_parameters()}
    total = sum(shape.numel() for shape in shapes.values())
    fitting = total - sum(shapes[name].numel() for name in new)
    if fitting >= MIN_LOADED_SHARE * total:
        return

    example = new[0]
    fault = "is missing"
    if example in renamed:
        fault = f"has {tuple(renamed[example].shape)} instead of {tuple(shapes[example])}"
    hint = "give a file of this network, or start from scratch"
    named = file.metadata.get("arch", architecture)
    if named != architecture:
        hint = f"it is for the network {named}"
    raise WeightsError(
        f"{file.info.source} does not fit {architecture}: "
        f"only {fitting} of {total} values do; {example} {fault}",
        code="initial-weights-unusable",
        hint=hint,
    )


def parameter_groups(
    network: nn.Module, start: Start, lr: float, *, factor: float, weight_decay: float
) -> list[dict[str, Any]]:
    """The parameter groups of a network for an optimiser.

    Loaded parameters come before new ones, those with weight decay before those without. Parameters
    that need no gradient, and empty groups, are left out.

    Args:
        network: not wrapped, so that its names are those of `start`.
        start: names the loaded parameters.
        lr: learning rate of new parameters.
        factor: that of loaded ones as a share of it: 0.01 for the visual networks (App. B.1), 0.05
            for the VGG (App. B.2).
        weight_decay: weight decay of all but biases and batch normalisations.
    """
    # (is loaded, decays) -> parameters
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {
        (loaded, decays): [] for loaded in (True, False) for decays in (True, False)
    }
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            # biases and batch normalisations have one dimension; their size is no complexity
            groups[name in start.loaded, parameter.dim() > 1].append(parameter)

    found = []
    for (loaded, decays), members in groups.items():
        if members:
            rate = lr * factor if loaded else lr
            decay = weight_decay if decays else 0.0
            found.append({"params": members, "lr": rate, "weight_decay": decay})
    return found
