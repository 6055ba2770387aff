"""ShuffleNet-26: ShuffleNet V1 0.5x with three groups (Sec. 3.3.1 and App. B.1).

The paper gives 26 layers, 0.5x and three groups, and not how it counts layers. This is the 0.5x
table of ShuffleNet (Zhang et al., CVPR 2018) with g = 3. torchvision has V2 only. A test holds the
MACs for 3 x 224 x 224 and 1000 classes: 38 M (ShuffleNet, Table 2).
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
    """Transpose the channels of [N, C, H, W] between groups.

    Example: channels 0 1 2 3 4 5 in 2 groups -> 0 3 1 4 2 5.
    """
    n, c, h, w = x.shape
    by_group = x.reshape(n, groups, c // groups, h, w)
    # channel j of every group comes before channel j + 1 of any
    return by_group.transpose(1, 2).reshape(n, c, h, w)


class Unit(nn.Module):
    """ShuffleNet unit (ShuffleNet, Fig. 2b and c). With stride 2 the shortcut is pooled and
    appended.

    Args:
        inputs: channels of the input.
        outputs: channels of the output.
        stride: 1 or 2.
        first_groups: groups of the first 1 x 1 convolution.
    """

    def __init__(self, inputs: int, outputs: int, stride: int, *, first_groups: int) -> None:
        super().__init__()
        self.stride = stride
        # with stride 2 the pooled shortcut provides the other `inputs` channels
        branch = outputs - inputs if stride == 2 else outputs
        # bottleneck channels are a quarter of the unit's output (ShuffleNet, Sec. 3.2)
        middle = outputs // 4
        self.reduce = _conv(inputs, middle, 1, groups=first_groups)
        self.depthwise = _conv(middle, middle, 3, stride=stride, groups=middle)
        self.expand = _conv(middle, branch, 1, groups=GROUPS)
        self.groups = first_groups

    def forward(self, x: Tensor) -> Tensor:
        """[N, inputs, H, W] -> [N, outputs, ceil(H / stride), ceil(W / stride)]."""
        # without the shuffle, channels of different groups would never meet
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

    With six outputs 0.240 M parameters; 0.00976 GMACs at 3 x 112 x 112,
    0.00028 GMACs at 2 x 14 x 14.

    Args:
        channels: channels of the input: 3 for IF and RGB-R, 2 for MD.
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
        # a quarter of the input's height and width
        x = F.max_pool2d(F.relu(self.stem(x)), 3, 2, 1)
        return self.fc(self.units(x).mean(dim=(2, 3)))
