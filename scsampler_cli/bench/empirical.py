"""Empirical: a histogram of the oracle's clips in the training videos (Sec. 4.1.1)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.selection.oracle import oracle

BINS = 20
"""Equal parts of [0, 1]; the paper gives no number."""
KEPT = 50
"""Positions kept of each training video: enough for the histogram of any K up to this number."""


def oracle_positions(probabilities: NDArray[np.float32], target: int) -> NDArray[np.float32]:
    """Positions in [0, 1] of the middles of the oracle's clips, for one training video.

    Args:
        probabilities: float32 [L, C].
        target: index of the video's label.

    Returns:
        float32 [KEPT], best first; NaN where the video has fewer clips.
    """
    found = np.full(KEPT, np.nan, np.float32)
    # a clip that could not be decoded counts as probability 0
    best = oracle(np.nan_to_num(probabilities), target, KEPT)
    found[: len(best)] = (best + 0.5) / len(probabilities)
    return found


def histogram(positions: NDArray[np.float32], k: int) -> tuple[float, ...]:
    """Share of the oracle's K best clips in each of BINS equal parts of the videos.

    The result is the value of `SelectionSettings.histogram`.

    Args:
        positions: float32 [n, KEPT], of each training video.
        k: number of selected clips (K); more than KEPT counts as KEPT.
    """
    best = positions[:, :k]
    # videos with fewer than K clips have NaN in the rest of their row
    counts, _ = np.histogram(best[~np.isnan(best)], BINS, (0.0, 1.0))
    return tuple((counts / max(1, counts.sum())).tolist())
