"""Random views of the inputs in training.

"paper": a random crop, the same for all frames, and a flip (App. A.2). "strong" is for data sets of
a few hundred clips: crops of several scales, changes of colour and of strength, masks on the
spectrogram. Without it the 3D CNNs learn the scenes, not the actions.
"""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from scsampler_cli.features.packet_table import CHANNELS

MIN_SCALE = 0.65
"""Side of the smallest crop of "strong", as a share of the largest possible side."""
MAX_LOG_ASPECT = 0.2
"""Largest logarithm of the change of a crop's aspect ratio."""
MAX_SHIFT = 8
"""Largest shift of a picture that is not cropped, in pixels."""
MAX_COLOUR_CHANGE = 0.4
"""Largest relative change of brightness, contrast and saturation."""
MAX_TINT = 0.15
"""Largest relative change of one colour channel."""
GREY_SHARE = 0.15
"""Share of clips that become grey."""
MAX_STRENGTH_CHANGE = 0.35
"""Largest relative change of motion and residuals."""
MAX_MASK = (8, 40)
"""Largest mask on a spectrogram: bands, time steps (SpecAugment; Park et al., 2019)."""
SIZE_GAIN, SIZE_NOISE = 0.3, 0.15
"""Largest common change of packet sizes, and standard deviation of each, in octaves."""
SIZE_CHANNELS = tuple(
    (place, CHANNELS.index(f"{name.split()[0]} share"))
    for place, name in enumerate(CHANNELS)
    if " size" in name
)
"""(channel of a packet size, channel with the share of a time step that has such packets)."""


def cropped(
    values: Tensor, size: tuple[int, int], rng: np.random.Generator, *, strong: bool
) -> Tensor:
    """A random window of the last two dimensions, as float32 [..., h, w] of `size`.

    Args:
        values: [n, c, H, W] of any type; where it is smaller than `size`, all of it is stretched.
        size: (h, w).
        rng: random generator.
        strong: windows of several scales and aspect ratios, stretched to `size`.
    """
    height, width = values.shape[-2:]
    wanted_h, wanted_w = size
    if strong:
        side = rng.uniform(MIN_SCALE, 1.0) * min(height / size[0], width / size[1])
        # half of the change on each side, so that the area stays the same
        shape = math.exp(rng.uniform(-MAX_LOG_ASPECT, MAX_LOG_ASPECT) / 2)
        wanted_h = max(1, round(side * size[0] * shape))
        wanted_w = max(1, round(side * size[1] / shape))

    # not larger than the frame
    h, w = min(wanted_h, height), min(wanted_w, width)
    y, x = int(rng.integers(height - h + 1)), int(rng.integers(width - w + 1))
    window = values[..., y : y + h, x : x + w].float()
    if (h, w) == size:
        return window
    return F.interpolate(window, size, mode="bilinear", antialias=False, align_corners=False)


def shifted(values: Tensor, rng: np.random.Generator) -> Tensor:
    """A picture, moved a little; its border is repeated where nothing is left.

    Args:
        values: [n, c, h, w] of any type.
        rng: random generator.

    Returns:
        float32 [n, c, h, w].
    """
    padded = F.pad(values.float(), (MAX_SHIFT,) * 4, mode="replicate")
    y, x = rng.integers(2 * MAX_SHIFT + 1, size=2).tolist()
    return padded[..., y : y + values.shape[-2], x : x + values.shape[-1]]


def flipped(values: Tensor, kind: str) -> Tensor:
    """Mirrored left to right; motion to the right becomes motion to the left."""
    # residuals and images keep their values
    mirrored = values.flip(-1)
    if kind != "md":
        return mirrored
    # channel 0 is the horizontal motion
    return mirrored * torch.tensor([-1.0, 1.0]).view(2, 1, 1)


def colour_jittered(frames: Tensor, rng: np.random.Generator) -> Tensor:
    """One change of brightness, contrast, saturation and tint for all frames.

    Args:
        frames: float32 [n, 3, h, w] of 0-255.
        rng: random generator.
    """
    changes = 1 + rng.uniform(-MAX_COLOUR_CHANGE, MAX_COLOUR_CHANGE, 3)
    brightness, contrast, saturation = changes.tolist()
    frames = frames * brightness

    # contrast is the distance to the mean, saturation the distance to grey
    mean = frames.mean()
    frames = (frames - mean) * contrast + mean
    grey = frames.mean(dim=-3, keepdim=True)
    frames = (frames - grey) * (0.0 if rng.random() < GREY_SHARE else saturation) + grey

    tint = torch.from_numpy(1 + rng.uniform(-MAX_TINT, MAX_TINT, (3, 1, 1))).float()
    return (frames * tint).clamp(0, 255)


def strength_jittered(values: Tensor, rng: np.random.Generator) -> Tensor:
    """Motion or residuals, a little weaker or stronger."""
    return values * float(1 + rng.uniform(-MAX_STRENGTH_CHANGE, MAX_STRENGTH_CHANGE))


def masked(mel: Tensor, rng: np.random.Generator) -> Tensor:
    """A spectrogram, louder or softer, with one mask in frequency and one in time.

    Args:
        mel: float32 [n, 1, 40, 200].
        rng: random generator.

    Returns:
        the same shape; a mask holds the mean level.
    """
    # the values are logarithms, so that a sum is a change of loudness
    mel = mel + float(rng.uniform(-1, 1))
    # after the change of loudness
    level = mel.mean()
    for axis, most in zip((-2, -1), MAX_MASK, strict=True):
        width = int(rng.integers(most + 1))
        start = int(rng.integers(mel.shape[axis] - width + 1))
        mel.narrow(axis, start, width).fill_(level)
    return mel


def size_jittered(packets: Tensor, rng: np.random.Generator) -> Tensor:
    """Packet sizes as another quantiser might give them: a common change and one of each size.

    There is no flip in time: frames are predicted from earlier ones, so that packets around a cut
    are not symmetric.

    Args:
        packets: float32 [n, 9, 80].
        rng: random generator.
    """
    noise = rng.normal(0, SIZE_NOISE, packets.shape[-2:])
    change = torch.from_numpy(noise + rng.uniform(-SIZE_GAIN, SIZE_GAIN)).float()
    # 0 in other channels, and in time steps without such a packet
    weight = torch.zeros_like(packets)
    for size, share in SIZE_CHANNELS:
        weight[:, size] = packets[:, share]
    return packets + change * weight


def mixup(
    inputs: Tensor, targets: Tensor, rng: np.random.Generator, *, alpha: float = 0.2
) -> tuple[Tensor, Tensor]:
    """Each sample blended with another one, and its label likewise (Zhang et al., 2018).

    Args:
        inputs: float32 [n, ...].
        targets: float32 [n, C].
        rng: random generator.
        alpha: both parameters of the Beta distribution of the weight.
    """
    # a small alpha puts most weights near 0 or 1
    weight = float(rng.beta(alpha, alpha))
    order = torch.from_numpy(rng.permutation(len(inputs)))
    mixed_inputs = inputs * weight + inputs[order] * (1 - weight)
    mixed_targets = targets * weight + targets[order] * (1 - weight)
    return mixed_inputs, mixed_targets
