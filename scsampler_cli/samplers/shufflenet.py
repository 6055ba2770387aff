"""ShuffleNet-26: ShuffleNet V1 0.5x with three groups (Zhang et al., CVPR 2018; Sec. 3.3.1 and App. B.1 of SCSampler).

The paper says 26 layers, 0.5 and three groups and does not say how it counts layers; this is ShuffleNet's own 0.5x table with
g = 3. torchvision has V2 only.
MACs for 3 x 224 x 224 and 1000 classes: 38 M (ShuffleNet, Table 2), held by a test.
"""

from __future__ import annotations

from collections import OrderedDict

import torch
import torch.nn.functional as F
from torch import Tensor, nn

GROUPS = 3
"""App. B.1: three groups of group convolutions."""
STEM_CHANNELS = 12
"""24 x 0.5 (ShuffleNet, Table 1 scaled)."""
STAGES = ((120, 4), (240, 8), (480, 4))
"""(channels at g = 3 and 0.5x, units) of stages 2-4 (ShuffleNet, Table 1: 240, 480, 960 at 1x)."""


def channel_shuffle(x: Tensor, groups: int) -> Tensor:
    """[N, C, H, W]: transpose channels between groups.

    Example: channels 0 1 2 3 4 5 in 2 groups -> 0 3 1 4 2 5.
    """
    n, c, h, w = x.shape
    return x.reshape(n, groups, c // groups, h, w).transpose(1, 2).reshape(n, c, h, w)


class Unit(nn.Module):
    """ShuffleNet unit; with stride 2 the shortcut is pooled and concatenated (ShuffleNet, Fig. 2 b and c)."""

    def __init__(self, inputs: int, outputs: int, stride: int, *, first_groups: int) -> None:
        super().__init__()
        self.stride = stride
        branch = outputs - inputs if stride == 2 else outputs
        middle = (
            outputs // 4
        )  # bottleneck channels are a quarter of the unit's output (ShuffleNet, Sec. 3.2)
        self.reduce = _conv(inputs, middle, 1, groups=first_groups)
        self.depthwise = _conv(middle, middle, 3, stride=stride, groups=middle)
        self.expand = _conv(middle, branch, 1, groups=GROUPS)
        self.groups = first_groups

    def forward(self, x: Tensor) -> Tensor:
        """[N, inputs, H, W] -> [N, outputs, ceil(H / stride), ceil(W / stride)]."""
        y = channel_shuffle(F.relu(self.reduce(x)), self.groups)
        y = self.expand(self.depthwise(y))
        if self.stride == 1:
            return F.relu(x + y)
        return F.relu(torch.cat([F.avg_pool2d(x, 3, 2, 1), y], dim=1))


def _conv(
    inputs: int, outputs: int, kernel: int, *, stride: int = 1, groups: int = 1
) -> nn.Sequential:
    convolution = nn.Conv2d(
        inputs, outputs, kernel, stride=stride, padding=kernel // 2, groups=groups, bias=False
    )
    return nn.Sequential(OrderedDict(conv=convolution, bn=nn.BatchNorm2d(outputs)))


class ShuffleNet26(nn.Module):
    """ShuffleNet V1 0.5x, g = 3.

    With six outputs 0.240 M parameters; 0.00976 GMACs at 3 x 112 x 112, 0.00028 GMACs at 2 x 14 x 14.

    Args:
        channels: of the input: 3 for IF and RGB-R, 2 for MD.
        outputs: classes, or 1 for a saliency head.
    """

    def __init__(self, channels: int, outputs: int) -> None:
        super().__init__()
        self.stem = _conv(channels, STEM_CHANNELS, 3, stride=2)
        units: list[nn.Module] = []
        width = STEM_CHANNELS
        for stage, (out, count) in enumerate(STAGES):
            for i in range(count):
                # the very first 1x1 has too few channels to be grouped (ShuffleNet, Table 1)
                groups = 1 if stage == i == 0 else GROUPS
                units.append(Unit(width, out, 2 if i == 0 else 1, first_groups=groups))
                width = out
        self.units = nn.Sequential(*units)
        self.fc = nn.Linear(width, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """float [N, channels, h, w] -> logits [N, outputs]."""
        x = F.max_pool2d(F.relu(self.stem(x)), 3, 2, 1)
        return self.fc(self.units(x).mean(dim=(2, 3)))
