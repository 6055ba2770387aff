"""Clips of a step -> tensors for the networks: rows read from the memory maps, cropped, flipped and normalised.

Of a clip with several P-frames one is taken at random each time (ours: all of them would cost as many times more, and over the
epochs all are seen).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from scsampler_cli.classifiers.geometry import centred, normalise_planes
from scsampler_cli.config import PACKETS, FeatureSettings
from scsampler_cli.samplers.network_inputs import CROP, MOTION_CROP, crop, normalise
from scsampler_cli.train import augment
from scsampler_cli.train.draw import Draw
from scsampler_cli.train.settings import TrainSettings
from scsampler_cli.train.videos import FRAMES, TrainVideo


@dataclass(frozen=True)
class Inputs:
    """What one network sees of the clips of a step."""

    values: Tensor
    """float32 [m, ...]."""
    rows: Tensor
    """int64 [m]: which clip of the step each is of; a clip without this input has none."""


def load(
    videos: Sequence[TrainVideo], draw: Draw, settings: TrainSettings, *, rng: np.random.Generator
) -> dict[str, Inputs]:
    """Inputs of every network for a step, augmented.

    Args:
        videos: of the training split.
        draw: the clips.
        settings: of the run.
        rng: of this step.
    """
    if settings.target == "classifier":
        clips = [_moment(videos[i], settings, rng) for i in draw.videos]
        return {"classifier": Inputs(torch.stack(clips), torch.arange(len(clips)))}
    found: dict[str, list[Tensor]] = {kind: [] for kind in settings.kinds}
    rows: dict[str, list[int]] = {kind: [] for kind in settings.kinds}
    for row, (i, clip) in enumerate(zip(draw.videos.tolist(), draw.clips.tolist(), strict=True)):
        flip = bool(rng.random() < 0.5)  # one choice for all inputs of a clip
        for kind in settings.kinds:
            entry = videos[i].entries[kind]
            choice = entry.rows(clip)
            if not choice:
                continue
            at = choice[int(rng.integers(len(choice)))]
            value = torch.from_numpy(np.array(entry.values[at : at + 1]))
            found[kind].append(
                _view(value, kind, flip, rng=rng, strong=settings.augment == "strong")[0]
            )
            rows[kind].append(row)
    return {
        kind: Inputs(torch.stack(f), torch.tensor(rows[kind])) for kind, f in found.items() if f
    }


def _view(
    value: Tensor, kind: str, flip: bool, *, rng: np.random.Generator, strong: bool
) -> Tensor:
    """[1, ...] as stored -> float32 [1, ...] as the network takes it."""
    if kind == "mel":
        return augment.holed(value.float(), rng) if strong else value.float()
    if kind == "packets":
        return augment.requantised(value.float(), rng) if strong else value.float()
    side = MOTION_CROP if kind == "md" else CROP
    value = augment.cropped(value, (side, side), rng, strong=strong and kind != "md")
    if flip:
        value = augment.flipped(value, kind)
    if strong:
        value = augment.recoloured(value, rng) if kind == "if" else augment.weakened(value, rng)
    return value if kind == "md" else normalise(value, kind)


def _moment(video: TrainVideo, settings: TrainSettings, rng: np.random.Generator) -> Tensor:
    """A clip that starts at a random frame: float32 [3, F, h, w], normalised. "strong" also varies the speed."""
    strong, spec = settings.augment == "strong", settings.spec
    frames = video.entries[FRAMES].values
    stride = max(1, spec.stride + (int(rng.integers(-1, 2)) if strong else 0))
    start = int(rng.integers(max(1, len(frames) - spec.frames * stride + 1)))
    at = np.minimum(start + stride * np.arange(spec.frames), len(frames) - 1)
    clip = torch.from_numpy(frames[at]).permute(0, 3, 1, 2)
    clip = augment.cropped(clip, spec.crop, rng, strong=strong)
    if rng.random() < 0.5:
        clip = augment.flipped(clip, FRAMES)
    if strong:
        clip = augment.recoloured(clip, rng)
    return normalise_planes(clip.permute(1, 0, 2, 3)[None], spec)[0]


def centre_crops(video: TrainVideo, kind: str, clip: int) -> Tensor:
    """What the network of a kind sees of a clip at test time: float32 [n, ...], n = 0 where the clip lacks it."""
    rows = video.entries[kind].rows(clip)
    if kind in ("md", "rgbr"):
        rows = rows[: FeatureSettings.p_frames]  # no more than are looked at when clips are scored
    values = torch.from_numpy(np.array(video.entries[kind].values[rows.start : rows.stop])).float()
    if kind in ("mel", *PACKETS) or not len(values):
        return values
    return crop(values, MOTION_CROP) if kind == "md" else normalise(crop(values, CROP), kind)


def grid_clips(video: TrainVideo, settings: TrainSettings, clips: Sequence[int]) -> Tensor:
    """Clips of the regular grid with the centre crop, as the classifier meets them later: float32 [n, 3, F, h, w]."""
    spec, frames = settings.test_spec, video.entries[FRAMES].values
    span = spec.frames * spec.stride
    found = []
    for clip in clips:
        at = np.minimum(clip * span + spec.stride * np.arange(spec.frames), len(frames) - 1)
        found.append(centred(torch.from_numpy(frames[at]).permute(3, 0, 1, 2), spec).float())
    return normalise_planes(torch.stack(found), spec)
