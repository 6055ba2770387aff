"""A classifier network for small data sets: a 2D ResNet-18 on frames and their differences.

It is for a few hundred training videos, and is not in the paper. From scratch on little data a 3D
CNN learns the scenes, not the actions; differences of frames (TSN, Wang et al., 2016) show what
moves, and shifting an eighth of the channels to either neighbour (TSM, Lin et al., 2019) lets a 2D
network follow it without a further multiplication.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from scsampler_cli.nn.resnet import BasicBlock, ResNet18

FRAMES_PER_SEGMENT = 2
"""A segment has a frame, its difference to the frame before, and that of the next frame to it."""
SHIFTED = 8
"""An eighth of the channels moves to the next segment, and an eighth to the one before (TSM)."""
DROPOUT = 0.4


class ShiftBlock(BasicBlock):
    """A residual block whose branch gets some channels from the segments before and after."""

    segments = 1
    """Segments of a clip, set by the network. They follow each other in the batch."""

    def forward(self, x: Tensor) -> Tensor:
        """float [N * segments, C, h, w] -> the same layout."""
        out = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(self._shift(x))))))
        identity = x if self.downsample is None else self.downsample(x)
        return self.relu(out + identity)

    def _shift(self, x: Tensor) -> Tensor:
        clips = x.view(-1, self.segments, *x.shape[1:])  # [N, segments, C, h, w]
        # channels that move each way
        part = x.shape[1] // SHIFTED
        later, earlier, rest = clips.split([part, part, x.shape[1] - 2 * part], dim=2)  # type: ignore[no-untyped-call]
        # zeros come in at the ends of a clip
        later = torch.cat([torch.zeros_like(later[:, :1]), later[:, :-1]], dim=1)
        earlier = torch.cat([earlier[:, 1:], torch.zeros_like(earlier[:, :1])], dim=1)
        return torch.cat([later, earlier, rest], dim=2).flatten(0, 1)


class TSM18(nn.Module):
    """ResNet-18 with temporal shift on segments of two frames, with torchvision's layer names.

    With six classes 11.20 M parameters; 1.500 GMACs for a clip of 8 x 96 x 96.

    Args:
        classes: number of classes (C).
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        # nine channels: a frame and two differences
        self.network = ResNet18(9, classes, ShiftBlock)
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, x: Tensor) -> Tensor:
        """float [N, 3, F, h, w], F even -> logits [N, classes]."""
        inputs = _segments(x)
        n, segments = inputs.shape[:2]
        # the number of segments depends on the clip
        for block in self.network.modules():
            if isinstance(block, ShiftBlock):
                block.segments = segments
        net = self.network
        # all segments of all clips are one batch of images
        y = net.maxpool(net.relu(net.bn1(net.conv1(inputs.flatten(0, 1)))))
        y = net.layer4(net.layer3(net.layer2(net.layer1(y))))
        # mean over the segments of a clip
        pooled = net.avgpool(y).flatten(1).unflatten(0, (n, segments)).mean(dim=1)
        return net.fc(self.dropout(pooled))


def _segments(x: Tensor) -> Tensor:
    """float [N, 3, F, h, w] -> [N, F / 2, 9, h, w]."""
    # doubled: differences of frames are smaller than frames
    change = 2 * (x[:, :, 1:] - x[:, :, :-1])
    # the first frame has no frame before it, and gets the difference of the second one
    change = torch.cat([change[:, :, :1], change], dim=2)
    parts = (x[:, :, ::2], change[:, :, 1::2], change[:, :, ::2])
    return torch.cat(parts, dim=1).transpose(1, 2)
