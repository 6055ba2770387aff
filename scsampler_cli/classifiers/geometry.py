"""Resize and crop frames for a classifier, exactly as torchvision's video presets do.

Resizing is bilinear on uint8, without antialiasing unless the spec has it: the public video weights
were evaluated that way. With `antialias`, `interpolation` and `rounding` the spec also describes
the image processors of transformers. Frames are processed one by one, so that one full-size frame
is in memory at a time.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from scsampler_cli.classifiers.base import InputSpec
from scsampler_cli.nn.inference import to_device


def fit_frame(frame: NDArray[np.uint8], spec: InputSpec) -> NDArray[np.uint8]:
    """Resize and crop one frame.

    Args:
        frame: uint8 [H, W, 3], RGB as displayed.
        spec: the classifier's geometry.

    Returns:
        uint8 [h, w, 3] with (h, w) = spec.crop. Black is added where the resized frame is smaller
        than the crop. Three crops are side by side: [h, 3 w, 3].
    """
    planes = torch.from_numpy(frame).permute(2, 0, 1)  # [3, H, W]
    size = resized((frame.shape[0], frame.shape[1]), spec)
    # on uint8, as torchvision does it
    if size != frame.shape[:2]:
        mode, antialias = spec.interpolation, spec.antialias
        planes = F.interpolate(planes[None], size, mode=mode, antialias=antialias)[0]
    planes = centred(planes, spec) if spec.crops == 1 else _three_crops(planes, spec)
    return planes.permute(1, 2, 0).contiguous().numpy()


def _three_crops(planes: Tensor, spec: InputSpec) -> Tensor:
    """First, middle and last crop along the long side: [3, H, W] -> [3, h, 3 w].

    As in Wang et al., 2018.
    """
    h, w = spec.crop
    height, width = planes.shape[-2:]
    # a strip as wide as the crop across the short side, in which the crops move
    if height > width:
        # padded where the frame is smaller than a crop
        strip = _middle(planes, (max(height, h), w), spec)
        starts = _starts(strip.shape[-2] - h, spec)
        return torch.cat([strip[..., y : y + h, :] for y in starts], dim=-1)
    strip = _middle(planes, (h, max(width, w)), spec)
    starts = _starts(strip.shape[-1] - w, spec)
    return torch.cat([strip[..., x : x + w] for x in starts], dim=-1)


def _starts(spare: int, spec: InputSpec) -> tuple[int, int, int]:
    """Starts of the three crops in a strip that is `spare` pixels longer than one of them."""
    return 0, _half(spare, spec), spare


def crops_apart(clips: NDArray[np.uint8], spec: InputSpec) -> NDArray[np.uint8]:
    """Separate the V = `spec.crops` crops of each clip.

    uint8 [N, F, h, V w, 3] -> [N V, F, h, w, 3]; the crops of a clip follow each other.
    """
    if spec.crops == 1:
        return clips
    n, frames, height, width, _ = clips.shape
    side_by_side = clips.reshape(n, frames, height, spec.crops, width // spec.crops, 3)
    apart = side_by_side.transpose(0, 3, 1, 2, 4, 5)  # [N, V, F, h, w, 3]
    return np.ascontiguousarray(apart).reshape(n * spec.crops, frames, height, -1, 3)


def centred(planes: Tensor, spec: InputSpec) -> Tensor:
    """The centre crop, [..., H, W] -> [..., h, w]; black is added where it is larger."""
    return _middle(planes, spec.crop, spec)


def _middle(planes: Tensor, size: tuple[int, int], spec: InputSpec) -> Tensor:
    """[..., H, W] -> [..., height, width], padded as torchvision's center_crop does it."""
    height, width = size
    missing_h, missing_w = height - planes.shape[-2], width - planes.shape[-1]
    if missing_h > 0 or missing_w > 0:
        down, across = max(missing_h, 0), max(missing_w, 0)
        # left, right, top, bottom
        planes = F.pad(planes, (across // 2, (across + 1) // 2, down // 2, (down + 1) // 2))
    top, left = _half(planes.shape[-2] - height, spec), _half(planes.shape[-1] - width, spec)
    return planes[..., top : top + height, left : left + width]


def _half(spare: int, spec: InputSpec) -> int:
    """Half of some pixels, in whole pixels."""
    # Python rounds half to even, and so does torchvision
    return spare // 2 if spec.rounding == "down" else round(spare / 2)


_LONGEST = 8
"""Largest aspect ratio of a resized frame; a longer one is squeezed, so that memory stays
bounded."""


def resized(size: tuple[int, int], spec: InputSpec) -> tuple[int, int]:
    """(height, width) of a frame after resizing, from its (height, width) before."""
    # the aspect ratio is not kept
    if isinstance(spec.resize, tuple):
        return spec.resize
    # the short side gets the size, and the aspect ratio stays
    short = min(size)
    if spec.rounding == "down":
        lengths = [spec.resize * length // short for length in size]
    else:
        scale = spec.resize / short
        lengths = [round(length * scale) for length in size]
    height, width = (min(max(spec.resize, one), _LONGEST * spec.resize) for one in lengths)
    return height, width


def normalise(clips: NDArray[np.uint8], spec: InputSpec, device: torch.device) -> Tensor:
    """uint8 [N, F, h, w, 3] -> float32 [N, 3, F, h, w], scaled to 0-1, minus mean, over std."""
    planes = to_device(torch.from_numpy(clips), device).permute(0, 4, 1, 2, 3)
    return normalise_planes(planes.float(), spec)


def normalise_planes(planes: Tensor, spec: InputSpec) -> Tensor:
    """float32 [N, 3, F, h, w] of 0-255 -> the same shape, normalised."""
    mean, std = (
        torch.tensor(values, device=planes.device).view(1, 3, 1, 1, 1)
        for values in (spec.mean, spec.std)
    )
    # in float32, whatever the precision of the network
    return (planes / 255 - mean) / std
