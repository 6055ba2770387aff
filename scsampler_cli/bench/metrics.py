"""Video accuracy, and its uncertainty."""

from __future__ import annotations

from collections.abc import Iterator

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
    if not len(values):
        return float("nan"), float("nan")
    means = [counts @ values / len(values) for counts in resampled_counts(len(values), seed)]
    return percentiles(np.concatenate(means), level)


def ratio_interval(
    parts: NDArray[np.float64], totals: NDArray[np.float64]
) -> tuple[float, float, float]:
    """Sum of the parts over the sum of the totals, and its 95 % bootstrap interval over videos.

    Args:
        parts: float64 [V], such as the number of segments of each video that were found.
        totals: float64 [V], such as the number of its segments.

    Returns:
        (value, low, high); NaN where the totals sum to 0.
    """
    if not totals.sum():
        return float("nan"), float("nan"), float("nan")
    ratios = []
    for counts in resampled_counts(len(totals)):
        below = counts @ totals
        # a resample may have none of the videos with a total
        ratios.append(np.where(below > 0, counts @ parts / np.where(below > 0, below, 1), np.nan))
    low, high = percentiles(np.concatenate(ratios))
    return float(parts.sum() / totals.sum()), low, high


def resampled_counts(count: int, seed: int = 0) -> Iterator[NDArray[np.int64]]:
    """How often each video occurs in each of RESAMPLES resamples of the bootstrap.

    Yields:
        int64 [r, V] for some resamples at a time, which bounds the memory.
    """
    generator = np.random.default_rng(seed)
    # videos are drawn with replacement
    rows = max(1, _MAX_DRAWN // count)
    for start in range(0, RESAMPLES, rows):
        some = min(rows, RESAMPLES - start)
        drawn = generator.integers(0, count, (some, count))
        # each resample counts its own videos: numbered apart, one count does for all
        drawn += count * np.arange(some)[:, None]
        yield np.bincount(drawn.ravel(), minlength=some * count).reshape(some, count)


def percentiles(values: NDArray[np.float64], level: float = LEVEL) -> tuple[float, float]:
    """The bounds between which a share of resampled values lies, such as the 2.5 % and the 97.5 %
    quantile; values of NaN are left out.
    """
    low, high = np.nanquantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
