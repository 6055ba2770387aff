"""The stretches of one video that fit a sentence best, at a distance from each other."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.find.video_vectors import BLOCK_ROWS


def similarities(rows: NDArray[Any], sentence: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cosine of the angle between each vector and that of the sentence.

    Args:
        rows: float [P, D], of unit length.
        sentence: float32 [D], of unit length.

    Returns:
        float32 [P].
    """
    found = np.empty(len(rows), np.float32)
    # a part at a time: the rows of a long video may be mapped from disk
    for at in range(0, len(rows), BLOCK_ROWS):
        block = rows[at : at + BLOCK_ROWS].astype(np.float32)
        found[at : at + BLOCK_ROWS] = block @ sentence
    return found


def best_stretches(
    values: NDArray[np.float32],
    times: NDArray[np.int64],
    top: int,
    *,
    apart: Fraction,
) -> list[int]:
    """Choose the best stretch, then the best of those far enough from it, and so on.

    Args:
        values: float32 [P], similarities of the stretches.
        times: int64 [P, 2 or more], their starts and ends, in time order, without overlap.
        top: largest number of stretches to choose.
        apart: least distance from the end of one to the start of the other, in units of their time.

    Returns:
        at most `top` numbers of stretches, best first; of two equally good ones the earlier first.

    Example: stretches of one second, values 0.9, 0.8, 0.1 and a distance of one second: the
    second is next to the best one, so that the first and the third are chosen.
    """
    starts, ends = times[:, 0], times[:, 1]
    # times are whole numbers: below a distance is below the next whole number
    least = math.ceil(apart)
    left = np.ones(len(times), bool)
    chosen: list[int] = []
    while len(chosen) < top and left.any():
        # argmax takes the first of equal ones
        best = int(np.where(left, values, -np.inf).argmax())
        chosen.append(best)
        left[best] = False
        left &= (starts - ends[best] >= least) | (starts[best] - ends >= least)
    return chosen
