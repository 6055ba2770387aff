"""ResNet-18 (He et al., 2016), with the layer names of torchvision.

torchvision has it too, but importing torchvision loads PyTorch's compiler, which takes two seconds
of every run. Tests hold the two equal, layer by layer, from the initial weights to the output.
"""

from __future__ import annotations

from torch import Tensor, nn

WIDTHS = (64, 128, 256, 512)
"""Channels of the four stages."""
BLOCKS = 2
"""Blocks of each stage."""


class BasicBlock(nn.Module):
    """Two 3 x 3 convolutions and a shortcut.

    Args:
        channels: input channels.
        width: output channels.
        stride: stride of the first convolution.
    """

    def __init__(self, channels: int, width: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(width, width, 3, stride=1, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        # set by `_layer`, where the shapes differ
        self.downsample: nn.Sequential | None = None

    def forward(self, x: Tensor) -> Tensor:
        """float [N, channels, h, w] -> [N, width, h / stride, w / stride]."""
        out = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        shortcut = x if self.downsample is None else self.downsample(x)
        return self.relu(out + shortcut)


class ResNet18(nn.Module):
    """The network. Its convolutions have the initial weights of He et al. (2015).

    Args:
        channels: input channels.
        outputs: outputs of the last layer.
        block: class of its blocks.
    """

    def __init__(self, channels: int, outputs: int, block: type[BasicBlock] = BasicBlock) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, WIDTHS[0], 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(WIDTHS[0])
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = _layer(block, WIDTHS[0], WIDTHS[0], stride=1)
        self.layer2 = _layer(block, WIDTHS[0], WIDTHS[1], stride=2)
        self.layer3 = _layer(block, WIDTHS[1], WIDTHS[2], stride=2)
        self.layer4 = _layer(block, WIDTHS[2], WIDTHS[3], stride=2)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(WIDTHS[3], outputs)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: Tensor) -> Tensor:
        """float [N, channels, H, W] -> [N, outputs]."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))  # [N, 64, H / 4, W / 4]
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))  # [N, 512, H / 32, W / 32]
        return self.fc(self.avgpool(x).flatten(1))


def _layer(block: type[BasicBlock], channels: int, width: int, *, stride: int) -> nn.Sequential:
    # the shortcut is made before the block, as in torchvision: one seed gives both the same weights
    shortcut = None
    if stride != 1 or channels != width:
        shortcut = nn.Sequential(
            nn.Conv2d(channels, width, 1, stride=stride, bias=False), nn.BatchNorm2d(width)
        )
    first = block(channels, width, stride)
    first.downsample = shortcut
    return nn.Sequential(first, *(block(width, width) for _ in range(BLOCKS - 1)))
