"""Training samples: network inputs of every clip, read once through the product's own readers and kept in memory.

A sample is one frame of a clip for IF, MD and RGB-R, one window for mel, one clip for a classifier; each carries its video's
label (Sec. 3.2.1: "every clip in the training video contains a manifestation of the target action").
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from scsampler_cli.classifiers.base import InputSpec
from scsampler_cli.config import FeatureSettings
from scsampler_cli.datasets import Example
from scsampler_cli.errors import ScsamplerError
from scsampler_cli.samplers.inputs import motion_input, picture_input, sound_input
from scsampler_cli.video import Video, clip_frames, sound_clips, visual_clips


@dataclass(frozen=True)
class Samples:
    """Inputs of one split, before cropping and normalisation."""

    inputs: Tensor
    """[n, ...]: int8 or uint8 pictures [n, 3, h, w], float16 motion [n, 2, h, w], float16 mel [n, 1, 40, 200], or
    uint8 clips [n, 3, F, h, w]."""
    labels: Tensor
    """int64 [n]."""
    clips: Tensor
    """int64 [n]: which clip a sample is of; equal numbers are averaged for the accuracy."""

    def __len__(self) -> int:
        return len(self.labels)

    def head(self, count: int) -> Samples:
        """At most `count` samples at equal distances."""
        at = torch.arange(0, len(self), max(1, -(-len(self) // count)))
        return Samples(self.inputs[at], self.labels[at], self.clips[at])


Failed = Callable[[Example, ScsamplerError], None]
"""Told of each video that cannot be read; it is left out."""


def gather(
    examples: list[Example], labels: list[str], kind: str, spec: InputSpec, p_frames: int, failed: Failed
) -> Samples:
    """Read the samples of some videos.

    Args:
        examples: the videos.
        labels: class names; a label's index is its target.
        kind: "if", "md", "rgbr", "mel" or "classifier".
        spec: clip geometry.
        p_frames: per clip, for md and rgbr.
        failed: told of unreadable videos.
    """
    tensors: list[Tensor] = []
    targets: list[int] = []
    clips: list[int] = []
    clip = 0
    for example in examples:
        try:
            found = list(_inputs_of(example, kind, spec, p_frames))
        except ScsamplerError as error:
            failed(example, error)
            continue
        for tensor in found:
            tensors.append(tensor)
            targets += [labels.index(example.label)] * len(tensor)
            clips += [clip] * len(tensor)
            clip += 1
    shapes = {tensor.shape[1:] for tensor in tensors if len(tensor)}
    tensors = [_common(tensor, shapes) for tensor in tensors if len(tensor)]
    inputs = torch.cat(tensors) if tensors else torch.zeros(0)
    return Samples(inputs, torch.tensor(targets, dtype=torch.int64), torch.tensor(clips, dtype=torch.int64))


def _inputs_of(example: Example, kind: str, spec: InputSpec, p_frames: int) -> Iterator[Tensor]:
    """One tensor [n, ...] for each clip of a video."""
    video = Video(example.path, spec.frames, spec.stride)
    if kind == "classifier":
        for _, frames in clip_frames(video, range(len(video.grid)), spec):
            yield torch.from_numpy(frames).permute(3, 0, 1, 2)[None]
    elif kind == "mel":
        for sound in sound_clips(video):
            yield sound_input(sound).half()
    else:
        for clip in visual_clips(video, FeatureSettings((kind,), p_frames)):
            if kind == "md":
                yield motion_input(clip.motion, clip.height, clip.width).half()
            else:
                pictures = clip.iframes if kind == "if" else clip.residual
                yield picture_input(pictures).round().to(torch.uint8 if kind == "if" else torch.int8)


def _common(tensor: Tensor, shapes: set[torch.Size]) -> Tensor:
    """Centre-crop to the smallest height and width of all videos, so that they stack."""
    if len(shapes) == 1:
        return tensor
    height, width = (min(shape[axis] for shape in shapes) for axis in (-2, -1))
    top, left = (tensor.shape[-2] - height) // 2, (tensor.shape[-1] - width) // 2
    return tensor[..., top : top + height, left : left + width]


def balanced_order(labels: Tensor, generator: np.random.Generator, limit: int) -> np.ndarray:
    """int64 [<= limit]: a random order of samples in which each class is as frequent as any other."""
    weights = 1.0 / torch.bincount(labels).clamp(min=1).double()[labels].numpy()
    return generator.choice(len(labels), size=min(limit, len(labels)), replace=True, p=weights / weights.sum())
