"""Video accuracy, and its uncertainty."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.selection.aggregate import best_first, combine

RESAMPLES = 2000
"""Resamples of the bootstrap: its interval then varies by a few tenths of a point with the seed."""
LEVEL = 0.95
# Most numbers drawn at once, which bounds the memory to 32 MB
_MAX_DRAWN = 4_000_000


def label_rank(
    probabilities: NDArray[np.float32],
    target: int,
    background: int | None = None,
    *,
    aggregate: str = "mean",
    multi_label: bool = False,
) -> int | None:
    """Rank of the true label among the tags of a video, 0 = first.

    Among equal probabilities the earlier label is first, as in `selection.aggregate.top`. The
    background class is no tag.

    Args:
        probabilities: float32 [K, C] of the selected clips. Rows of NaN (clips that could not be
            decoded) are left out, as `classify` does.
        target: index of the true label.
        background: column of the background class; None without one.
        aggregate: one of `config.AGGREGATES` without "auto".
        multi_label: True where the classes do not exclude each other.

    Returns:
        None where no clip can be decoded.

    Example: rows (0.2, 0.8) and (0.6, 0.4), target 0: mean (0.4, 0.6), rank 1.
    """
    # a row of NaN in [K, C] is NaN throughout
    usable = probabilities[~np.isnan(probabilities).any(axis=1)]
    if not len(usable):
        return None
    combined = combine(usable, aggregate, multi_label=multi_label, background=background)
    order = best_first(combined, background)
    return int(np.flatnonzero(order == target)[0])


def bootstrap_interval(
    values: NDArray[np.float64], level: float = LEVEL, seed: int = 0
) -> tuple[float, float]:
    """Percentile bootstrap interval of the mean over videos (Efron, 1979).

    For n values of 0 or 1, the resampled mean is distributed as Binomial(n, mean) / n, and the
    interval approaches its quantiles.

    Args:
        values: float64 [V], such as 1 for each video that is right.
        level: share of the resampled means inside the interval.
        seed: of the generator; the same seed gives the same interval.

    Returns:
        (low, high); NaN without videos.
    """
    count = len(values)
    if not count:
        return float("nan"), float("nan")
    generator = np.random.default_rng(seed)
    means: list[NDArray[np.float64]] = []
    # videos are drawn with replacement, some resamples at a time: int64 [resamples, V]
    rows = max(1, _MAX_DRAWN // count)
    for start in range(0, RESAMPLES, rows):
        drawn = generator.integers(0, count, (min(rows, RESAMPLES - start), count))
        means.append(values[drawn].mean(axis=1))
    # such as the 2.5 % and the 97.5 % quantile
    low, high = np.quantile(np.concatenate(means), [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
