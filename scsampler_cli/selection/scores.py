"""`ClipScores`: the saliency of the scored clips of one video (s of Sec. 3.1)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MODALITIES = ("visual", "audio", "packets")
"""Parts of a clip that samplers score, each its own."""


@dataclass(frozen=True)
class ClipScores:
    """Saliency in [0, 1] of each scored clip; NaN where a clip lacks the input of a modality."""

    clips: NDArray[np.int64]
    """int64 [M], increasing: indices of the scored clips.

    All L, every N-th with a clip stride (App. E), or the candidates of a cascade.
    """
    clip_count: int
    """L, the number of clips in the video."""
    visual: NDArray[np.float32] | None = None
    """float32 [M]; NaN where a clip has no usable I- or P-frame. None without a visual sampler."""
    audio: NDArray[np.float32] | None = None
    """float32 [M]; NaN where a clip has no sound. None without an audio sampler."""
    packets: NDArray[np.float32] | None = None
    """float32 [M]; NaN where packet sizes of a clip are unknown. None without a packet sampler."""

    def __post_init__(self) -> None:
        for name in MODALITIES:
            values = getattr(self, name)
            if values is not None and values.shape != self.clips.shape:
                raise ValueError(f"{name} has shape {values.shape}, clips {self.clips.shape}")

    def among(self, clips: NDArray[np.int64]) -> ClipScores:
        """The scores of some of these clips (int64 [m], increasing)."""
        # positions of these clips; both lists are increasing
        at = np.searchsorted(self.clips, clips)
        parts = {}
        for name in MODALITIES:
            values = getattr(self, name)
            if values is not None:
                parts[name] = values[at]
        return ClipScores(clips, self.clip_count, **parts)


def smoothed(values: NDArray[np.float32], clips: NDArray[np.int64]) -> NDArray[np.float32]:
    """Each clip's score, averaged with those of its neighbours, with weights 1/4, 1/2, 1/4.

    A single P-frame is a weak sample of a clip, and an action is usually longer than a clip. The
    P-frames of the neighbours are read in any case.

    Args:
        values: float32 [M], NaN where there is no score; such a clip keeps NaN, and its neighbours
            are averaged without it.
        clips: int64 [M], increasing; only the clips directly before and after are neighbours.

    Returns:
        float32 [M].

    Example: clips 0, 1, 2, 5 with 0.0, 0.8, 0.4, 1.0 -> 0.8/3, 0.5, 1.6/3, 1.0.
    """
    present = ~np.isnan(values)
    filled = np.where(present, values, 0).astype(np.float64)
    # float64 [M]: weighted sum, and sum of weights
    total, weight = 2 * filled, 2.0 * present
    # bool [M - 1]: whether a clip directly follows the one before it
    adjacent = np.diff(clips) == 1
    earlier, later = slice(None, -1), slice(1, None)
    for clip, neighbour in ((later, earlier), (earlier, later)):
        total[clip] += filled[neighbour] * adjacent
        weight[clip] += present[neighbour] * adjacent
    return np.where(present, total / np.maximum(weight, 1), np.nan).astype(np.float32)


def averaged(by_network: NDArray[np.floating]) -> NDArray[np.float64]:
    """The mean of the clip scores of several networks (Sec. 3.3.1), without missing scores.

    Args:
        by_network: [M, n], NaN where a clip lacks the input of a network.

    Returns:
        float64 [M]; NaN where all scores of a clip are missing.

    Example: (0.2, 0.6), (NaN, 0.5), (NaN, NaN) -> 0.4, 0.5, NaN.
    """
    # bool [M, n]
    present = ~np.isnan(by_network)
    total = np.where(present, by_network, 0.0).astype(np.float64).sum(axis=1)
    # at least 1, against a division by zero that `where` would discard anyway
    count = np.maximum(present.sum(axis=1), 1)
    return np.where(present.any(axis=1), total / count, np.nan)
