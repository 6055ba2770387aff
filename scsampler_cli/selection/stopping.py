"""When the answers so far are enough: more clips would hardly change the best tag."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.selection.aggregate import best_first
from scsampler_cli.selection.chooser import LEAST_CLIPS

CONFIDENCE = 0.9
"""Least probability that all clips up to the largest number would give the same best tag."""
Combine = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""Answers float32 [n, C] -> probabilities of the video float32 [C]."""


def why_settled(
    answers: NDArray[np.float32], left: int, combine: Combine, *, background: int | None = None
) -> str:
    """Why no more clips are needed; "" where they are.

    Args:
        answers: float32 [n, C], in the order in which clips were asked.
        left: number of clips that may still be asked.
        combine: the aggregate.
        background: column of the background class; None without one.
    """
    if len(answers) < LEAST_CLIPS or left <= 0:
        return ""
    best = int(best_first(combine(answers), background)[0])
    # the same best tag without any one of the answers
    others = [np.delete(answers, at, axis=0) for at in range(len(answers))]
    if all(int(best_first(combine(rows), background)[0]) == best for rows in others):
        return f"no single answer decides the tag, after {len(answers)} clips"
    return ""
