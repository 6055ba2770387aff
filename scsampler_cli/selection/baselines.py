"""Strategies that need no scores, only the number of clips (the baselines of Sec. 4.1.1)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.config import SelectionSettings

Clips = NDArray[np.int64]
"""int64 [K], indices of clips in time order."""


def random(clip_count: int, settings: SelectionSettings) -> Clips:
    """K clips at random, without repeats."""
    generator = np.random.default_rng(settings.seed)
    k = min(settings.k, clip_count)
    return np.sort(generator.choice(clip_count, k, replace=False)).astype(np.int64)


def uniform(clip_count: int, settings: SelectionSettings) -> Clips:
    """K evenly spaced clips: the middle one of each of K equal parts.

    Example: L = 8, K = 3 -> clips 1, 4, 6.
    """
    return evenly_spaced(clip_count, settings.k)


def evenly_spaced(clip_count: int, wanted: int) -> Clips:
    """The middle clip of each of `wanted` equal parts; all clips where there are fewer.

    Args:
        clip_count: L.
        wanted: number of clips; 0 gives none.
    """
    k = min(wanted, clip_count)
    # (i + 1/2) * L / K, in whole numbers; no division by 0 where none is wanted
    return ((2 * np.arange(k) + 1) * clip_count // (2 * max(k, 1))).astype(np.int64)


def empirical(clip_count: int, settings: SelectionSettings) -> Clips:
    """K different clips, drawn from the histogram of the oracle's clips in the training videos.

    The histogram is over positions in [0, 1]. A clip in an empty part of it is drawn only when no
    other clip is left, so that there are always K.
    """
    # float64 [parts]
    histogram = np.asarray(settings.histogram, np.float64)
    # int64 [L]: part of the histogram in which the middle of each clip lies
    parts = ((2 * np.arange(clip_count) + 1) * len(histogram)) // (2 * clip_count)
    weights = histogram[parts]
    # where no clip lies in a part with oracle clips, all are equally likely
    least = weights.max() * 1e-12 if weights.max() > 0 else 1.0
    weights = np.where(weights > 0, weights, least)

    generator = np.random.default_rng(settings.seed)
    k = min(settings.k, clip_count)
    drawn = generator.choice(clip_count, k, replace=False, p=weights / weights.sum())
    return np.sort(drawn).astype(np.int64)


def dense(clip_count: int, settings: SelectionSettings) -> Clips:
    """All L clips."""
    return np.arange(clip_count, dtype=np.int64)


BASELINE_STRATEGIES: dict[str, Callable[[int, SelectionSettings], Clips]] = {
    "random": random,
    "uniform": uniform,
    "empirical": empirical,
    "dense": dense,
}
"""The baselines, by name."""
