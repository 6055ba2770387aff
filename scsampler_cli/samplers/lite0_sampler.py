"""EfficientNet-Lite0 as a sampler: a linear layer on the ImageNet features of a picture."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from scsampler_cli.nn.lite0 import FEATURES, MEAN, SCALE, Lite0Trunk, scaled_features

DROPOUT = 0.2
"""Share of the features that training sets to 0, as the authors do."""


class Lite0Sampler(nn.Module):
    """The trunk, then one linear layer on features of one length.

    With six outputs 3.38 M parameters; 0.125 GMACs for a picture of 128 x 128, and 0.106 at 112 x
    112.

    Args:
        outputs: classes (AC), or 1 for a saliency head.
        mean: RGB mean, of values in 0-1, by which the pictures that it gets are normalised.
        std: the same, their standard deviation. The trunk has a normalisation of its own.
    """

    def __init__(
        self,
        outputs: int,
        mean: tuple[float, ...] = (MEAN / 255,) * 3,
        std: tuple[float, ...] = (SCALE / 255,) * 3,
    ) -> None:
        super().__init__()
        self.trunk = Lite0Trunk()
        self.dropout = nn.Dropout(DROPOUT)
        self.fc = nn.Linear(FEATURES, outputs)
        self.gain: Tensor
        self.offset: Tensor
        # x * gain + offset is the trunk's own normalisation; not weights, and so not in files
        gain = torch.tensor(std).view(3, 1, 1) * 255 / SCALE
        offset = (torch.tensor(mean).view(3, 1, 1) * 255 - MEAN) / SCALE
        self.register_buffer("gain", gain, persistent=False)
        self.register_buffer("offset", offset, persistent=False)

    def embed(self, x: Tensor) -> Tensor:
        """Feature vectors: float [N, 3, h, w] -> [N, 1280]."""
        return scaled_features(self.trunk(x * self.gain + self.offset))

    def logits_of(self, features: Tensor) -> Tensor:
        """float [N, 1280] -> logits [N, outputs]."""
        logits: Tensor = self.fc(self.dropout(features))
        return logits

    def forward(self, x: Tensor) -> Tensor:
        """float [N, 3, h, w] -> logits [N, outputs]."""
        return self.logits_of(self.embed(x))
