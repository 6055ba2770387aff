"""Video accuracy of a strategy from what is already known of a video: its scores and the classifier's dense ClipProbs.

The costly classifier runs once for a video; every strategy, Dense and the oracle are then read off (Sec. 4.1.1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.config import DRAWN, SelectionSettings
from scsampler_cli.selection import aggregate
from scsampler_cli.selection.scores import ClipScores
from scsampler_cli.selection.strategies import select, top_k

ORACLE = "oracle"


@dataclass(frozen=True)
class Known:
    """All that the strategies need to know of one video."""

    target: int
    """Index of the true label among the classifier's."""
    scores: ClipScores
    probabilities: NDArray[np.float32]
    """ClipProbs: float32 [L, C]."""


def oracle(probabilities: NDArray[np.float32], target: int, k: int) -> NDArray[np.int64]:
    """O(v, y; K): the K clips with the largest f_y (Sec. 3.1).

    Args:
        probabilities: float32 [L, C].
        target: y.
        k: K.
    """
    return top_k(probabilities[:, target], k)


def taken(video: Known, strategy: str, k: int, *, seed: int = 0) -> NDArray[np.int64]:
    """int64 [<= K]: the clips that a strategy, or "oracle", takes; the seed is for those that draw."""
    if strategy == ORACLE:
        return oracle(video.probabilities, video.target, k)
    return select(
        video.scores,
        SelectionSettings(strategy=strategy, k=k, seed=seed if strategy in DRAWN else 0),
    ).clips


def is_right(video: Known, clips: NDArray[np.int64]) -> bool:
    """True when the mean of these clips' probabilities peaks at the true label."""
    return int(aggregate.mean(video.probabilities[clips]).argmax()) == video.target


def accuracy(videos: Sequence[Known], strategy: str, k: int, *, seed: int = 0) -> float:
    """Share of videos that a strategy gets right; NaN without any."""
    if not videos:
        return float("nan")
    return float(
        np.mean([is_right(video, taken(video, strategy, k, seed=seed)) for video in videos])
    )
