"""`ClipScores`: the saliency of the scored clips of one video (s of Sec. 3.1). numpy only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MODALITIES = ("visual", "audio", "packets")
"""What is scored of a clip."""


@dataclass(frozen=True)
class ClipScores:
    """Saliency in [0, 1] per scored clip; NaN where a modality has nothing to say about a clip."""

    clips: NDArray[np.int64]
    """int64 [M], increasing: indices of the scored clips (all L, or every N-th with a clip stride, App. E)."""
    clip_count: int
    """L, the number of clips in the video."""
    visual: NDArray[np.float32] | None = None
    """float32 [M]; NaN where a clip has no usable I- or P-frame. None when no visual sampler ran."""
    audio: NDArray[np.float32] | None = None
    """float32 [M]; NaN where a clip has no sound. None when no audio sampler ran."""
    packets: NDArray[np.float32] | None = None
    """float32 [M]; NaN where no size of a clip's frames is known. None when no packet sampler ran (ours)."""

    def __post_init__(self) -> None:
        for name in MODALITIES:
            values = getattr(self, name)
            if values is not None and values.shape != self.clips.shape:
                raise ValueError(f"{name} has shape {values.shape}, clips {self.clips.shape}")

    def among(self, clips: NDArray[np.int64]) -> ClipScores:
        """The scores of some of these clips (int64 [m], increasing)."""
        at = np.searchsorted(self.clips, clips)
        parts = {
            name: values[at] for name in MODALITIES if (values := getattr(self, name)) is not None
        }
        return ClipScores(clips, self.clip_count, **parts)


def smoothed(values: NDArray[np.float32], clips: NDArray[np.int64]) -> NDArray[np.float32]:
    """Each clip's score averaged with its neighbours', which count half (ours).

    One P-frame says little of a clip, and what happens lasts longer than one: its neighbours' P-frames are looked at anyway.

    Args:
        values: float32 [M], NaN where there is no score; such a clip stays so, and counts for none.
        clips: int64 [M], increasing; only the clips directly before and after count as neighbours.

    Example: clips 0, 1, 2, 5 with 0.0, 0.8, 0.4, 1.0 -> 0.8/3, 0.5, 1.6/3, 1.0.
    """
    there = ~np.isnan(values)
    known = np.where(there, values, 0).astype(np.float64)
    total, weight = 2 * known, 2.0 * there
    joined = np.diff(clips) == 1
    for here, other in ((slice(1, None), slice(None, -1)), (slice(None, -1), slice(1, None))):
        total[here] += known[other] * joined
        weight[here] += there[other] * joined
    return np.where(there, total / np.maximum(weight, 1), np.nan).astype(np.float32)


def averaged(by_network: NDArray[np.floating]) -> NDArray[np.float64]:
    """The clip scores of several networks as one: their mean (Sec. 3.3.1), of those that have something to say.

    Args:
        by_network: [M, n], NaN where a network has nothing to say about a clip.

    Returns:
        float64 [M]; NaN where none has.

    Example: (0.2, 0.6), (NaN, 0.5), (NaN, NaN) -> 0.4, 0.5, NaN.
    """
    there = ~np.isnan(by_network)
    total = np.where(there, by_network, 0.0).astype(np.float64).sum(axis=1)
    return np.where(there.any(axis=1), total / np.maximum(there.sum(axis=1), 1), np.nan)
