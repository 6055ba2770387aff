"""The best clips that are not the same thing twice.

A list of clips, best first, is gone through from the top. A clip that looks like one that was taken
already waits: it is taken only when no other clip is left. Two clips look alike where the distance
of their pictures (`clip_kernel`) is below `ALIKE`; clips that share a picture always do.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.selection.clip_kernel import centred, known_rows

ALIKE = 0.7
"""Distance of two vectors of length 1 below which their clips look alike."""


def spread_out(order: Sequence[int], features: NDArray[np.float32], k: int) -> list[int]:
    """The first k clips of a list of which no two look alike, then the others.

    Args:
        order: positions of clips, best first.
        features: float32 [M, D], of the picture of each clip; a row with NaN looks like no other.
        k: number of clips wanted.

    Returns:
        all positions of `order`; the first k are the selection, the others keep their order.

    Example: order 0 1 2, clips 0 and 1 with the same picture, k = 2: 0 2 1.
    """
    known = known_rows(features)
    vectors = centred(features, known)
    taken: list[int] = []
    # float32 [M]: largest product with a taken clip; 1 - d^2 / 2 at the distance d
    nearest = np.full(len(features), -np.inf, np.float32)
    for position in order:
        if len(taken) == k:
            break
        if nearest[position] > 1 - ALIKE**2 / 2:
            continue
        taken.append(position)
        if known[position]:
            nearest = np.maximum(nearest, np.where(known, vectors @ vectors[position], -np.inf))
    # dict.fromkeys keeps the first of two
    return list(dict.fromkeys([*taken, *order]))
