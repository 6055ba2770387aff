"""A 3D CNN of four layers for the demo, small enough to be bundled."""

from __future__ import annotations

from torch import Tensor, nn

WIDTHS = (16, 32, 64, 96)
"""Channels of the four convolutions."""


class Tiny3D(nn.Module):
    """Four 3D convolutions with batch normalisation, global average, one linear layer.

    Args:
        classes: number of classes (C).
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inputs = 3
        for i, width in enumerate(WIDTHS):
            # the first one keeps all frames
            stride = (1, 2, 2) if i == 0 else (2, 2, 2)
            layers += [
                nn.Conv3d(inputs, width, 3, stride=stride, padding=1, bias=False),
                nn.BatchNorm3d(width),
                nn.ReLU(inplace=True),
            ]
            inputs = width
        self.features = nn.Sequential(*layers)
        self.fc = nn.Linear(inputs, classes)

    def forward(self, x: Tensor) -> Tensor:
        """float [N, 3, F, h, w] -> logits [N, classes]."""
        # mean over time and space
        return self.fc(self.features(x).mean(dim=(2, 3, 4)))
