"""The 18-layer VGG of the audio sampler (Sec. 3.3.2): 16 convolutions and 2 fully connected layers on 40 x 200 log-mel.

The paper gives the number of layers and the names conv4_2, pool4 and fc1 (App. C.1), nothing more. Our choice: VGG-19's
arrangement (2, 2, 4, 4, 4) without its third FC layer, batch normalisation, and widths of 24-192, so that one clip costs
0.43 GMACs, less than one ResNet-18 image at 112 x 112 (0.48); full VGG widths would cost 3.
"""

from __future__ import annotations

from collections import OrderedDict

import torch.nn.functional as F
from torch import Tensor, nn

BLOCKS = ((24, 2), (48, 2), (96, 4), (192, 4), (192, 4))
"""(channels, convolutions) of blocks 1-5."""
HIDDEN = 512
"""Width of fc1."""


class VGG18(nn.Module):
    """VGG of 18 layers on a log-mel spectrogram; layers are named conv1_1 ... conv5_4, pool1 ... pool5, fc1, fc2.

    With six outputs 3.413 M parameters; 0.4282 GMACs at 1 x 40 x 200.

    Args:
        outputs: classes, or 1 for a saliency head.
    """

    def __init__(self, outputs: int) -> None:
        super().__init__()
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        width = 1
        for block, (channels, count) in enumerate(BLOCKS, start=1):
            for i in range(1, count + 1):
                layers[f"conv{block}_{i}"] = nn.Conv2d(width, channels, 3, padding=1, bias=False)
                layers[f"bn{block}_{i}"] = nn.BatchNorm2d(channels)
                layers[f"relu{block}_{i}"] = nn.ReLU(inplace=True)
                width = channels
            layers[f"pool{block}"] = nn.MaxPool2d(2)
        self.data_bn = nn.BatchNorm2d(1)
        self.features = nn.Sequential(layers)
        self.fc1 = nn.Linear(width * (40 >> len(BLOCKS)) * (200 >> len(BLOCKS)), HIDDEN)
        self.dropout = nn.Dropout(0.5)
        self.fc2 = nn.Linear(HIDDEN, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """float [N, 1, 40, 200] -> logits [N, outputs]."""
        x = self.features(self.data_bn(x)).flatten(1)
        return self.fc2(self.dropout(F.relu(self.fc1(x))))
