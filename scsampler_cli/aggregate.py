"""aggr: clip probabilities -> video probabilities -> tags (Sec. 3.1)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def mean(probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
    """float32 [K, C] -> float32 [C]: the average over clips, as the paper does."""
    return probabilities.mean(axis=0, dtype=np.float64).astype(np.float32)


def top(probabilities: NDArray[np.float32], labels: Sequence[str], count: int) -> list[tuple[str, float]]:
    """The `count` most probable labels, best first; equal ones in the order of the label list.

    Example: [0.2, 0.5, 0.3] with a, b, c and 2 -> [("b", 0.5), ("c", 0.3)].
    """
    order = np.argsort(-probabilities, kind="stable")[:count]
    return [(labels[i], float(probabilities[i])) for i in order]
