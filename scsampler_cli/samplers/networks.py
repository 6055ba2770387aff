"""The sampler networks by name, the published configurations, and their costs (Sec. 3.3)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from scsampler_cli.errors import WeightsError
from scsampler_cli.features.packet_table import SHAPE
from scsampler_cli.nn.resnet import ResNet18
from scsampler_cli.samplers.lite0_sampler import Lite0Sampler
from scsampler_cli.samplers.network_inputs import IMAGE_MEAN, IMAGE_STD
from scsampler_cli.samplers.packets1d import Packets1d
from scsampler_cli.samplers.shufflenet import ShuffleNet26
from scsampler_cli.samplers.vgg import HEADS, VGG18, VGGHead

INPUT_SHAPES = {
    "rgb": (3, 128, 128),
    "if": (3, 112, 112),
    "rgbr": (3, 112, 112),
    "md": (2, 14, 14),
    "mel": (1, 40, 200),
    "packets": SHAPE,
}
"""Shape of one network input. MD has one vector per 16 x 16 pixels (Sec. 3.3.1), and is not
enlarged: 14 x 14 for a crop of 224."""

ARCHITECTURES = {
    "rgb": ("lite0",),
    "if": ("resnet18", "shufflenet26", "lite0"),
    "rgbr": ("resnet18", "shufflenet26"),
    "md": ("resnet18", "shufflenet26"),
    "mel": ("vgg18", *(f"vgg18_{layer}" for layer in HEADS)),
    "packets": ("packets1d",),
}
"""Architectures for each input; the first is the default: of the paper's inputs its best (Tables 4
and 6)."""


class MotionNetwork(nn.Module):
    """A network on motion vectors, with a batch normalisation of the input before it, as in CoViAR.

    Args:
        network: a network with two input channels.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.data_bn = nn.BatchNorm2d(2)
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        """float [N, 2, 14, 14] -> logits [N, outputs]."""
        return self.network(self.data_bn(x))


def resnet18(channels: int, outputs: int) -> nn.Module:
    """Build a ResNet-18 with random weights.

    With six outputs 11.18 M parameters; 0.4849 GMACs at 3 x 112 x 112, 0.0153 GMACs at 2 x 14 x 14.
    """
    return ResNet18(channels, outputs)


def build(architecture: str, kind: str, outputs: int) -> nn.Module:
    """A new network with random weights.

    Args:
        architecture: "lite0", "resnet18", "shufflenet26", "vgg18", "packets1d", or "vgg18_" with
            the name of the layer that one FC layer is trained on.
        kind: "rgb", "if", "md", "rgbr", "mel" or "packets".
        outputs: classes (AC), or 1 for a saliency head (SAL-RANK, SAL-CL).

    Raises:
        WeightsError: the input does not have that architecture.
    """
    if architecture not in ARCHITECTURES.get(kind, ()):
        raise WeightsError(
            f"no sampler {architecture!r} for input {kind!r}",
            code="sampler-unknown",
            hint="; ".join(f"{name}: {', '.join(known)}" for name, known in ARCHITECTURES.items()),
        )
    # kinds with one family of networks first
    if kind == "packets":
        return Packets1d(outputs)
    if architecture == "vgg18":
        return VGG18(outputs)
    if kind == "mel":
        return VGGHead(architecture.removeprefix("vgg18_"), outputs)
    if architecture == "lite0":
        # I-frames come with the normalisation of all networks on them
        return (
            Lite0Sampler(outputs, IMAGE_MEAN, IMAGE_STD) if kind == "if" else Lite0Sampler(outputs)
        )
    # the other visual networks take any number of channels
    channels = INPUT_SHAPES[kind][0]
    network = (
        resnet18(channels, outputs)
        if architecture == "resnet18"
        else ShuffleNet26(channels, outputs)
    )
    return MotionNetwork(network) if kind == "md" else network


def paper_visual_sampler(outputs: int) -> dict[str, nn.Module]:
    """The paper's visual sampler: ResNet-18 on MD and on RGB-R (Sec. 4.2.2).

    0.5001 GMACs for one P-frame.
    """
    return {kind: build("resnet18", kind, outputs) for kind in ("md", "rgbr")}


def paper_full_visual_sampler(outputs: int) -> dict[str, nn.Module]:
    """ResNet-18 on IF, MD and RGB-R (Table 4, fourth row).

    0.9850 GMACs for one I- and one P-frame.
    """
    return {kind: build("resnet18", kind, outputs) for kind in ("if", "md", "rgbr")}


def paper_light_visual_sampler(outputs: int) -> dict[str, nn.Module]:
    """ShuffleNet-26 on MD and RGB-R (Table 4, fifth row). 0.0100 GMACs for one P-frame."""
    return {kind: build("shufflenet26", kind, outputs) for kind in ("md", "rgbr")}


def paper_audio_sampler(outputs: int) -> nn.Module:
    """The VGG of 18 layers on 40 x 200 log-mel (Sec. 3.3.2). 0.4282 GMACs for one clip."""
    return build("vgg18", "mel", outputs)


def count_parameters(network: nn.Module) -> int:
    """Number of trained values."""
    return sum(parameter.numel() for parameter in network.parameters())


def count_macs(network: nn.Module, shape: tuple[int, ...]) -> int:
    """Multiply-adds of the convolutions and linear layers for one input.

    Args:
        network: the network; its mode and device are kept.
        shape: shape of the input without the batch dimension.
    """
    total = 0

    def add(module: nn.Module, _: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal total
        if isinstance(module, nn.Linear):
            total += output.numel() * module.in_features
        else:
            # one multiply-add for each weight of the kernel that makes an output
            total += output.numel() * module.weight[0].numel()  # type: ignore[index]

    counted = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
    # a hook sees the output shape, which depends on the input
    hooks = [m.register_forward_hook(add) for m in network.modules() if isinstance(m, counted)]
    was_training = network.training
    with torch.inference_mode():
        # in training mode a batch normalisation refuses a single value per channel
        network.eval()(torch.zeros(1, *shape, device=next(network.parameters()).device))
    network.train(was_training)
    # hooks would stay on the network
    for hook in hooks:
        hook.remove()
    return total
