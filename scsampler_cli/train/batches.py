"""Clips of a step -> tensors for the networks: read from the memory maps, cropped, normalised.

Of a clip with several P-frames, training takes one at random each time: all of them would multiply
the cost, and over the epochs the network gets all.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from scsampler_cli.classifiers.geometry import centred, normalise_planes
from scsampler_cli.config import PACKETS, FeatureSettings
from scsampler_cli.samplers.network_inputs import CROP, MOTION_CROP, PICTURE_SIDE, crop, normalise
from scsampler_cli.train import augment, feature_rows
from scsampler_cli.train.draw import Draw
from scsampler_cli.train.settings import TrainSettings
from scsampler_cli.train.step_inputs import Inputs
from scsampler_cli.train.videos import FRAMES, TrainVideo


def load(
    videos: Sequence[TrainVideo], draw: Draw, settings: TrainSettings, *, rng: np.random.Generator
) -> dict[str, Inputs]:
    """Augmented inputs of every network for a step.

    Args:
        videos: videos of the training split.
        draw: clips of the step.
        settings: settings of the run.
        rng: random generator of this step.

    Returns:
        inputs by kind; a kind that no clip has is left out.
    """
    if settings.frozen:
        return feature_rows.load(videos, draw, settings, rng=rng)
    if settings.target == "classifier":
        clips = [_random_clip(videos[i], settings, rng) for i in draw.videos]
        return {"classifier": Inputs(torch.stack(clips), torch.arange(len(clips)))}

    # a tensor for each clip that has the input
    values: dict[str, list[Tensor]] = {kind: [] for kind in settings.kinds}
    rows: dict[str, list[int]] = {kind: [] for kind in settings.kinds}
    is_strong = settings.augment == "strong"
    # row: number of the clip in the step
    for row, (i, clip) in enumerate(zip(draw.videos.tolist(), draw.clips.tolist(), strict=True)):
        flip = bool(rng.random() < 0.5)  # one choice for all inputs of a clip
        for kind in settings.kinds:
            entry = videos[i].entries[kind]
            candidates = entry.rows(clip)
            if not candidates:
                continue
            # one of the P-frames (or spectrograms) of the clip
            at = candidates[int(rng.integers(len(candidates)))]
            stored = torch.from_numpy(np.array(entry.values[at : at + 1]))  # [1, ...]
            values[kind].append(_augmented(stored, kind, flip, rng=rng, strong=is_strong)[0])
            rows[kind].append(row)

    inputs = {}
    for kind, parts in values.items():
        if parts:
            inputs[kind] = Inputs(torch.stack(parts), torch.tensor(rows[kind]))
    return inputs


def _augmented(
    value: Tensor, kind: str, flip: bool, *, rng: np.random.Generator, strong: bool
) -> Tensor:
    """A stored row [1, ...] -> float32 [1, ...] as the network takes it."""
    if kind == "mel":
        return augment.masked(value.float(), rng) if strong else value.float()
    if kind == "packets":
        return augment.size_jittered(value.float(), rng) if strong else value.float()

    if kind == "rgb":
        return _augmented_picture(value, flip, rng=rng, strong=strong)
    side = MOTION_CROP if kind == "md" else CROP
    # 14 cells of motion are too few for crops of other scales
    value = augment.cropped(value, (side, side), rng, strong=strong and kind != "md")
    if flip:
        value = augment.flipped(value, kind)
    if strong and kind == "if":
        value = augment.colour_jittered(value, rng)
    elif strong:
        value = augment.strength_jittered(value, rng)
    return value if kind == "md" else normalise(value, kind)


def _augmented_picture(
    value: Tensor, flip: bool, *, rng: np.random.Generator, strong: bool
) -> Tensor:
    """A stored picture [1, 3, 128, 128] -> float32 of the same shape, normalised.

    All of the picture is the input, so that "paper" shifts it in place of a crop.
    """
    if strong:
        value = augment.cropped(value, (PICTURE_SIDE, PICTURE_SIDE), rng, strong=True)
    else:
        value = augment.shifted(value, rng)
    value = augment.flipped(value, "rgb") if flip else value
    return normalise(augment.colour_jittered(value, rng) if strong else value, "rgb")


def _random_clip(video: TrainVideo, settings: TrainSettings, rng: np.random.Generator) -> Tensor:
    """A clip that starts at a random frame: float32 [3, F, h, w], normalised.

    "strong" also varies the frame stride by one.
    """
    strong, spec = settings.augment == "strong", settings.spec
    # memory-mapped: only the frames of the clip are read
    frames = video.entries[FRAMES].values  # uint8 [T, H, W, 3]
    stride = max(1, spec.stride + (int(rng.integers(-1, 2)) if strong else 0))
    start = int(rng.integers(max(1, len(frames) - spec.frames * stride + 1)))
    # a video that is shorter than a clip repeats its last frame
    at = np.minimum(start + stride * np.arange(spec.frames), len(frames) - 1)
    clip = torch.from_numpy(frames[at]).permute(0, 3, 1, 2)  # [F, 3, H, W]

    clip = augment.cropped(clip, spec.crop, rng, strong=strong)
    if rng.random() < 0.5:
        clip = augment.flipped(clip, FRAMES)
    if strong:
        clip = augment.colour_jittered(clip, rng)
    # channels before time, as the networks take clips
    return normalise_planes(clip.permute(1, 0, 2, 3)[None], spec)[0]


def centre_crops(video: TrainVideo, kind: str, clip: int, *, frozen: bool = False) -> Tensor:
    """The input of a network at test time: float32 [n, ...], n = 0 where the clip lacks it.

    With a frozen trunk it is features.
    """
    entry = video.entries[kind]
    rows = entry.rows(clip)
    if frozen:
        return feature_rows.of_rows(entry, rows)
    if kind in ("md", "rgbr"):
        # training may store more P-frames than scoring uses
        rows = rows[: FeatureSettings.p_frames]
    values = torch.from_numpy(np.array(entry.values[rows.start : rows.stop])).float()
    if kind in ("mel", *PACKETS) or not len(values):
        return values
    if kind == "rgb":
        return normalise(values, kind)
    return crop(values, MOTION_CROP) if kind == "md" else normalise(crop(values, CROP), kind)


def grid_clips(video: TrainVideo, settings: TrainSettings, clips: Sequence[int]) -> Tensor:
    """Clips of the regular grid with the centre crop, as the finished classifier gets them.

    Returns:
        float32 [n, 3, F, h, w], normalised; with a frozen trunk features [n, F, 1280].
    """
    if settings.frozen:
        return feature_rows.of_grid(video.entries[FRAMES], clips, settings.spec.frames)
    spec, frames = settings.test_spec, video.entries[FRAMES].values  # uint8 [T, H, W, 3]
    frames_per_clip = spec.frames * spec.stride
    cropped = []
    for clip in clips:
        at = clip * frames_per_clip + spec.stride * np.arange(spec.frames)
        at = np.minimum(at, len(frames) - 1)
        planes = torch.from_numpy(frames[at]).permute(3, 0, 1, 2)  # [3, F, H, W]
        cropped.append(centred(planes, spec).float())
    return normalise_planes(torch.stack(cropped), spec)
