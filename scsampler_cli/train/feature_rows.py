"""Clips of a step -> rows of features, with a frozen trunk: thousands of steps take seconds.

Training takes the features of the picture or those of its mirror image; no other augmentation can
be had without the trunk.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from scsampler_cli.cache.video_cache import Entry
from scsampler_cli.train.draw import Draw
from scsampler_cli.train.settings import TrainSettings
from scsampler_cli.train.step_inputs import Inputs
from scsampler_cli.train.videos import FRAMES, TrainVideo

MIRRORED = "mirrored"
"""The entry of a training video with the features of its mirrored pictures."""


def load(
    videos: Sequence[TrainVideo], draw: Draw, settings: TrainSettings, *, rng: np.random.Generator
) -> dict[str, Inputs]:
    """Features of the clips of a step.

    Args:
        videos: videos of the training split, with features.
        draw: clips of the step.
        settings: settings of the run; one network.
        rng: random generator of this step.

    Returns:
        float32 [m, 1280], of a classifier [m, F, 1280]; {} where no clip has a picture.
    """
    is_classifier = settings.target == "classifier"
    kind = FRAMES if is_classifier else settings.target
    length = settings.spec.frames if is_classifier else 1
    # drawn at once: one call for each clip would take longer than the step
    flips = rng.random(len(draw.videos)) < 0.5
    places = rng.random(len(draw.videos))

    found, numbers = [], []
    clips = zip(draw.videos.tolist(), draw.clips.tolist(), strict=True)
    for number, (i, clip) in enumerate(clips):
        entries = videos[i].entries
        entry = entries[MIRRORED if flips[number] else kind]
        # a classifier's clip starts at any stored frame, a sampler takes one picture of the clip
        rows = range(entry.clips - length + 1) if is_classifier else entry.rows(clip)
        if is_classifier and not rows:
            # a damaged video of a few frames repeats the last one
            found.append(entry.values[np.minimum(np.arange(length), entry.clips - 1)])
            numbers.append(number)
        elif rows:
            start = rows[int(places[number] * len(rows))]
            found.append(entry.values[start : start + length])
            numbers.append(number)
    if not found:
        return {}
    values = torch.from_numpy(np.stack(found)).float()  # [m, length, 1280]
    values = values if is_classifier else values[:, 0]
    return {settings.target: Inputs(values, torch.tensor(numbers))}


def of_rows(entry: Entry, rows: range) -> Tensor:
    """float32 [n, 1280]: some rows of an entry."""
    return torch.from_numpy(np.array(entry.values[rows.start : rows.stop])).float()


def of_grid(entry: Entry, clips: Sequence[int], frames: int) -> Tensor:
    """float32 [n, F, 1280]: clips of the regular grid; each has `frames` rows of the entry."""
    return torch.stack([of_rows(entry, range(i * frames, (i + 1) * frames)) for i in clips])
