"""A clip classifier on ImageNet features: EfficientNet-Lite0 on some frames of a clip.

It is for a handful of training videos, and is not in the paper. Only a linear layer learns, on the
mean of the frames' features and on how much these change from frame to frame.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from scsampler_cli.nn.lite0 import FEATURES, Lite0Trunk, scaled_features

DROPOUT = 0.2
"""Share of the features that training sets to 0."""
CHANGE_GAIN = 5.0
"""Features change little within half a second: this brings both halves to like size."""


class Lite0Clip(nn.Module):
    """The trunk on each frame, then one linear layer on mean and change.

    With six classes 3.39 M parameters; 1.536 GMACs for a clip of 4 x 224 x 224.

    Args:
        classes: number of classes (C).
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.trunk = Lite0Trunk()
        self.dropout = nn.Dropout(DROPOUT)
        self.fc = nn.Linear(2 * FEATURES, classes)

    def embed(self, x: Tensor) -> Tensor:
        """Feature vectors of frames: float [N, 3, h, w] -> [N, 1280]."""
        return scaled_features(self.trunk(x))

    def logits_of(self, features: Tensor) -> Tensor:
        """float [N, F, 1280], the frames of clips in order -> logits [N, classes]."""
        # the sum of |difference| over the number of frames: 0 for a clip of one frame
        change = (features[:, 1:] - features[:, :-1]).abs().sum(dim=1) / features.shape[1]
        both = torch.cat([features.mean(dim=1), CHANGE_GAIN * change], dim=1)
        logits: Tensor = self.fc(self.dropout(both))
        return logits

    def forward(self, x: Tensor) -> Tensor:
        """float [N, 3, F, h, w] -> logits [N, classes]."""
        clips, frames = x.shape[0], x.shape[2]
        # all frames of all clips are one batch of pictures
        features = self.embed(x.transpose(1, 2).flatten(0, 1))
        return self.logits_of(features.reshape(clips, frames, FEATURES))
