"""Clip features -> network inputs, for scoring and for training: scale, crop and normalise."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from scsampler_cli.features.clip import ClipAudio, ClipPackets, ClipVisual
from scsampler_cli.features.motion import standardise
from scsampler_cli.features.packet_table import SHAPE
from scsampler_cli.nn.lite0 import MEAN, SCALE

MOTION_LIMIT_PX = 20.0
"""Largest motion, in pixels per frame at a short side of 256: CoViAR's bound."""
SHORT_SIDE = 128
"""Short side of IF and RGB-R before the crop, in pixels: half of the paper's 256."""
CROP = 112
"""Centre crop of IF and RGB-R, in pixels: half of the paper's 224 (App. A.2)."""
MOTION_CROP = 14
"""Centre crop of MD, in cells of 16 pixels: 224 / 16."""
IMAGE_MEAN, IMAGE_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Those of ImageNet, which the samplers are pre-trained on (App. B.1)."""
PICTURE_SIDE = 128
"""Side of "rgb", in pixels: the whole picture, stretched to a square."""
RESIDUAL_STD = 0.226
"""Mean of ImageNet's standard deviations, by which CoViAR divides residuals."""


def motion_input(motion: NDArray[np.floating], height: int, width: int) -> Tensor:
    """MD for a network, before the crop.

    Args:
        motion: [P, gh, gw, 2], pixels per frame in a frame of height x width.
        height: height of the displayed frame, pixels.
        width: width of the displayed frame, pixels.

    Returns:
        float32 [P, 2, h, w] in -1..1, short side 16.
    """
    # pixels per frame at a short side of 256
    standard = standardise(motion, height, width)
    # the limit keeps single wild vectors from setting the scale
    scaled = np.clip(standard, -MOTION_LIMIT_PX, MOTION_LIMIT_PX) / MOTION_LIMIT_PX
    return torch.from_numpy(scaled).permute(0, 3, 1, 2)


def image_input(images: NDArray[np.uint8] | NDArray[np.int8]) -> Tensor:
    """IF or RGB-R for a network, before crop and normalisation.

    Args:
        images: [n, h, w, 3], uint8 (IF) or int8 (RGB-R).

    Returns:
        float32 [n, 3, h', w'] with a short side of 128.
    """
    tensor = torch.from_numpy(images).permute(0, 3, 1, 2).float()
    height, width = tensor.shape[-2:]
    # interpolate refuses an empty batch
    if min(height, width) == SHORT_SIDE or len(tensor) == 0:
        return tensor
    # rounding must not make the short side smaller than the crop
    scale = SHORT_SIDE / min(height, width)
    size = [max(SHORT_SIDE, round(length * scale)) for length in (height, width)]
    return F.interpolate(tensor, size=size, mode="bilinear", antialias=True, align_corners=False)


def picture_input(pictures: NDArray[np.uint8]) -> Tensor:
    """Pictures for a network, before normalisation: all of each, stretched to a square.

    Args:
        pictures: uint8 [n, h, w, 3].

    Returns:
        float32 [n, 3, 128, 128], 0-255.
    """
    tensor = torch.from_numpy(pictures).permute(0, 3, 1, 2).float()
    size = [PICTURE_SIDE, PICTURE_SIDE]
    if list(tensor.shape[-2:]) == size or len(tensor) == 0:
        return tensor
    return F.interpolate(tensor, size=size, mode="bilinear", antialias=True, align_corners=False)


def crop(tensor: Tensor, size: int, top: float = 0.5, *, left: float = 0.5) -> Tensor:
    """Crop [..., h, w] to [..., size, size].

    Args:
        tensor: h and w at least `size`.
        size: height and width of the crop.
        top: rows above the crop, as a share of h - size; 0.5 is the centre.
        left: columns left of the crop, as a share of w - size.
    """
    height, width = tensor.shape[-2:]
    # whole pixels
    y, x = round(top * (height - size)), round(left * (width - size))
    return tensor[..., y : y + size, x : x + size]


def normalise(tensor: Tensor, kind: str) -> Tensor:
    """Values of `image_input` in the range that the network was trained on."""
    if kind == "rgb":
        return (tensor - MEAN) / SCALE
    if kind == "rgbr":
        # residuals have a mean of 0
        return tensor / (255 * RESIDUAL_STD)
    mean, std = (
        torch.tensor(values, device=tensor.device).view(3, 1, 1)
        for values in (IMAGE_MEAN, IMAGE_STD)
    )
    return (tensor / 255 - mean) / std


def visual_input(clip: ClipVisual, kind: str) -> Tensor:
    """What the network `kind` gets at test time: float32 [n, channels, h, w].

    It is the centre crop, but for "rgb", which has all of the picture.
    """
    if kind == "rgb":
        return normalise(picture_input(clip.pictures), kind)
    if kind == "md":
        return crop(motion_input(clip.motion, clip.height, clip.width), MOTION_CROP)
    images = clip.iframes if kind == "if" else clip.residual
    return normalise(crop(image_input(images), CROP), kind)


def audio_input(audio: ClipAudio) -> Tensor:
    """The input of the audio network: float32 [n, 1, 40, 200], n = 0 for a clip without sound."""
    if audio.mel is None:
        return torch.zeros(0, 1, 40, 200)
    return torch.from_numpy(audio.mel)[None, None]


def packets_input(clip: ClipPackets) -> Tensor:
    """The input of the packet network: float32 [n, 9, 80], n = 0 where no packet size is known."""
    if clip.values is None:
        return torch.zeros(0, *SHAPE)
    return torch.from_numpy(clip.values)[None]
