"""R(2+1)D-34 of the public IG65M weights (Tran et al., CVPR 2018; Ghadiyaram et al., CVPR 2019).

It has torchvision's blocks, with two differences from torchvision's R(2+1)D: the width between a 2D
and a 1D convolution follows the channels of the two, not those of the whole block (288, 576 and
1152 in the first blocks of layers 2, 3 and 4), and batch normalisation has Caffe2's epsilon. The
layer names are those of torchvision and of the public files.
"""

from __future__ import annotations

from torch import nn
from torchvision.models.video.resnet import BasicBlock, Conv2Plus1D, R2Plus1dStem, VideoResNet

BATCH_NORM_EPSILON = 1e-3
"""That of Caffe2, in which these networks were trained."""


def middle_width(inputs: int, outputs: int) -> int:
    """Channels between the 2D and the 1D convolution (Tran et al., Sec. 3.5).

    With them the two have as many weights as one 3D convolution.

    Example: 128 -> 128 channels: 27 * 128 * 128 // (9 * 128 + 3 * 128) = 288.
    """
    # 27 = 3 x 3 x 3 weights against 9 = 3 x 3 and 3
    return 27 * inputs * outputs // (9 * inputs + 3 * outputs)


class OwnWidth(Conv2Plus1D):  # type: ignore[misc]
    """Conv2Plus1D whose middle width follows from its own channels.

    torchvision gives all convolutions of a block the width of the first one.
    """

    def __init__(
        self, in_planes: int, out_planes: int, midplanes: int, stride: int = 1, padding: int = 1
    ) -> None:
        super().__init__(
            in_planes, out_planes, middle_width(in_planes, out_planes), stride, padding
        )


class R2Plus1D34(VideoResNet):  # type: ignore[misc]
    """R(2+1)D of 34 layers.

    With 400 classes 63.70 M parameters (63.6 M, as published, without batch normalisation); 38.09
    GMACs for a clip of 8 x 112 x 112. The published 49.8 (8 frames) and 199.0 (32 frames) are
    counted at 128 x 128.

    Args:
        classes: number of classes (C).
    """

    def __init__(self, classes: int) -> None:
        super().__init__(
            BasicBlock, [OwnWidth] * 4, [3, 4, 6, 3], R2Plus1dStem, num_classes=classes
        )
        set_epsilon(self)


def set_epsilon(network: nn.Module) -> None:
    """Give every batch normalisation Caffe2's epsilon."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm3d):
            module.eps = BATCH_NORM_EPSILON
