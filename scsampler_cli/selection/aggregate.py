"""aggr: clip probabilities -> video probabilities -> tags (Sec. 3.1)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.config import TOP_M

# Lower bound of probabilities: log(0) of one clip would exclude the class from the video
_SMALLEST = 1e-30
Probabilities = NDArray[np.float32]


def mean(probabilities: Probabilities) -> Probabilities:
    """float32 [K, C] -> float32 [C]: the average over clips, as in the paper."""
    # summed in double precision: rounding to single then hides the order of the clips
    return probabilities.mean(axis=0, dtype=np.float64).astype(np.float32)


def top_mean(probabilities: Probabilities, m: int) -> Probabilities:
    """float32 [K, C] -> float32 [C]: for each class, the average of its m largest probabilities.

    The result does not sum to 1. Where K < m, all clips count.

    Example: [[0.9, 0.1], [0.5, 0.5], [0.3, 0.7]] with m = 2 -> [0.7, 0.6].
    """
    return mean(np.sort(probabilities, axis=0)[-m:])


def log_mean(probabilities: Probabilities, multi_label: bool = False) -> Probabilities:
    """float32 [K, C] -> float32 [C]: the geometric mean over clips.

    It is divided by its sum, unless `multi_label` says that classes do not exclude each other.

    Example: [[0.9, 0.1], [0.5, 0.5]] -> sqrt(0.45) : sqrt(0.05) = [0.75, 0.25].
    """
    bounded = np.maximum(probabilities.astype(np.float64), _SMALLEST)
    # float64 [C]
    means = np.exp(np.log(bounded).mean(axis=0))
    return (means if multi_label else means / means.sum()).astype(np.float32)


def combine(
    probabilities: Probabilities, how: str = "mean", m: int = TOP_M, *, multi_label: bool = False
) -> Probabilities:
    """float32 [K, C] -> float32 [C] by one of `config.AGGREGATES`; K is at least 1."""
    if how == "max":
        return top_mean(probabilities, 1)
    if how == "top-mean":
        return top_mean(probabilities, m)
    if how == "log-mean":
        return log_mean(probabilities, multi_label)
    return mean(probabilities)


def top(probabilities: Probabilities, labels: Sequence[str], count: int) -> list[tuple[str, float]]:
    """The `count` most probable labels, best first; equal probabilities in the order of the labels.

    Example: [0.2, 0.5, 0.3] with a, b, c and 2 -> [("b", 0.5), ("c", 0.3)].
    """
    # stable: the earlier of equal labels is first
    order = np.argsort(-probabilities, kind="stable")[:count]
    return [(labels[i], float(probabilities[i])) for i in order]
