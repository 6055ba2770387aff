"""A small 1-D network on the packet sizes of a clip and its neighbours."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from scsampler_cli.features.packet_table import CHANNELS, NEIGHBOURS, STEPS

WIDTHS = (32, 48, 64, 64)
"""Channels of the convolutions; all but the first halve the steps."""


class Packets1d(nn.Module):
    """Four convolutions, two means over time (all steps, the clip's own steps), a linear layer.

    With one output it has 31,169 parameters and 0.0007 GMACs: reading the container costs more.

    Args:
        outputs: classes, or 1 for a saliency head.
    """

    def __init__(self, outputs: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = len(CHANNELS)
        for i, width in enumerate(WIDTHS):
            # the first one keeps all steps; each of the others halves them
            stride = 1 if i == 0 else 2
            kernel = 5 if i < 2 else 3
            convolution = nn.Conv1d(
                channels, width, kernel, stride=stride, padding=kernel // 2, bias=False
            )
            layers += [convolution, nn.BatchNorm1d(width), nn.ReLU(inplace=True)]
            channels = width
        self.features = nn.Sequential(*layers)
        self.dropout = nn.Dropout(0.2)
        # two means side by side
        self.fc = nn.Linear(2 * channels, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """float [N, 9, 80] -> logits [N, outputs]."""
        features = self.features(x)  # [N, 64, 10]
        # steps of one clip after the convolutions; the clip itself is in the middle
        steps = STEPS // 2 ** (len(WIDTHS) - 1)
        own = features[..., NEIGHBOURS * steps : (NEIGHBOURS + 1) * steps]
        pooled = torch.cat([features.mean(dim=-1), own.mean(dim=-1)], dim=1)  # [N, 128]
        return self.fc(self.dropout(pooled))
