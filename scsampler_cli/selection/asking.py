"""Rounds of questions: a chooser proposes clips and a classifier answers, until that is enough."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.config import SelectionSettings
from scsampler_cli.selection.chooser import Chooser
from scsampler_cli.selection.stopping import why_settled

Classify = Callable[[NDArray[np.int64]], NDArray[np.float32]]
"""Clips int64 [n] -> probabilities float32 [n, C]; NaN for a clip that cannot be decoded."""


@dataclass(frozen=True)
class Answers:
    """The classifier's answers on the clips that it was asked about."""

    rounds: tuple[NDArray[np.int64], ...]
    """int64 [n] each: the clips that were proposed together, in the order of the rounds."""
    probabilities: NDArray[np.float32]
    """float32 [N, C], of the clips of all rounds; NaN for one that could not be decoded."""
    stopped: str | None = None
    """Why no more clips were asked; None where their number was fixed."""

    @property
    def decoded(self) -> NDArray[np.float32]:
        """float32 [m, C]: the answers without clips that could not be decoded."""
        return self.probabilities[~np.isnan(self.probabilities).any(axis=1)]


def ask(
    chooser: Chooser,
    classify: Classify,
    settings: SelectionSettings,
    *,
    clip_count: int,
    aggregate: str,
    background: int | None = None,
) -> Answers:
    """Ask until the chooser has enough answers, or more would hardly change the best tag.

    Args:
        chooser: proposes clips, and gets the answers.
        classify: answers.
        settings: K, and whether fewer clips may be enough.
        clip_count: number of clips of the video (L), at least 1.
        aggregate: how the answers are combined, on which it depends whether they are enough.
        background: column of the classifier's background class; None without one.
    """
    rounds: list[NDArray[np.int64]] = []
    rows: list[NDArray[np.float32]] = []
    most = min(settings.k, clip_count)
    while len(proposed := chooser.propose()):
        rounds.append(proposed)
        rows.append(classify(proposed))
        chooser.observe(proposed, rows[-1])
        if settings.stops_early:
            answers = Answers(tuple(rounds), np.concatenate(rows))
            left = most - len(answers.decoded)
            stopped = why_settled(answers.decoded, left, aggregate=aggregate, background=background)
            if stopped:
                return Answers(answers.rounds, answers.probabilities, stopped)
    asked = sum(map(len, rounds))
    why = "all clips were asked" if asked == clip_count else "the largest number of clips"
    return Answers(tuple(rounds), np.concatenate(rows), why if settings.stops_early else None)
