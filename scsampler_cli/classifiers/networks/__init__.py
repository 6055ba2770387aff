"""Classifier networks by name: those of torchvision, others of the paper, and two small ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import Tensor, nn

from scsampler_cli.classifiers.networks.i3d import I3D
from scsampler_cli.classifiers.networks.lite0_clip import Lite0Clip
from scsampler_cli.classifiers.networks.tiny3d import Tiny3D
from scsampler_cli.classifiers.networks.tsm import TSM18
from scsampler_cli.dependencies import loading
from scsampler_cli.errors import WeightsError


@dataclass(frozen=True)
class Architecture:
    """A network that can be built for any number of classes."""

    make: Callable[[int], nn.Module]
    """C -> network that maps float [N, 3, F, h, w] to logits [N, C]."""
    head: str = "fc"
    """Name of the last layer, whose weights have C rows."""
    any_size: bool = True
    """True if it takes larger frames than in training: convolutions slide over them (Sec. 4.1.3),
    and so do attention windows."""


def _torchvision(name: str, head: str = "fc", any_size: bool = True) -> Architecture:
    def make(classes: int) -> nn.Module:
        with loading("torchvision", f"the network {name}"):
            # importing torchvision takes two seconds
            from torchvision.models import get_model

        return get_model(name, weights=None, num_classes=classes)

    return Architecture(make, head, any_size)


def _r2plus1d_34(classes: int) -> nn.Module:
    with loading("torchvision", "the network r2plus1d_34"):
        from scsampler_cli.classifiers.networks.r2plus1d import R2Plus1D34

    return R2Plus1D34(classes)


def _csn(name: str) -> Callable[[int], nn.Module]:
    def make(classes: int) -> nn.Module:
        with loading("torchvision", f"the network {name}"):
            from scsampler_cli.classifiers.networks import csn

        made: nn.Module = getattr(csn, name)(classes)
        return made

    return make


ARCHITECTURES: dict[str, Architecture] = {
    "mc3_18": _torchvision("mc3_18"),
    "r3d_18": _torchvision("r3d_18"),
    "r2plus1d_18": _torchvision("r2plus1d_18"),
    "r2plus1d_34": Architecture(_r2plus1d_34),
    "i3d_rgb": Architecture(I3D, "logits"),
    "ir_csn_152": Architecture(_csn("ir_csn_152")),
    "ip_csn_152": Architecture(_csn("ip_csn_152")),
    "s3d": _torchvision("s3d", "classifier.1"),
    "mvit_v1_b": _torchvision("mvit_v1_b", "head.1", any_size=False),
    "mvit_v2_s": _torchvision("mvit_v2_s", "head.1", any_size=False),
    "swin3d_t": _torchvision("swin3d_t", "head"),
    "swin3d_s": _torchvision("swin3d_s", "head"),
    "swin3d_b": _torchvision("swin3d_b", "head"),
    "lite0": Architecture(Lite0Clip),
    "tsm18": Architecture(TSM18, "network.fc"),
    "tiny3d": Architecture(Tiny3D),
}


def architecture(name: str) -> Architecture:
    """The architecture of a name.

    Raises:
        WeightsError: the name is unknown.
    """
    if name not in ARCHITECTURES:
        known = ", ".join(sorted(ARCHITECTURES))
        raise WeightsError(
            f"unknown classifier architecture {name!r}",
            code="architecture-unknown",
            hint=f"known: {known}",
        )
    return ARCHITECTURES[name]


def build(name: str, classes: int) -> nn.Module:
    """A new network with random weights.

    Raises:
        WeightsError: the name is unknown.
    """
    return architecture(name).make(classes)


def classes_in(name: str, tensors: Mapping[str, Tensor]) -> int | None:
    """C of a state dict, from its last layer; None where the last layer is missing."""
    head = architecture(name).head
    # some checkpoints have only one of the two
    last = tensors.get(f"{head}.weight", tensors.get(f"{head}.bias"))
    return None if last is None else last.shape[0]
