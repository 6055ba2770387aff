"""Channel-separated networks of 152 layers, ir-CSN and ip-CSN (Tran et al., ICCV 2019).

Their 3D convolutions are depthwise. They are torchvision's bottleneck ResNet with another middle
convolution, and have the layer names of the VMZ files.
"""

from __future__ import annotations

from torch import nn
from torchvision.models.video.resnet import Bottleneck, VideoResNet

from scsampler_cli.classifiers.networks.r2plus1d import set_epsilon

LAYERS = (3, 8, 36, 3)
"""Blocks of a ResNet of 152 layers."""


# torchvision calls these classes with the arguments of its own convolutions
class Depthwise(nn.Conv3d):
    """Interaction-reduced: one 3 x 3 x 3 kernel per channel (Tran et al., Fig. 2c)."""

    def __init__(
        self, in_planes: int, out_planes: int, midplanes: int | None = None, stride: int = 1
    ) -> None:
        super().__init__(in_planes, out_planes, 3, stride, 1, groups=in_planes, bias=False)

    @staticmethod
    def get_downsample_stride(stride: int) -> tuple[int, int, int]:
        """The shortcut halves time together with space."""
        return stride, stride, stride


class PointwiseDepthwise(nn.Sequential):
    """Interaction-preserved: channels are mixed before the depthwise convolution (Fig. 2b)."""

    def __init__(
        self, in_planes: int, out_planes: int, midplanes: int | None = None, stride: int = 1
    ) -> None:
        super().__init__(
            nn.Conv3d(in_planes, out_planes, 1, bias=False),
            nn.BatchNorm3d(out_planes),
            Depthwise(out_planes, out_planes, stride=stride),
        )

    get_downsample_stride = staticmethod(Depthwise.get_downsample_stride)


class Stem(nn.Sequential):
    """3 x 7 x 7 convolution and pooling of space; the number of frames stays (Table 1)."""

    def __init__(self) -> None:
        super().__init__(
            nn.Conv3d(3, 64, (3, 7, 7), stride=(1, 2, 2), padding=(1, 3, 3), bias=False),
            nn.BatchNorm3d(64),
            nn.ReLU(inplace=True),
            nn.MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1)),
        )


class CSN152(VideoResNet):  # type: ignore[misc]
    """A CSN of 152 layers.

    With 400 classes ir-CSN has 29.70 M parameters (29.6 M, as published, without batch
    normalisation) and ip-CSN 33.02 M (32.8 M); a clip of 32 x 224 x 224 costs 74.05 and 83.29
    GMACs. The published 96.7 and 108.8 are counted at 256 x 256.

    Args:
        classes: number of classes (C).
        middle: `Depthwise` for ir-CSN, `PointwiseDepthwise` for ip-CSN.
    """

    def __init__(self, classes: int, middle: type[nn.Module]) -> None:
        super().__init__(Bottleneck, [middle] * 4, LAYERS, Stem, num_classes=classes)
        set_epsilon(self)


def ir_csn_152(classes: int) -> CSN152:
    """Interaction-reduced: the paper's strongest classifier (Table 1)."""
    return CSN152(classes, Depthwise)


def ip_csn_152(classes: int) -> CSN152:
    """Interaction-preserved (App. A.2)."""
    return CSN152(classes, PointwiseDepthwise)
