"""Empirical: the histogram of where the oracle's clips lie in the training videos (Sec. 4.1.1)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.replay import oracle

BINS = 20
"""Equal parts of [0, 1] (our choice; the paper gives no number)."""
KEPT = 50
"""Positions kept of each training video, so that the histogram of any K up to this can be made."""


def oracle_positions(probabilities: Sequence[NDArray[np.float32]], targets: Sequence[int]) -> NDArray[np.float32]:
    """Where the middles of the oracle's clips lie in [0, 1].

    Args:
        probabilities: of each training video, float32 [L, C].
        targets: index of its label.

    Returns:
        float32 [n, KEPT], best first; NaN where a video has fewer clips.
    """
    found = np.full((len(targets), KEPT), np.nan, np.float32)
    for row, known, target in zip(found, probabilities, targets, strict=True):
        best = oracle(np.nan_to_num(known), target, KEPT)
        row[: len(best)] = (best + 0.5) / len(known)
    return found


def histogram(positions: NDArray[np.float32], k: int) -> tuple[float, ...]:
    """Share of the oracle's K best clips in each of BINS equal parts of the videos, for `SelectionSettings.histogram`.

    Args:
        positions: from `oracle_positions`.
        k: K; more than KEPT counts as KEPT.
    """
    best = positions[:, :k]
    counts, _ = np.histogram(best[~np.isnan(best)], BINS, (0.0, 1.0))
    return tuple((counts / max(1, counts.sum())).tolist())
