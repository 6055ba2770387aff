"""The 18-layer VGG of the audio sampler (Sec. 3.3.2): 16 convolutions and 2 FC layers on log-mel.

The paper gives the number of layers and the names conv4_2, pool4 and fc1 (App. C.1), nothing more.
This one has VGG-19's arrangement (2, 2, 4, 4, 4) without its third FC layer, batch normalisation,
and widths of 24-192. So one clip costs 0.43 GMACs, less than one ResNet-18 image at 112 x 112
(0.48); full VGG widths would cost 3.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator

import torch.nn.functional as F
from torch import Tensor, nn

BLOCKS = ((24, 2), (48, 2), (96, 4), (192, 4), (192, 4))
"""(channels, convolutions) of blocks 1-5."""
HIDDEN = 512
"""Width of fc1."""
HEADS = {"conv4_2": 192 * 5 * 25, "pool4": 192 * 2 * 12, "fc1": HIDDEN}
"""Layers that a single FC layer can be trained on (Table 6), and the number of values in each."""


class VGG18(nn.Module):
    """VGG of 18 layers on a log-mel spectrogram; layers are named conv1_1 ... conv5_4, pool1 ...
    pool5, fc1, fc2.

    With six outputs 3.413 M parameters; 0.4282 GMACs at 1 x 40 x 200.

    Args:
        outputs: classes, or 1 for a saliency head.
    """

    def __init__(self, outputs: int) -> None:
        super().__init__()
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        # the spectrogram has one channel
        width = 1
        for block, (channels, count) in enumerate(BLOCKS, start=1):
            # names count from 1, as in the paper (conv4_2)
            for i in range(1, count + 1):
                layers[f"conv{block}_{i}"] = nn.Conv2d(width, channels, 3, padding=1, bias=False)
                layers[f"bn{block}_{i}"] = nn.BatchNorm2d(channels)
                layers[f"relu{block}_{i}"] = nn.ReLU(inplace=True)
                width = channels
            layers[f"pool{block}"] = nn.MaxPool2d(2)
        self.data_bn = nn.BatchNorm2d(1)
        self.features = nn.Sequential(layers)
        # five poolings halve 40 x 200 to 1 x 6
        self.fc1 = nn.Linear(width * (40 >> len(BLOCKS)) * (200 >> len(BLOCKS)), HIDDEN)
        self.dropout = nn.Dropout(0.5)
        self.fc2 = nn.Linear(HIDDEN, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """float [N, 1, 40, 200] -> logits [N, outputs]."""
        x = self.features(self.data_bn(x)).flatten(1)
        return self.fc2(self.dropout(F.relu(self.fc1(x))))


class VGGHead(nn.Module):
    """One FC layer on an activation of a trained `VGG18` that is not trained further (App. C.1,
    Table 6).

    The activation is the one after batch normalisation and ReLU. Tensors of the trunk have the same
    names as in `VGG18`, so that the weights of a trained one fit.

    Parameters, and GMACs at 1 x 40 x 200, with six outputs: on conv4_2 0.970 M parameters, 0.3129;
    on pool4 1.518 M and 0.3957; on fc1 3.413 M and 0.4282.

    Args:
        layer: name of the layer, one of HEADS.
        outputs: classes, or 1 for a saliency head.
    """

    def __init__(self, layer: str, outputs: int) -> None:
        super().__init__()
        whole = VGG18(outputs)
        self.data_bn, self.features = whole.data_bn, whole.features
        self.fc1: nn.Linear | None = None
        if layer == "fc1":
            self.fc1 = whole.fc1
        else:
            # a convolution's activation is the output of its ReLU
            trunk = _up_to(whole.features, layer.replace("conv", "relu"))
            self.features = nn.Sequential(OrderedDict(trunk))
        # the trunk is frozen; the head is made after that, and is trained
        self.requires_grad_(False)
        self.head = nn.Linear(HEADS[layer], outputs)

    def train(self, mode: bool = True) -> VGGHead:
        """Set the mode of the head alone."""
        # the trunk keeps the batch statistics that it was trained with
        super().train(False)
        self.head.train(mode)
        self.training = mode
        return self

    def forward(self, x: Tensor) -> Tensor:
        """float [N, 1, 40, 200] -> logits [N, outputs]."""
        x = self.features(self.data_bn(x)).flatten(1)
        return self.head(x if self.fc1 is None else F.relu(self.fc1(x)))


def _up_to(layers: nn.Sequential, last: str) -> Iterator[tuple[str, nn.Module]]:
    """The layers up to and with the one called `last`."""
    for name, layer in layers.named_children():
        yield name, layer
        if name == last:
            return
