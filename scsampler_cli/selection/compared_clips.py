"""The clips among which a search chooses: in long videos only those that a keyframe shows.

A search needs the picture of a clip to compare it with others. Where keyframes are far apart most
pictures must be decoded, which then costs most of the time. A long video has so many clips beside
keyframes that K of them can be chosen among these alone: with a keyframe every ten seconds, which
leaves a fifth of the clips, accuracy was the same within the errors (`bench` has the measurement).
Segments need the pictures of all clips, and so does a sampler.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

ENOUGH = 20
"""Clips that a keyframe shows, for each of the K clips, from which the others are left out."""


def compared(served: NDArray[np.bool_], k: int) -> NDArray[np.bool_]:
    """bool [L]: the clips that are compared: those of `served`, or all where these are too few.

    Args:
        served: bool [L], clips whose picture is a keyframe.
        k: clips that the classifier gets (K).
    """
    is_enough = int(served.sum()) >= ENOUGH * k
    return served if is_enough else np.ones(len(served), bool)
