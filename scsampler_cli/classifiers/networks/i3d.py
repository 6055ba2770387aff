"""I3D-RGB: Inception-v1 inflated to three dimensions (Carreira and Zisserman, CVPR 2017, Fig. 3).

The padding is TensorFlow's "SAME", which depends on the size of the input: it gives ceil(size /
stride) outputs, and an odd margin is larger at the end. TensorFlow's pooling ignores the margin;
after a ReLU, padding with zeros gives the same.
"""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn
from torch.nn import functional as F

BATCH_NORM_EPSILON = 1e-3
"""That of the original in TensorFlow."""
MIXED = {
    "mixed_3b": (192, 64, 96, 128, 16, 32, 32),
    "mixed_3c": (256, 128, 128, 192, 32, 96, 64),
    "mixed_4b": (480, 192, 96, 208, 16, 48, 64),
    "mixed_4c": (512, 160, 112, 224, 24, 64, 64),
    "mixed_4d": (512, 128, 128, 256, 24, 64, 64),
    "mixed_4e": (512, 112, 144, 288, 32, 64, 64),
    "mixed_4f": (528, 256, 160, 320, 32, 128, 128),
    "mixed_5b": (832, 256, 160, 320, 32, 128, 128),
    "mixed_5c": (832, 384, 192, 384, 48, 128, 128),
}
"""Channels: input; 1x1; 3x3 reduce, 3x3; second 3x3 reduce, second 3x3; after pooling (Szegedy et
al., CVPR 2015, Table 1)."""
Triple = tuple[int, int, int]


def pad_same(x: Tensor, kernel: Triple, stride: Triple) -> Tensor:
    """Pad [N, C, T, H, W] with zeros as TensorFlow's "SAME".

    Example: 224 pixels, kernel 7, stride 2 -> 112 outputs need 111 * 2 + 7 = 229 pixels: 2 before,
    3 behind.
    """
    margins: list[int] = []
    # F.pad starts with the last dimension
    for size, k, s in zip(reversed(x.shape[2:]), reversed(kernel), reversed(stride), strict=True):
        missing = max((-(-size // s) - 1) * s + k - size, 0)
        # an odd margin is larger at the end
        margins += [missing // 2, missing - missing // 2]
    return F.pad(x, margins) if any(margins) else x


class Unit(nn.Module):
    """Convolution with "SAME" padding, batch normalisation, ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int, *, stride: int = 1) -> None:
        super().__init__()
        self.kernel, self.stride = (kernel,) * 3, (stride,) * 3
        self.conv = nn.Conv3d(inputs, outputs, kernel, stride=stride, bias=False)
        self.bn = nn.BatchNorm3d(outputs, eps=BATCH_NORM_EPSILON)

    def forward(self, x: Tensor) -> Tensor:
        """float [N, C, T, H, W] -> [N, outputs, T/stride, H/stride, W/stride], rounded up."""
        return F.relu(self.bn(self.conv(pad_same(x, self.kernel, self.stride))))


class Pool(nn.MaxPool3d):
    """Max pooling with "SAME" padding, for an input without negative values."""

    def forward(self, x: Tensor) -> Tensor:
        """float [N, C, T, H, W] -> the same, divided by the stride and rounded up."""
        return super().forward(pad_same(x, self.kernel_size, self.stride))  # type: ignore[arg-type]


class Mixed(nn.Module):
    """An Inception module: the channels of four branches."""

    def __init__(
        self, inputs: int, b0: int, b1a: int, *, b1b: int, b2a: int, b2b: int, b3b: int
    ) -> None:
        super().__init__()
        self.b0 = Unit(inputs, b0, 1)
        self.b1a, self.b1b = Unit(inputs, b1a, 1), Unit(b1a, b1b, 3)
        self.b2a, self.b2b = Unit(inputs, b2a, 1), Unit(b2a, b2b, 3)
        self.b3a, self.b3b = Pool((3, 3, 3), (1, 1, 1)), Unit(inputs, b3b, 1)

    def forward(self, x: Tensor) -> Tensor:
        """float [N, inputs, T, H, W] -> [N, b0 + b1b + b2b + b3b, T, H, W]."""
        # side by side: each keeps T, H and W
        branches = (self.b0(x), self.b1b(self.b1a(x)), self.b2b(self.b2a(x)), self.b3b(self.b3a(x)))
        return torch.cat(branches, dim=1)


class I3D(nn.Module):
    """I3D on RGB in [-1, 1].

    12.70 M parameters with 400 classes (the published 12.3 M are those before the last layer);
    111.15 GMACs for a clip of 64 x 224 x 224.

    Args:
        classes: number of classes (C).
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        stages: list[tuple[str, nn.Module]] = [
            ("conv_1a", Unit(3, 64, 7, stride=2)),
            ("pool_2a", Pool((1, 3, 3), (1, 2, 2))),
            ("conv_2b", Unit(64, 64, 1)),
            ("conv_2c", Unit(64, 192, 3)),
            ("pool_3a", Pool((1, 3, 3), (1, 2, 2))),
            *_mixed("3"),
            ("pool_4a", Pool((3, 3, 3), (2, 2, 2))),
            *_mixed("4"),
            ("pool_5a", Pool((2, 2, 2), (2, 2, 2))),
            *_mixed("5"),
        ]
        self.features = nn.Sequential(OrderedDict(stages))
        # two frames and 7 x 7 positions are left of 16 and 224 x 224
        self.pool = nn.AvgPool3d((2, 7, 7), 1)
        self.logits = nn.Conv3d(1024, classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        """float [N, 3, T, H, W], T at least 9, H and W at least 193 -> logits [N, classes]."""
        # mean of the logits over all positions
        return self.logits(self.pool(self.features(x))).mean(dim=(2, 3, 4))


def _mixed(stage: str) -> list[tuple[str, nn.Module]]:
    modules: list[tuple[str, nn.Module]] = []
    for name, (inputs, b0, b1a, b1b, b2a, b2b, b3b) in MIXED.items():
        if name[len("mixed_")] == stage:
            # the names are those of the public files
            mixed = Mixed(inputs, b0, b1a, b1b=b1b, b2a=b2a, b2b=b2b, b3b=b3b)
            modules.append((name, mixed))
    return modules
