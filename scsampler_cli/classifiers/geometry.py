"""Frames -> a classifier's input size, exactly as torchvision's video presets do it up to the crop.

Bilinear, without antialiasing unless the classifier asks for it, on uint8: that is what the public video weights were evaluated
with. Done frame by frame, so that one full-size frame is held at a time.
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
        uint8 [h, w, 3] with (h, w) = spec.crop; black is added where the resized picture is smaller than the crop. Three
        crops lie side by side: [h, 3 w, 3].
    """
    planes = torch.from_numpy(frame).permute(2, 0, 1)
    size = resized((frame.shape[0], frame.shape[1]), spec)
    if size != frame.shape[:2]:
        planes = F.interpolate(planes[None], size, mode="bilinear", antialias=spec.antialias)[0]
    planes = centred(planes, spec) if spec.crops == 1 else _three_crops(planes, spec)
    return planes.permute(1, 2, 0).contiguous().numpy()


def _three_crops(planes: Tensor, spec: InputSpec) -> Tensor:
    """[3, H, W] -> [3, h, 3 w]: the first, the middle and the last crop along the long side (as Wang et al., 2018)."""
    h, w = spec.crop
    height, width = planes.shape[-2:]
    if height > width:
        strip = _middle(planes, max(height, h), w)
        return torch.cat([strip[..., y : y + h, :] for y in _offsets(strip.shape[-2], h)], dim=-1)
    strip = _middle(planes, h, max(width, w))
    return torch.cat([strip[..., x : x + w] for x in _offsets(strip.shape[-1], w)], dim=-1)


def _offsets(length: int, crop: int) -> tuple[int, int, int]:
    return 0, round((length - crop) / 2), length - crop


def crops_apart(clips: NDArray[np.uint8], spec: InputSpec) -> NDArray[np.uint8]:
    """uint8 [N, F, h, V w, 3] -> [N V, F, h, w, 3], the V = `spec.crops` crops of a clip one after the other."""
    if spec.crops == 1:
        return clips
    n, frames, height, width, _ = clips.shape
    apart = clips.reshape(n, frames, height, spec.crops, width // spec.crops, 3).transpose(
        0, 3, 1, 2, 4, 5
    )
    return np.ascontiguousarray(apart).reshape(n * spec.crops, frames, height, -1, 3)


def centred(planes: Tensor, spec: InputSpec) -> Tensor:
    """[..., H, W] -> [..., h, w], the middle of it; black is added where it is smaller than the crop."""
    return _middle(planes, *spec.crop)


def _middle(planes: Tensor, height: int, width: int) -> Tensor:
    """[..., H, W] -> [..., height, width], by torchvision's rules of rounding."""
    down, across = height - planes.shape[-2], width - planes.shape[-1]
    if down > 0 or across > 0:
        down, across = max(down, 0), max(across, 0)
        planes = F.pad(planes, (across // 2, (across + 1) // 2, down // 2, (down + 1) // 2))
    top, left = round((planes.shape[-2] - height) / 2), round((planes.shape[-1] - width) / 2)
    return planes[..., top : top + height, left : left + width]


_LONGEST = 8
"""Times the short side: a longer strip is squeezed, so that memory stays bounded."""


def resized(size: tuple[int, int], spec: InputSpec) -> tuple[int, int]:
    """(height, width) to which a frame of a given (height, width) is brought before the crop."""
    if isinstance(spec.resize, tuple):
        return spec.resize
    scale = spec.resize / min(size)
    height, width = (
        min(max(spec.resize, round(length * scale)), _LONGEST * spec.resize) for length in size
    )
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
    return (planes / 255 - mean) / std
