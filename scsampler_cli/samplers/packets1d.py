"""A small 1-D network over the packets of a clip and its neighbours; ours, the paper has no such input."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from scsampler_cli.features.packet_table import CHANNELS, NEIGHBOURS, STEPS

WIDTHS = (32, 48, 64, 64)
"""Channels of the convolutions; all but the first halve the steps."""


class Packets1d(nn.Module):
    """Four convolutions; the mean over all steps beside the mean over those of the clip itself; one linear layer.

    With one output 31,169 parameters and 0.0007 GMACs: the cost is the reading of the container.
    """

    def __init__(self, outputs: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = len(CHANNELS)
        for i, width in enumerate(WIDTHS):
            kernel, stride = (5, 1) if i == 0 else (5 if i == 1 else 3, 2)
            convolution = nn.Conv1d(
                channels, width, kernel, stride=stride, padding=kernel // 2, bias=False
            )
            layers += [convolution, nn.BatchNorm1d(width), nn.ReLU(inplace=True)]
            channels = width
        self.features = nn.Sequential(*layers)
        self.dropout = nn.Dropout(0.2)
        self.fc = nn.Linear(2 * channels, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """float [N, 9, 80] -> logits [N, outputs]."""
        found = self.features(x)
        each = STEPS // 2 ** (len(WIDTHS) - 1)
        own = found[..., NEIGHBOURS * each : (NEIGHBOURS + 1) * each]
        return self.fc(self.dropout(torch.cat([found.mean(dim=-1), own.mean(dim=-1)], dim=1)))
