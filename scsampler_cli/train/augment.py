"""Random views of what a network sees.

"paper": a random crop at one place for all frames, and a flip (App. A.2). "strong" is ours, for data sets of a few hundred clips:
crops of several scales, changes of colour and of strength, holes in the spectrogram; without it the 3D CNNs learn the places, not
the actions.
"""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from scsampler_cli.features.packet_table import CHANNELS

LEAST_SCALE = 0.65
"""Side of the smallest crop of "strong", of the largest possible."""
ASPECT = 0.2
"""Largest logarithm of its change of shape."""
COLOUR = 0.4
"""Largest change of brightness, contrast and saturation."""
TINT = 0.15
"""Largest change of one channel."""
GREY = 0.15
"""Share of clips without colour."""
STRENGTH = 0.35
"""Largest change of motion and residuals."""
HOLES = (8, 40)
"""Largest hole in a spectrogram: bands, steps (as SpecAugment; Park et al., 2019)."""
SIZE_GAIN, SIZE_NOISE = 0.3, 0.15
"""Largest change of all sizes, and deviation of each, in doublings."""
SIZE_CHANNELS = tuple(
    (place, CHANNELS.index(f"{name.split()[0]} share"))
    for place, name in enumerate(CHANNELS)
    if " size" in name
)
"""(channel, the one that says which share of a step it is about)."""


def cropped(
    values: Tensor, size: tuple[int, int], rng: np.random.Generator, *, strong: bool
) -> Tensor:
    """A random window of the last two dimensions, as float32 [..., h, w] of `size`.

    Args:
        values: [n, c, H, W] of any type; where it is smaller than `size`, all of it is stretched.
        size: (h, w).
        rng: drawn from.
        strong: windows of several scales and shapes, stretched to `size`.
    """
    height, width = values.shape[-2:]
    if strong:
        side = rng.uniform(LEAST_SCALE, 1.0) * min(height / size[0], width / size[1])
        shape = math.exp(rng.uniform(-ASPECT, ASPECT) / 2)
        want = (max(1, round(side * size[0] * shape)), max(1, round(side * size[1] / shape)))
    else:
        want = size
    h, w = min(want[0], height), min(want[1], width)
    y, x = int(rng.integers(height - h + 1)), int(rng.integers(width - w + 1))
    window = values[..., y : y + h, x : x + w].float()
    return (
        window
        if (h, w) == size
        else F.interpolate(window, size, mode="bilinear", antialias=False, align_corners=False)
    )


def flipped(values: Tensor, kind: str) -> Tensor:
    """Mirrored left to right; motion to the right becomes motion to the left."""
    mirrored = values.flip(-1)
    return mirrored * torch.tensor([-1.0, 1.0]).view(2, 1, 1) if kind == "md" else mirrored


def recoloured(pictures: Tensor, rng: np.random.Generator) -> Tensor:
    """float32 [n, 3, h, w] of 0-255: one change of brightness, contrast, saturation and tint for all."""
    brightness, contrast, saturation = (1 + rng.uniform(-COLOUR, COLOUR, 3)).tolist()
    pictures = pictures * brightness
    mean = pictures.mean()
    pictures = (pictures - mean) * contrast + mean
    grey = pictures.mean(dim=-3, keepdim=True)
    pictures = (pictures - grey) * (0.0 if rng.random() < GREY else saturation) + grey
    tint = torch.from_numpy(1 + rng.uniform(-TINT, TINT, (3, 1, 1))).float()
    return (pictures * tint).clamp(0, 255)


def weakened(values: Tensor, rng: np.random.Generator) -> Tensor:
    """Motion or residuals, a little weaker or stronger."""
    return values * float(1 + rng.uniform(-STRENGTH, STRENGTH))


def holed(mel: Tensor, rng: np.random.Generator) -> Tensor:
    """float32 [n, 1, 40, 200], louder or softer, with one hole in frequency and one in time at the mean level."""
    mel = mel + float(rng.uniform(-1, 1))
    level = mel.mean()
    for axis, most in zip((-2, -1), HOLES, strict=True):
        width = int(rng.integers(most + 1))
        start = int(rng.integers(mel.shape[axis] - width + 1))
        mel.narrow(axis, start, width).fill_(level)
    return mel


def requantised(packets: Tensor, rng: np.random.Generator) -> Tensor:
    """float32 [n, 9, 80], sizes as another quantiser might have left them: all a little larger or smaller, and each by itself.

    No flip in time: frames are predicted from those before, so that a cut looks different from behind.
    """
    sizes = torch.from_numpy(
        rng.normal(0, SIZE_NOISE, packets.shape[-2:]) + rng.uniform(-SIZE_GAIN, SIZE_GAIN)
    ).float()
    there = torch.zeros_like(packets)
    for size, share in SIZE_CHANNELS:
        there[:, size] = packets[:, share]
    return packets + sizes * there


def mixed(
    inputs: Tensor, targets: Tensor, rng: np.random.Generator, *, alpha: float = 0.2
) -> tuple[Tensor, Tensor]:
    """Each sample blended with another one, labels likewise (mixup; Zhang et al., 2018)."""
    weight = float(rng.beta(alpha, alpha))
    order = torch.from_numpy(rng.permutation(len(inputs)))
    return inputs * weight + inputs[order] * (1 - weight), targets * weight + targets[order] * (
        1 - weight
    )
