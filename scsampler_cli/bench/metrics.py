"""Video accuracy and how sure it is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.selection import aggregate

RESAMPLES = 2000
"""Of the bootstrap; its interval then moves by a few tenths of a point from seed to seed (our choice)."""
LEVEL = 0.95
_AT_ONCE = 4_000_000
"""Numbers drawn at once, so that memory stays bounded."""


def place_of_truth(probabilities: NDArray[np.float32], target: int) -> int | None:
    """Place of the true label in the tags of a video, 0 = first; ties go to the earlier label, as in `selection.aggregate.top`.

    Args:
        probabilities: float32 [K, C] of the chosen clips; rows of NaN are left out, as `classify` does.
        target: index of the true label.

    Returns:
        None where not one clip could be decoded.

    Example: rows (0.2, 0.8) and (0.6, 0.4), target 0: mean (0.4, 0.6), place 1.
    """
    usable = probabilities[~np.isnan(probabilities).any(axis=1)]
    if not len(usable):
        return None
    mean = aggregate.mean(usable)
    return int(np.flatnonzero(np.argsort(-mean, kind="stable") == target)[0])


def interval(
    values: NDArray[np.float64], level: float = LEVEL, seed: int = 0
) -> tuple[float, float]:
    """Percentile bootstrap of the mean over videos (Efron, 1979).

    Of n right-or-wrong values the resampled mean is Binomial(n, mean) / n, whose quantiles these are in the limit.

    Args:
        values: float64 [V], such as 1 for each video that is right.
        level: share of resampled means inside.
        seed: same seed, same interval.

    Returns:
        (low, high); NaN without videos.
    """
    count = len(values)
    if not count:
        return float("nan"), float("nan")
    generator = np.random.default_rng(seed)
    means: list[NDArray[np.float64]] = []
    rows = max(1, _AT_ONCE // count)
    for start in range(0, RESAMPLES, rows):
        drawn = generator.integers(0, count, (min(rows, RESAMPLES - start), count))
        means.append(values[drawn].mean(axis=1))
    low, high = np.quantile(np.concatenate(means), [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
