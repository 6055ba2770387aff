"""When the answers so far are enough: more clips would hardly change the best tag.

Each answer adds something to the sum of every class: its probabilities (aggregate "mean"), or their
odds ratios (aggregate "odds"). Let d be the lead of the best class over the second one
in these sums, q the root mean square of the largest part that each of the n answers added, and m
the number of clips that may still be asked. Each of these m clips is taken to speak for the leader
or against it, at even odds, as strongly as the answers so far have spoken. The lead then does a
random walk of m steps of length q, so that the leader is still ahead at the end with probability

    Phi(d / (q sqrt(m)))

where Phi is the distribution function of the normal distribution. Asking stops where that is at
least `CONFIDENCE`.

Not handled here: which clips are asked, see `search`.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.selection.aggregate import log_odds_ratios
from scsampler_cli.selection.chooser import LEAST_CLIPS

CONFIDENCE = 0.8
"""Least probability that the best tag would be the same after all clips that may be asked."""


def probability_of_leader(
    answers: NDArray[np.float32], left: int, *, aggregate: str, background: int | None = None
) -> float:
    """Probability that the best tag stays the best.

    Args:
        answers: float32 [n, C], n at least 1, of the clips that were decoded.
        left: number of clips that may still be asked (m).
        aggregate: one of `config.SETTLED`.
        background: column of the background class, which is no tag; None without one.

    Returns:
        0.5 to 1; 1 where no clip is left.

    Example: "mean" of four answers [0.8, 0.2], m = 9: d = 3.2 - 0.8 = 2.4, q = 0.8, and
    Phi(2.4 / (0.8 * 3)) = Phi(1) = 0.84.
    """
    if left <= 0:
        return 1.0
    # float64 [n, C]: what each answer adds to the sum of each class
    parts = answers.astype(np.float64)
    if aggregate == "odds":
        parts = np.exp(log_odds_ratios(answers, background))
    if background is not None:
        parts[:, background] = 0
    sums = np.sort(parts.sum(axis=0))
    # a classifier of one class has no second one
    lead = float(sums[-1] - sums[-2]) if len(sums) > 1 else float(sums[-1])
    step = math.sqrt(float((parts.max(axis=1) ** 2).mean()) * left)
    return 0.5 * (1 + math.erf(lead / step / math.sqrt(2))) if step > 0 else 0.5


def why_settled(
    answers: NDArray[np.float32], left: int, *, aggregate: str, background: int | None = None
) -> str:
    """Why no more clips are needed; "" where they are. Arguments as of `probability_of_leader`."""
    if len(answers) < LEAST_CLIPS:
        return ""
    found = probability_of_leader(answers, left, aggregate=aggregate, background=background)
    if left <= 0 or found < CONFIDENCE:
        return ""
    return f"the best tag would stay the same with a probability of {found:.0%}"
