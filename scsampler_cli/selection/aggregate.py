"""aggr: clip probabilities -> video probabilities -> tags (Sec. 3.1).

A classifier may have a background class, for footage that shows none of the other classes. It is
not a class of the video: its probability is 0 after aggregation, and it is never a tag. Let
w_i = 1 - p_i(background) be the weight of clip i, and p_i(c) / w_i its probabilities given that it
shows a class. Every aggregate then counts a clip by its weight, so a clip of pure background counts
nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.config import TOP_M

# Lower bound of probabilities: log(0) of one clip would exclude the class from the video
_SMALLEST = 1e-30
_SURE, _USUAL = 1e-4, 1e-3
"""Least distance from 0 and 1 of a probability, and of a usual one, before odds are taken."""
EVEN_CLIPS = 5
"""Clips without an opinion that are added before the usual probabilities are taken: without them a
video that shows one class throughout would make this class its own habit."""
Probabilities = NDArray[np.float32]


def mean(probabilities: Probabilities, background: int | None = None) -> Probabilities:
    """float32 [K, C] -> float32 [C]: the average over clips, as in the paper.

    With a background class it is the average weighted by w_i of p_i(c) / w_i, which is
    sum_i p_i(c) / sum_i w_i, and sums to 1. Where every clip is pure background, nothing is known
    about the classes, and all are 0.

    Example: classes a, b and background, clips [0.6, 0.2, 0.2] and [0, 0.2, 0.8]. The weights are
    0.8 and 0.2, the clips given a class [0.75, 0.25] and [0, 1], so [0.6, 0.4, 0].

    Args:
        probabilities: of K clips.
        background: column of the background class; None without one.
    """
    if background is None:
        # summed in double precision: rounding to single then hides the order of the clips
        return probabilities.mean(axis=0, dtype=np.float64).astype(np.float32)
    return _normalised(_of_classes(probabilities, background).sum(axis=0)).astype(np.float32)


def top_mean(probabilities: Probabilities, m: int, background: int | None = None) -> Probabilities:
    """float32 [K, C] -> float32 [C]: for each class, the average of its m largest probabilities.

    The result does not sum to 1. Where K < m, all clips count. A clip of background has small
    class probabilities, and so contributes little; background itself is 0 in the result.

    Example: [[0.9, 0.1], [0.5, 0.5], [0.3, 0.7]] with m = 2 -> [0.7, 0.6].

    Args:
        probabilities: of K clips.
        m: clips that a class is averaged over.
        background: column of the background class; None without one.
    """
    if background is not None:
        probabilities = _of_classes(probabilities, background).astype(np.float32)
    return mean(np.sort(probabilities, axis=0)[-m:])


def log_mean(
    probabilities: Probabilities, multi_label: bool = False, background: int | None = None
) -> Probabilities:
    """float32 [K, C] -> float32 [C]: the geometric mean over clips.

    It is divided by its sum, unless `multi_label` says that classes do not exclude each other.
    With a background class it is the geometric mean of p_i(c) / w_i, weighted by w_i: the plain one
    would count a clip of background as much as any other. Background itself is 0 in the result, and
    where every clip is pure background, so are all classes.

    Example: [[0.9, 0.1], [0.5, 0.5]] -> sqrt(0.45) : sqrt(0.05) = [0.75, 0.25].

    Args:
        probabilities: of K clips.
        multi_label: classes do not exclude each other.
        background: column of the background class; None without one.
    """
    values = probabilities.astype(np.float64)
    weights = np.ones(len(values))
    if background is not None:
        values = _of_classes(probabilities, background)
        weights = values.sum(axis=1)
        if weights.sum() < _SMALLEST:
            return np.zeros(values.shape[1], np.float32)
        values = values / np.maximum(weights, _SMALLEST)[:, None]
    # float64 [C]
    means = np.exp(np.average(np.log(np.maximum(values, _SMALLEST)), axis=0, weights=weights))
    if background is not None:
        means[background] = 0
    return (means if multi_label else means / means.sum()).astype(np.float32)


def log_odds_ratios(
    probabilities: Probabilities, background: int | None = None
) -> NDArray[np.float64]:
    """How much a clip speaks for a class, compared with the other clips of the video.

    A classifier has a habit: on footage that shows none of its classes it tends to one of them. A
    clip on which the odds of a class are as usual in this video says nothing about it. With the
    usual probability b(c), the mean over the clips and `EVEN_CLIPS` more on which all classes are
    equally probable and background is not, the ratio is

        [p_i(c) / (1 - p_i(c))] / [b(c) / (1 - b(c))]

    It is the Bayes factor by which the clip changes the odds of the class.

    Args:
        probabilities: float32 [K, C] of clips.
        background: column of the background class, whose ratio is 0 (-inf); None without one.

    Returns:
        float64 [K, C]: natural logarithms.

    Example: classes a and b, clips [0.9, 0.1], [0.6, 0.4] and [0.6, 0.4]. With five even clips
    b = (0.9 + 0.6 + 0.6 + 5/2) / 8 = 0.575 and 0.425, so the odds of a are usually 1.35. On the
    first clip they are 9, which is 6.65 times that; on the others 1.5, 1.11 times.
    """
    values = probabilities.astype(np.float64)
    count, classes = values.shape
    classes -= background is not None
    usual = (values.sum(axis=0) + EVEN_CLIPS / classes) / (count + EVEN_CLIPS)
    ratios: NDArray[np.float64] = _log_odds(values, _SURE) - _log_odds(usual, _USUAL)
    if background is not None:
        ratios[:, background] = -np.inf
    return ratios


def odds_mean(
    probabilities: Probabilities, multi_label: bool = False, background: int | None = None
) -> Probabilities:
    """float32 [K, C] -> float32 [C]: the mean odds ratio of each class over the clips.

    It is for clips of which most do not show what the video is about: a few clips that speak for a
    class count more than many that do not (`log_odds_ratios`). The result is divided by its sum.
    Where classes do not exclude each other, there is no habit to compare with: it is the mean odds
    o of each class, as the probability o / (1 + o). A single clip has nothing to be compared with:
    the result is its own probabilities, as of `mean`.

    Example: the same clips. The ratios of a are 6.65, 1.11 and 1.11, those of b 0.15, 0.90 and
    0.90, so the means are 2.96 and 0.65, and the result is [0.82, 0.18].

    Args:
        probabilities: of K clips.
        multi_label: classes do not exclude each other.
        background: column of the background class, which is 0 in the result; None without one.
    """
    if len(probabilities) == 1:
        return mean(probabilities, background)
    if multi_label:
        odds = np.exp(_log_odds(probabilities.astype(np.float64), _SURE)).mean(axis=0)
        return (odds / (1 + odds)).astype(np.float32)
    means = np.exp(log_odds_ratios(probabilities, background)).mean(axis=0)
    if background is not None and not _of_classes(probabilities, background).any():
        return np.zeros(len(means), np.float32)
    return _normalised(means).astype(np.float32)


def combine(
    probabilities: Probabilities,
    how: str = "mean",
    m: int = TOP_M,
    *,
    multi_label: bool = False,
    background: int | None = None,
) -> Probabilities:
    """float32 [K, C] -> float32 [C] by one of `config.AGGREGATES`; K is at least 1.

    Args:
        probabilities: of the clips that were decoded.
        how: the aggregate.
        m: number of clips of "top-mean".
        multi_label: classes do not exclude each other.
        background: column of the background class, which is 0 in the result; None without one.
    """
    if how == "max":
        return top_mean(probabilities, 1, background)
    if how == "top-mean":
        return top_mean(probabilities, m, background)
    if how == "log-mean":
        return log_mean(probabilities, multi_label, background)
    if how == "odds":
        return odds_mean(probabilities, multi_label, background)
    return mean(probabilities, background)


def best_first(probabilities: Probabilities, background: int | None = None) -> NDArray[np.int64]:
    """Columns of the classes, the most probable first; equal ones in the order of the labels.

    Args:
        probabilities: float32 [C].
        background: column of the background class, which is left out; None without one.

    Returns:
        int64 [C], or [C - 1] with a background class.
    """
    # stable: the earlier of equal labels is first
    order = np.argsort(-probabilities, kind="stable")
    return order if background is None else order[order != background]


def top(
    probabilities: Probabilities,
    labels: Sequence[str],
    count: int,
    *,
    background: int | None = None,
) -> list[tuple[str, float]]:
    """The `count` most probable labels, best first; equal probabilities in the order of the labels.

    The background class is never among them.

    Example: [0.2, 0.5, 0.3] with a, b, c and 2 -> [("b", 0.5), ("c", 0.3)].
    """
    order = best_first(probabilities, background)[:count]
    return [(labels[i], float(probabilities[i])) for i in order]


def background_share(probabilities: Probabilities, background: int | None) -> float | None:
    """Mean probability of the background class over clips; None without such a class.

    Args:
        probabilities: float32 [K, C], K at least 1.
        background: column of the background class.
    """
    if background is None:
        return None
    return float(probabilities[:, background].mean(dtype=np.float64))


def _of_classes(probabilities: Probabilities, background: int) -> NDArray[np.float64]:
    """float64 [K, C]: the probabilities with 0 for the background class; rows sum to w_i."""
    values = probabilities.astype(np.float64)
    values[:, background] = 0
    return values


def _normalised(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """float64 [C], divided by its sum; zeros stay zeros."""
    return values / max(values.sum(), _SMALLEST)


def _log_odds(values: NDArray[np.float64], margin: float) -> NDArray[np.float64]:
    """Natural logarithm of p / (1 - p), of values that are kept `margin` away from 0 and 1."""
    kept = np.clip(values, margin, 1 - margin)
    odds: NDArray[np.float64] = np.log(kept / (1 - kept))
    return odds
