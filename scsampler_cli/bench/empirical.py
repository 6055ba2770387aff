"""Empirical: the histogram of where the oracle's clips lie in the training videos (Sec. 4.1.1)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.selection.oracle import oracle

BINS = 20
"""Equal parts of [0, 1] (our choice; the paper gives no number)."""
KEPT = 50
"""Positions kept of each training video, so that the histogram of any K up to this can be made."""


def oracle_positions(probabilities: NDArray[np.float32], target: int) -> NDArray[np.float32]:
    """Where the middles of the oracle's clips of one training video lie in [0, 1].

    Args:
        probabilities: float32 [L, C].
        target: index of its label.

    Returns:
        float32 [KEPT], best first; NaN where the video has fewer clips.
    """
    found = np.full(KEPT, np.nan, np.float32)
    best = oracle(np.nan_to_num(probabilities), target, KEPT)
    found[: len(best)] = (best + 0.5) / len(probabilities)
    return found


def histogram(positions: NDArray[np.float32], k: int) -> tuple[float, ...]:
    """Share of the oracle's K best clips in each of BINS equal parts of the videos, for `SelectionSettings.histogram`.

    Args:
        positions: float32 [n, KEPT], of each training video.
        k: K; more than KEPT counts as KEPT.
    """
    best = positions[:, :k]
    counts, _ = np.histogram(best[~np.isnan(best)], BINS, (0.0, 1.0))
    return tuple((counts / max(1, counts.sum())).tolist())
