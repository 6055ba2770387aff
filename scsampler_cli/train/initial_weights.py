"""How a network that is to be trained starts: public weights, a file's, or anew; and which rate each part of it gets.

The paper pre-trains the visual networks on ImageNet (App. B.1) and the audio VGG on AudioSet (App. B.2), of which no weights of
this VGG are public: a local file takes their place. Nothing is loaded in silence: `Start` says what begins anew.
But: labels and objective of a start file do not matter; only tensors are taken from it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from scsampler_cli.classifiers.state_dicts import to_native
from scsampler_cli.config import VISUAL
from scsampler_cli.errors import WeightsError
from scsampler_cli.model_zoo.public import fetch
from scsampler_cli.model_zoo.weightfile import WeightFile, read_weights

MIN_LOADED_SHARE = 0.5
"""Share of a network's values that a file must bring; with less it is the wrong file (our choice)."""
TSM18_CHANNELS = {"if": slice(0, 3), "rgbr": slice(3, 6)}
"""Which of a tsm18's nine input channels are a sampler's own: the picture, and what changed since the frame before (its residual,
but for the motion)."""
_CONVOLUTION, _NORM, _LINEAR = 4, 1, 2
"""Layers of a VGG by the number of dimensions of their weights."""


@dataclass(frozen=True)
class Start:
    """What a network starts from."""

    source: str
    """"scratch", "imagenet", or the file's name."""
    sha256: str | None
    """Hex digest of the file; None from scratch."""
    loaded: frozenset[str]
    """Names of the parameters whose values came from the weights."""
    note: str | None
    """What the user must be told."""


def start_network(network: nn.Module, architecture: str, kind: str, *, init: str) -> Start:
    """Give a fresh network its first values, in place.

    Args:
        network: as `build` makes it.
        architecture: its name.
        kind: "if", "md", "rgbr", "mel", "packets" or "classifier".
        init: "auto": ImageNet for a ResNet-18 sampler (App. B.1) if its weights can be had, else scratch. "imagenet": they must
            be had. "scratch". Anything else is a weight file: one of ours, or a bare state dict.

    Raises:
        WeightsError: weights that cannot be had, cannot be read, or do not fit; the network is then as it was. Or layers that
            training leaves as they are would be left at random.
    """
    start = _started(network, architecture, kind, init=init)
    frozen = {name for name, parameter in network.named_parameters() if not parameter.requires_grad}
    if not frozen <= start.loaded:
        raise WeightsError(
            f"{architecture} trains its last layer alone, and nothing gives it the others",
            code="initial-weights-unusable",
            hint="start from a trained vgg18 sampler",
        )
    return start


def _started(network: nn.Module, architecture: str, kind: str, *, init: str) -> Start:
    if init == "auto":
        return _auto(network, architecture, kind)
    if init == "scratch":
        return _scratch(None)
    if init != "imagenet":
        return _loaded(network, architecture, kind, path=Path(init), source=Path(init).name)
    if not _has_imagenet(architecture, kind):
        raise WeightsError(
            f"there are no ImageNet weights for {architecture} on {kind}",
            code="initial-weights-unusable",
            hint="they start resnet18 on if, md and rgbr; start from another file, or from scratch",
        )
    return _loaded(network, architecture, kind, path=fetch("resnet18"), source="imagenet")


def _auto(network: nn.Module, architecture: str, kind: str) -> Start:
    if _has_imagenet(architecture, kind):
        try:
            path = fetch("resnet18")
        except WeightsError as error:
            return _scratch(f"{error}: training starts from scratch")
        return _loaded(network, architecture, kind, path=path, source="imagenet")
    if kind == "mel":
        return _scratch("no AudioSet weights are given: the VGG starts from scratch")
    if kind in VISUAL:
        return _scratch(
            f"torchvision has no ImageNet weights of {architecture}: it starts from scratch"
        )
    return _scratch(None)


def _has_imagenet(architecture: str, kind: str) -> bool:
    return architecture == "resnet18" and kind in VISUAL


def _scratch(note: str | None) -> Start:
    return Start("scratch", None, frozenset(), note=note)


def _loaded(network: nn.Module, architecture: str, kind: str, *, path: Path, source: str) -> Start:
    file = read_weights(path)
    own = network.state_dict()
    tensors = to_native(architecture, file.tensors)[0] if kind == "classifier" else file.tensors
    given = _by_own_name(tensors, own, architecture)
    notes = []
    first = _first_convolution(network)
    if first in given and file.metadata.get("arch") == "tsm18" and kind in TSM18_CHANNELS:
        given[first] = given[first][:, TSM18_CHANNELS[kind]]
        notes.append(f"{first} takes the channels of {source} for its own input")
    if first in given and _differ_in_channels(given[first], own[first]):
        notes.append(
            f"{first} is adapted from {given[first].shape[1]} to {own[first].shape[1]} channels"
        )
        given[first] = adapt_channels(given[first], own[first].shape[1])
    fitting = _fitting(given, own)
    names = [name for name, _ in network.named_parameters()]
    anew = [name for name in names if name not in fitting]
    _check_enough(network, anew, given, file=file, architecture=architecture)
    if not all(bool(tensor.isfinite().all()) for tensor in fitting.values()):
        raise WeightsError(
            f"{path} holds values that are no numbers",
            code="weights-not-finite",
            hint="the run that wrote it has failed",
        )
    network.load_state_dict(fitting, strict=False)
    if anew:
        notes.append(f"layers that start anew: {', '.join(anew)}")
    return Start(
        source, file.info.sha256, frozenset(names) - frozenset(anew), note="; ".join(notes) or None
    )


def _fitting(given: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors of the right shape; none of a layer whose weights are not among them, as its bias belongs to those."""
    shaped = {name: tensor for name, tensor in given.items() if tensor.shape == own[name].shape}
    return {
        name: tensor
        for name, tensor in shaped.items()
        if f"{name.rpartition('.')[0]}.weight" in shaped
    }


def _first_convolution(network: nn.Module) -> str:
    """Name of the weights that see the input's channels; only a batch normalisation of the data comes before them."""
    return next(name for name, parameter in network.named_parameters() if parameter.dim() > 2)


def _differ_in_channels(given: Tensor, own: Tensor) -> bool:
    """True where the shapes [out, in, ...] are the same but for the number of input channels."""
    rest = [(*tensor.shape[:1], *tensor.shape[2:]) for tensor in (given, own)]
    return given.dim() == own.dim() and rest[0] == rest[1] and given.shape != own.shape


def adapt_channels(weights: Tensor, channels: int) -> Tensor:
    """A first layer for another number of input channels: the mean over its own, scaled so that constant input gives the same.

    Ours: CoViAR (Wu et al., 2018), whose recipe App. B.1 takes over, starts this layer anew.

    Args:
        weights: [out, in, ...].
        channels: wanted.

    Returns:
        float32 [out, channels, ...].

    Example: one output of three inputs 3, 6, 9 -> two inputs 9, 9 (both sum to 18).
    """
    mean = weights.float().mean(dim=1, keepdim=True)
    return mean.repeat_interleave(channels, dim=1) * (weights.shape[1] / channels)


def _by_own_name(
    tensors: Mapping[str, Tensor], own: Mapping[str, Tensor], architecture: str
) -> dict[str, Tensor]:
    """A file's tensors under the network's names, whether or not either has `MotionNetwork` around it; others are left out."""
    if architecture == "vgg18" and "features.0.weight" in tensors:
        tensors = _by_order(tensors, own)
    bare = {name.removeprefix("network."): tensor for name, tensor in tensors.items()}
    return {name: bare[short] for name in own if (short := name.removeprefix("network.")) in bare}


def _by_order(tensors: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors of a VGG whose layers are numbered, as torchvision's vgg19_bn has them, under our names in the order of the layers.

    Example: features.0.weight, features.1.weight -> features.conv1_1.weight, features.bn1_1.weight.
    """
    if len(_layers(tensors, _CONVOLUTION)) != len(_layers(own, _CONVOLUTION)):
        return {}  # another arrangement, of which some shapes would fit by accident
    found: dict[str, Tensor] = {}
    for rank in (_CONVOLUTION, _NORM, _LINEAR):
        for ours, theirs in zip(_layers(own, rank), _layers(tensors, rank), strict=False):
            found |= {
                f"{ours}.{leaf}": tensor for leaf, tensor in _of_layer(tensors, theirs).items()
            }
    for convolution, norm in zip(_layers(own, _CONVOLUTION), _layers(own, _NORM), strict=True):
        bias, mean = found.get(f"{convolution}.bias"), found.get(f"{norm}.running_mean")
        if bias is not None and mean is not None and bias.shape == mean.shape:
            # ours have no bias: (x + bias) - mean = x - (mean - bias)
            found[f"{norm}.running_mean"] = mean.float() - bias.float()
    return found


def _layers(tensors: Mapping[str, Tensor], rank: int) -> list[str]:
    """Names of the layers with weights of that rank, in the order of the numbers in the names; not the data's own norm."""
    names = [
        name.removesuffix(".weight")
        for name in tensors
        if name.endswith(".weight") and tensors[name].dim() == rank
    ]
    return sorted((name for name in names if name != "data_bn"), key=_numbers)


def _numbers(name: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", name)]


def _of_layer(tensors: Mapping[str, Tensor], layer: str) -> dict[str, Tensor]:
    return {
        name.rpartition(".")[2]: tensor
        for name, tensor in tensors.items()
        if name.rpartition(".")[0] == layer
    }


def _check_enough(
    network: nn.Module,
    anew: list[str],
    given: Mapping[str, Tensor],
    *,
    file: WeightFile,
    architecture: str,
) -> None:
    """Refuse a file of which little fits.

    Raises:
        WeightsError: how much fits, and what does not.
    """
    shapes = {name: parameter.shape for name, parameter in network.named_parameters()}
    total = sum(shape.numel() for shape in shapes.values())
    fitting = total - sum(shapes[name].numel() for name in anew)
    if fitting >= MIN_LOADED_SHARE * total:
        return
    first = anew[0]
    why = (
        f"has {tuple(given[first].shape)} instead of {tuple(shapes[first])}"
        if first in given
        else "is missing"
    )
    meant = file.metadata.get("arch", architecture)
    raise WeightsError(
        f"{file.info.source} does not fit {architecture}: only {fitting} of {total} values do; {first} {why}",
        code="initial-weights-unusable",
        hint="give a file of this network, or start from scratch"
        if meant == architecture
        else f"it is for the network {meant}",
    )


def parameter_groups(
    network: nn.Module, start: Start, lr: float, *, factor: float, weight_decay: float
) -> list[dict[str, Any]]:
    """The network's parameters for an optimiser; loaded ones before new ones, decaying ones first, empty groups left out.

    Biases and batch normalisations do not decay (ours: their scale is no complexity).

    Args:
        network: not wrapped, so that names are those of `start`; parameters that need no gradient are left out.
        start: says which parameters are pre-trained.
        lr: rate of new parameters.
        factor: of it for pre-trained ones: 0.01 for the visual networks (App. B.1), 0.05 for the VGG (App. B.2).
        weight_decay: of the others.
    """
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {
        (loaded, decays): [] for loaded in (True, False) for decays in (True, False)
    }
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            groups[name in start.loaded, parameter.dim() > 1].append(parameter)
    return [
        {
            "params": members,
            "lr": lr * factor if loaded else lr,
            "weight_decay": weight_decay if decays else 0.0,
        }
        for (loaded, decays), members in groups.items()
        if members
    ]
