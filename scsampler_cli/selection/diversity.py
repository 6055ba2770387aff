"""Good clips that are unlike each other, so that they are not the same thing twice.

A strategy gives a list of all clips, best first. With the value v = 1 - place / M of a clip in that
list (1 for the best of M clips), the next clip is the one with the largest

    v ^ SHARPNESS * deviation

where the deviation is how little the clips that were taken already say about it: that of a Gaussian
process over pictures and time (`gaussian_process`, `clip_kernel`). It is near 0 for a clip that
looks like a taken one and is near it in time. A small SHARPNESS gives variety, a large one the list
as it is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.selection.clip_kernel import ClipKernel
from scsampler_cli.selection.gaussian_process import GaussianProcess

SHARPNESS = 8
"""Chosen by measurements: with ten clips the selection touches twice as many stretches of action as
the list as it is, and tags are no less accurate."""
NOISE = 0.1
"""Variance of what a clip says about itself; see `search.NOISE`."""


def spread_out(order: Sequence[int], features: NDArray[np.float32], k: int) -> list[int]:
    """The clips of a list that are good and unlike each other, then the others.

    Args:
        order: positions of all M clips, best first.
        features: float32 [M, D], of the picture of each clip; NaN for a clip without one.
        k: number of clips wanted.

    Returns:
        all positions of `order`; the first k are the selection, the others keep their order.

    Example: order 0 1 2 of three clips at one time, 0 and 1 with the same picture: after clip 0
    their deviations are 0.3 and 1, their values 2/3 and 1/3. With k = 2 and SHARPNESS 1: 0 2 1.
    """
    process = GaussianProcess(ClipKernel(features), NOISE)
    values = np.zeros(len(features))
    values[list(order)] = (1 - np.arange(len(order)) / max(len(order), 1)) ** SHARPNESS
    taken: list[int] = []
    is_open = np.ones(len(features), bool)
    for _ in range(min(k, len(order))):
        # a clip that is not open must never be the largest
        best = int(np.where(is_open, values * process.deviation, -1.0).argmax())
        taken.append(best)
        is_open[best] = False
        process.add(best)
    # dict.fromkeys keeps the first of two
    return list(dict.fromkeys([*taken, *order]))
