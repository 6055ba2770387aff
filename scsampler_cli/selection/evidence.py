"""What is known of the classes in every clip, where the classifier answered all clips or a few.

Three sources, the best one that there is:

1. `of_answers`: the classifier answered all clips.
2. `of_saliency`: a sampler with a background class gives every clip the probability that it shows
   any class, and the classifier's answers nearby tell which.
3. `of_pictures`: answers on some clips are carried over to clips that look like these, or are near
   them in time, by a Gaussian process (as in `search`).

Where a classifier has no background class, its probabilities sum to 1 over the classes on whatever
it sees. Then an answer is compared with what the classifier usually says in this video
(`aggregate.log_odds_ratios`): the ratio turns PRIOR, the odds that a clip shows the class as long
as nothing is known of it, into the odds that it does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.selection.aggregate import log_odds_ratios, mean, odds_mean
from scsampler_cli.selection.clip_kernel import ClipKernel
from scsampler_cli.selection.gaussian_process import GaussianProcess
from scsampler_cli.selection.search import NOISE
from scsampler_cli.selection.segments import LOW, Evidence, parts_of

PRIOR = -1.0
"""Logarithm of the odds that a clip shows a class of the video, before anything is known of the
clip: about one clip in four."""
LEAST_SHARE = 0.2
"""A class whose share of the video's odds (with a sampler: of the probabilities of the selected
clips) is smaller is not looked for, unless it is the best: habits of the classifier would be
mistaken for findings."""
_SMALLEST = 1e-3
"""Least probability of an answer whose odds are taken, where classes do not exclude each other."""

Places = Sequence[int]
"""Places of clips among the M clips, in any order."""


@dataclass(frozen=True)
class Answered:
    """The classifier's answers on some of the clips of a video."""

    places: Places
    """n of them."""
    probabilities: NDArray[np.float32]
    """float32 [n, C], without NaN; n is at least 1."""
    background: int | None = None
    """Column of the background class; None without one."""
    multi_label: bool = False
    """Classes do not exclude each other."""
    selected: NDArray[np.float32] | None = None
    """float32 [K, C]: the answers on the clips that a sampler selected; None without a sampler."""

    @property
    def states_absence(self) -> bool:
        """True where an answer can say that a clip shows none of the classes."""
        return self.background is not None or self.multi_label

    @cached_property
    def columns(self) -> NDArray[np.int64]:
        """int64 [c]: the classes that are looked for."""
        classes = np.arange(self.probabilities.shape[1])
        if self.states_absence:
            return classes[classes != self.background]
        # a sampler knows where the actions are, so that the others are habits of the classifier
        share = odds_mean(self.probabilities) if self.selected is None else mean(self.selected)
        return classes[(share >= LEAST_SHARE) | (share == share.max())]

    def values(self) -> NDArray[np.float64]:
        """float64 [n, c]: how probable it is that each answered clip shows each class."""
        if self.states_absence:
            return self.probabilities[:, self.columns].astype(np.float64)
        return _expit(self.log_odds())

    def log_odds(self) -> NDArray[np.float64]:
        """float64 [n, c]: the same as logarithms of odds."""
        if self.states_absence:
            kept = np.clip(self.values(), _SMALLEST, 1 - _SMALLEST)
            odds: NDArray[np.float64] = np.log(kept / (1 - kept))
            return odds
        return PRIOR + log_odds_ratios(self.probabilities)[:, self.columns]


def of_answers(answered: Answered, count: int) -> Evidence:
    """Evidence by the answers alone; 0 for a clip without one.

    Args:
        answered: on (nearly) all clips.
        count: number of clips (M).
    """
    evidence = np.zeros((count, len(answered.columns)))
    evidence[list(answered.places)] = answered.values()
    return evidence


def of_saliency(answered: Answered, saliency: NDArray[np.float64]) -> Evidence:
    """Evidence by a sampler's probability that a clip shows any class, and the nearest answers.

    In each part of the video whose saliency stays at LOW or above, a clip has the classes of the
    nearest answered clip in the same part. Whether it shows any class is said by two witnesses: the
    sampler on this clip, and the classifier on the nearest one; their geometric mean counts. A part
    without an answer has no evidence: see `unanswered`.

    Args:
        answered: on some clips, by a classifier with a background class.
        saliency: float64 [M], 1 - p(background); NaN for a clip without one.

    Example: saliency 0.9, 0.4, 0, 0.9, and the answer 0.6, 0.3, 0.1 (background) on clip 0 only.
    The means of both witnesses are 0.9, 0.6, 0 and 0. The classes without background are 2/3 and
    1/3, so the evidence of the first class is 0.6, 0.4, 0, 0.
    """
    known = np.nan_to_num(saliency)
    evidence = np.zeros((len(known), len(answered.columns)))
    places = np.asarray(answered.places, np.int64)
    values = answered.values()
    action = values.sum(axis=1)
    classes = values / np.maximum(action, _SMALLEST)[:, None]
    for begin, end in parts_of(known >= LOW):
        rows = np.flatnonzero((places >= begin) & (places <= end))
        if not len(rows):
            continue
        clips = np.arange(begin, end + 1)
        # [clips, rows]: the nearest answer in time, the earlier one of two
        order = rows[np.argsort(places[rows], kind="stable")]
        near = order[np.abs(clips[:, None] - places[order][None, :]).argmin(axis=1)]
        evidence[clips] = np.sqrt(known[clips] * action[near])[:, None] * classes[near]
    return evidence


def unanswered(answered: Places, saliency: NDArray[np.float64]) -> list[int]:
    """The clip to ask next in each part of high saliency without an answer, the best part first.

    Args:
        answered: places of the answered clips.
        saliency: as in `of_saliency`.

    Returns:
        the most salient clip of each such part.
    """
    known = np.nan_to_num(saliency)
    peaks = []
    for begin, end in parts_of(known >= LOW):
        if not any(begin <= place <= end for place in answered):
            peaks.append(begin + int(known[begin : end + 1].argmax()))
    return sorted(peaks, key=lambda place: -known[place])


def of_pictures(answered: Answered, features: NDArray[np.float32]) -> Evidence:
    """Evidence of all clips by the answers on some, through pictures and time.

    Args:
        answered: on some clips.
        features: float32 [M, D], of the picture of each clip; NaN for a clip without one.
    """
    process = GaussianProcess(ClipKernel(features), NOISE)
    for place in answered.places:
        process.add(int(place))
    # where nothing is known the process gives 0, which stands for PRIOR
    means = [PRIOR + process.mean(column - PRIOR) for column in answered.log_odds().T]
    return _expit(np.stack(means, axis=1))


def most_alike(features: NDArray[np.float32], place: int, places: Places) -> int:
    """The one of `places` whose clip is most like the one at `place`, by picture and time."""
    near = ClipKernel(features).row(place)
    return int(places[int(near[list(places)].argmax())])


def _expit(log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Odds as probabilities."""
    found: NDArray[np.float64] = 1 / (1 + np.exp(-log_odds))
    return found
