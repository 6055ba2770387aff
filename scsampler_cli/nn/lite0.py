"""EfficientNet-Lite0 (Tan and Le, 2019; the "lite" table of its authors' TPU repository).

A network for pictures that was made for weak machines: no squeeze-excite, ReLU6 as the only
activation. Its ImageNet weights come with the package (`model_zoo.bundled_weights`).

Not handled here: scaling and cropping of pictures, and the layer on top that gives classes.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

FEATURES = 1280
"""Length of a picture's feature vector."""
MEAN, SCALE = 127.0, 128.0
"""The trunk takes RGB of 0-255 as (x - 127) / 128, as its weights were trained."""
BN_EPSILON, BN_MOMENTUM = 1e-3, 0.01
"""Of all batch normalisations. The authors write the momentum as 0.99, its complement."""
_STEM_CHANNELS = 32
_STAGES = (
    # expansion, kernel, stride, channels, blocks
    (1, 3, 1, 16, 1),
    (6, 3, 2, 24, 2),
    (6, 5, 2, 40, 2),
    (6, 3, 2, 80, 3),
    (6, 5, 1, 112, 3),
    (6, 5, 2, 192, 4),
    (6, 3, 1, 320, 1),
)
"""The published table: stages of inverted residual blocks. The stride is that of the first one."""


class SamePadding(nn.Module):
    """Zeros around a picture as TensorFlow's "SAME" puts them before a convolution of stride 2.

    A picture of even size gets one line less above and on the left than below and on the right.
    PyTorch's own padding is the same on both sides, and shifts what the weights were trained on.

    Args:
        kernel: side of the convolution's kernel, an odd number.
    """

    def __init__(self, kernel: int) -> None:
        super().__init__()
        self.kernel = kernel

    def forward(self, x: Tensor) -> Tensor:
        """float [N, C, h, w] -> [N, C, h + p, w + q]; p is kernel - 2 for even h, else kernel - 1.

        Example: a kernel of 3 adds one line to 224 (below), and two to 225 (above and below).
        """
        height, width = x.shape[-2], x.shape[-1]
        # no branches: `torch.fx` has to trace this for folding (`nn.inference`)
        down, right = self.kernel - 2 + height % 2, self.kernel - 2 + width % 2
        return F.pad(x, (right // 2, right - right // 2, down // 2, down - down // 2))


def _convolution(
    channels: int, out: int, kernel: int, *, stride: int = 1, groups: int = 1
) -> list[nn.Module]:
    """A convolution with "SAME" padding, and its batch normalisation."""
    layers: list[nn.Module] = [SamePadding(kernel)] if stride == 2 else []
    # with stride 1 both ways of padding are the same
    padding = 0 if stride == 2 else kernel // 2
    convolution = nn.Conv2d(
        channels, out, kernel, stride=stride, padding=padding, groups=groups, bias=False
    )
    return [*layers, convolution, nn.BatchNorm2d(out, eps=BN_EPSILON, momentum=BN_MOMENTUM)]


class InvertedResidual(nn.Module):
    """Expand by a 1 x 1 convolution, filter each channel, and project to few channels again.

    Args:
        channels: input channels.
        out: output channels.
        expansion: channels in between, as a multiple of `channels`.
        kernel: side of the filters.
        stride: step of the filters.
    """

    def __init__(
        self, channels: int, out: int, expansion: int, *, kernel: int, stride: int
    ) -> None:
        super().__init__()
        inner = channels * expansion
        layers: list[nn.Module] = []
        if expansion != 1:
            layers += [*_convolution(channels, inner, 1), nn.ReLU6(inplace=True)]
        filters = _convolution(inner, inner, kernel, stride=stride, groups=inner)
        layers += [*filters, nn.ReLU6(inplace=True), *_convolution(inner, out, 1)]
        self.layers = nn.Sequential(*layers)
        self.has_shortcut = stride == 1 and channels == out

    def forward(self, x: Tensor) -> Tensor:
        """float [N, channels, h, w] -> [N, out, ceil(h / stride), ceil(w / stride)]."""
        out: Tensor = self.layers(x)
        return x + out if self.has_shortcut else out


class Lite0Trunk(nn.Module):
    """Pictures -> feature vectors: all layers but the last one.

    3.37 M parameters; 0.384 GMACs for a picture of 224 x 224, 0.125 at 128 x 128.

    Args:
        channels: input channels; 3 for pictures.
    """

    def __init__(self, channels: int = 3) -> None:
        super().__init__()
        stem = _convolution(channels, _STEM_CHANNELS, 3, stride=2)
        self.stem = nn.Sequential(*stem, nn.ReLU6(inplace=True))
        blocks: list[nn.Module] = []
        width = _STEM_CHANNELS
        for expansion, kernel, stride, out, count in _STAGES:
            for i in range(count):
                step = stride if i == 0 else 1
                blocks.append(InvertedResidual(width, out, expansion, kernel=kernel, stride=step))
                width = out
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Sequential(*_convolution(width, FEATURES, 1), nn.ReLU6(inplace=True))

    def forward(self, x: Tensor) -> Tensor:
        """float [N, channels, h, w], any h and w -> float [N, 1280], the mean over the picture."""
        features: Tensor = self.head(self.blocks(self.stem(x)))
        return features.mean(dim=(2, 3))


class Lite0(nn.Module):
    """The trunk with one linear layer on its features, as it was trained on ImageNet.

    Args:
        classes: number of classes (C); 1000 for ImageNet.
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.trunk = Lite0Trunk()
        self.fc = nn.Linear(FEATURES, classes)

    def forward(self, x: Tensor) -> Tensor:
        """float [N, 3, h, w] -> logits [N, classes]."""
        logits: Tensor = self.fc(self.trunk(x))
        return logits


def scaled_features(features: Tensor) -> Tensor:
    """Feature vectors of one length, so that a bright picture does not count more than a dark one.

    Args:
        features: float [..., 1280].

    Returns:
        the same shape; the root of the mean square of each vector is 1.
    """
    return F.normalize(features, dim=-1) * FEATURES**0.5
