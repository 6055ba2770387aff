"""Clip features -> network inputs: scaling, cropping and normalisation, the same for scoring and for training."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from scsampler_cli.features.clip import ClipPackets, ClipSound, ClipVisual
from scsampler_cli.features.motion import standardise
from scsampler_cli.features.packet_table import SHAPE

MOTION_LIMIT_PX = 20.0
"""Pixels per frame at a short side of 256 at which motion is cut off: CoViAR's bound."""
SHORT_SIDE = 128
"""Pixels to which pictures are brought before the crop; our choice, half of the paper's 256."""
CROP = 112
"""Pixels: centre crop of IF and RGB-R; our choice, half of the paper's 224 (App. A.2)."""
MOTION_CROP = 14
"""Cells: 224 / 16."""
IMAGE_MEAN, IMAGE_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""ImageNet's, which the samplers are pre-trained on (App. B.1)."""
RESIDUAL_STD = 0.226
"""CoViAR divides residuals by the mean of ImageNet's standard deviations."""


def motion_input(motion: NDArray[np.floating], height: int, width: int) -> Tensor:
    """MD for a network, before the crop.

    Args:
        motion: [P, gh, gw, 2], pixels per frame of a height x width picture.
        height: of the displayed picture.
        width: of the displayed picture.

    Returns:
        float32 [P, 2, h, w] in -1..1, short side 16.
    """
    standard = standardise(motion, height, width)
    scaled = np.clip(standard, -MOTION_LIMIT_PX, MOTION_LIMIT_PX) / MOTION_LIMIT_PX
    return torch.from_numpy(scaled).permute(0, 3, 1, 2)


def picture_input(pictures: NDArray[np.uint8] | NDArray[np.int8]) -> Tensor:
    """IF (uint8) or RGB-R (int8), [n, h, w, 3] -> float32 [n, 3, h', w'] with a short side of 128, not yet normalised."""
    tensor = torch.from_numpy(pictures).permute(0, 3, 1, 2).float()
    height, width = tensor.shape[-2:]
    if min(height, width) == SHORT_SIDE or len(tensor) == 0:
        return tensor
    scale = SHORT_SIDE / min(height, width)
    size = [max(SHORT_SIDE, round(length * scale)) for length in (height, width)]
    return F.interpolate(tensor, size=size, mode="bilinear", antialias=True, align_corners=False)


def crop(tensor: Tensor, size: int, top: float = 0.5, *, left: float = 0.5) -> Tensor:
    """[..., h, w] -> [..., size, size]; `top` and `left` are shares of the room there is, 0.5 the centre."""
    height, width = tensor.shape[-2:]
    y, x = round(top * (height - size)), round(left * (width - size))
    return tensor[..., y : y + size, x : x + size]


def normalise(tensor: Tensor, kind: str) -> Tensor:
    """Picture values of `picture_input` -> what the network was trained on."""
    if kind == "rgbr":
        return tensor / (255 * RESIDUAL_STD)
    mean, std = (
        torch.tensor(values, device=tensor.device).view(3, 1, 1)
        for values in (IMAGE_MEAN, IMAGE_STD)
    )
    return (tensor / 255 - mean) / std


def visual_input(clip: ClipVisual, kind: str) -> Tensor:
    """What the network of input `kind` sees of a clip at test time (one centre crop): float32 [n, channels, h, w]."""
    if kind == "md":
        return crop(motion_input(clip.motion, clip.height, clip.width), MOTION_CROP)
    pictures = clip.iframes if kind == "if" else clip.residual
    return normalise(crop(picture_input(pictures), CROP), kind)


def sound_input(sound: ClipSound) -> Tensor:
    """float32 [n, 1, 40, 200], n = 0 for a clip without sound."""
    if sound.mel is None:
        return torch.zeros(0, 1, 40, 200)
    return torch.from_numpy(sound.mel)[None, None]


def packets_input(clip: ClipPackets) -> Tensor:
    """float32 [n, 9, 80], n = 0 for a clip of whose frames no size is known."""
    if clip.values is None:
        return torch.zeros(0, *SHAPE)
    return torch.from_numpy(clip.values)[None]
