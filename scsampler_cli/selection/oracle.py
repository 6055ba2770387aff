"""Video accuracy of strategies, from the scores and the ClipProbs of all clips of a video.

The classifier, which is costly, runs once on each video; the accuracy of every strategy, of Dense
and of the oracle follows without it (Sec. 4.1.1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.config import RANDOM_STRATEGIES, SelectionSettings
from scsampler_cli.selection import aggregate
from scsampler_cli.selection.ranking import top_k
from scsampler_cli.selection.scores import ClipScores
from scsampler_cli.selection.strategies import select

ORACLE = "oracle"


@dataclass(frozen=True)
class ScoredVideo:
    """Scores, ClipProbs and label of one video: what the accuracy of a strategy depends on."""

    target: int
    """Index of the true label among the classifier's labels."""
    scores: ClipScores
    probabilities: NDArray[np.float32]
    """ClipProbs: float32 [L, C]."""
    background: int | None = None
    """Column of the classifier's background class; None without one."""


def oracle(probabilities: NDArray[np.float32], target: int, k: int) -> NDArray[np.int64]:
    """O(v, y; K): the K clips with the largest f_y, best first (Sec. 3.1).

    Args:
        probabilities: float32 [L, C].
        target: index of the true class (y).
        k: number of selected clips (K).

    Returns:
        int64 [<= K].
    """
    return top_k(probabilities[:, target], k)


def selected_by(video: ScoredVideo, strategy: str, k: int, *, seed: int = 0) -> NDArray[np.int64]:
    """int64 [<= K]: the clips that a strategy, or "oracle", selects.

    Args:
        video: scores and probabilities.
        strategy: one of STRATEGIES, or "oracle".
        k: number of selected clips (K).
        seed: of the strategies that draw clips at random.
    """
    if strategy == ORACLE:
        return oracle(video.probabilities, video.target, k)
    # other strategies refuse a seed
    seed = seed if strategy in RANDOM_STRATEGIES else 0
    return select(video.scores, SelectionSettings(strategy=strategy, k=k, seed=seed)).clips


def is_right(video: ScoredVideo, clips: NDArray[np.int64]) -> bool:
    """Whether the mean probability over these clips is largest for the true label.

    The background class is no label of a video, so it is left out of the comparison.
    """
    mean = aggregate.mean(video.probabilities[clips], video.background)
    return int(aggregate.best_first(mean, video.background)[0]) == video.target


def accuracy(videos: Sequence[ScoredVideo], strategy: str, k: int, *, seed: int = 0) -> float:
    """Share of videos that a strategy gets right; NaN without videos."""
    if not videos:
        return float("nan")
    # 1 for each video that is right
    hits = [is_right(video, selected_by(video, strategy, k, seed=seed)) for video in videos]
    return float(np.mean(hits))
