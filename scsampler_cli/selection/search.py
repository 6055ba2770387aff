"""Search: the classifier's own answers on a few clips decide which clips it gets next.

It needs no training and knows no classes, so that it serves any classifier. The paper leaves the
choice of a set of clips that knows of redundancy to future work (Sec. 5).

1. The first half of the clips is evenly spaced, the best guess where nothing is known.
2. Each answer tells how much its clip speaks for a class: the largest odds ratio
   (`aggregate.log_odds_ratios`), which does not mistake a habit of the classifier for a finding.
3. A Gaussian process carries these values over to clips that look like the answered ones, or are
   near them in time (`gaussian_process`, `clip_kernel`).
4. The next clip is the one with the largest upper confidence bound, mean + BETA * deviation
   (GP-UCB: Srinivas et al., ICML 2010, arXiv 0912.3995). So clips like one that said nothing are
   left out, and so are clips whose answer is known already.

A sampler that was trained for the classes knows more than even spacing: with its scores there are
no evenly spaced clips, and the rank of a clip among the scores is added to its bound.

Steps 2 to 4 are repeated until there are K answers. A clip that cannot be decoded gives none, and
another one takes its place; after K such clips the search ends. Beside one row of the kernel a step
costs O(n L), so that K clips cost O(K^2 L). Everything is deterministic.

Not handled here: how the answers become tags (`aggregate.odds_mean`), and when fewer than K are
enough (`stopping`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.selection.aggregate import log_odds_ratios
from scsampler_cli.selection.baselines import Clips, evenly_spaced
from scsampler_cli.selection.clip_kernel import ClipKernel, known_rows
from scsampler_cli.selection.gaussian_process import GaussianProcess

EARLY_SEEDS = 5
"""Evenly spaced first clips where the search may stop early: half of the paper's ten."""
BETA = 16.0
"""Weight of the deviation, where values have the variance 1: clips of which little is known come
first, and among these the promising ones. Smaller weights ask too many clips like a confident one,
which may be confidently wrong (`bench` has the measurements)."""
NOISE = 0.1
"""Variance of what an answer says about its own clip, where values have the variance 1."""
PRIOR_WEIGHT = 16.0
"""Weight of the ranks of a sampler's scores, in deviations of these: that of `BETA`."""
_LEAST_SPREAD = 0.3
"""Least deviation that observed values are divided by: equal answers differ by rounding alone."""


@dataclass(frozen=True)
class AskedClip:
    """A clip that the classifier was asked about."""

    clip: int
    predicted: float | None
    """Probability of the clip's most probable class as it was believed before the answer; None for
    the first clips, before any answer."""
    observed: float | None
    """The same probability by the answer; None where the clip could not be decoded."""
    is_seed: bool
    """True for one of the evenly spaced first clips."""


class Search:
    """The search in one video, a clip after the other.

        search = Search(features, k=10)
        while len(clips := search.propose()):
            search.observe(clips, classify(clips))

    Args:
        features: float32 [L, D], of the picture of each clip; only directions count. A row with NaN
            stands for a clip without a picture.
        k: answers wanted (K), at least 1.
        background: column of the classifier's background class; None without one.
        prior: float [L], saliency of each clip by a sampler, NaN where it has none; None without a
            sampler.
        stops_early: True where the caller may stop before K answers: the first clips are then few.

    Raises:
        ValueError: `k` is no whole number from 1 up, or features or prior have a wrong shape.
    """

    def __init__(
        self,
        features: NDArray[np.float32],
        k: int,
        *,
        background: int | None = None,
        prior: NDArray[np.floating] | None = None,
        stops_early: bool = False,
    ) -> None:
        features = np.asarray(features, np.float32)
        if features.ndim != 2:
            raise ValueError(f"features have {features.ndim} axes, not two: clips and numbers")
        if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or k < 1:
            raise ValueError(f"k is {k!r}, not a whole number from 1 up")
        count = len(features)
        if prior is not None and np.shape(prior) != (count,):
            raise ValueError(f"the prior has the shape {np.shape(prior)}, not ({count},)")
        self._k, self._background = k, background
        self._kernel = ClipKernel(features)
        self._process = GaussianProcess(self._kernel, NOISE)
        self._prior = np.zeros(count) if prior is None else PRIOR_WEIGHT * _ranked(prior)
        self._is_open = np.ones(count, bool)
        """Clips that were not proposed yet."""
        seeds = min(EARLY_SEEDS, (k + 1) // 2) if stops_early else (k + 1) // 2
        self._seeds = evenly_spaced(count, 0 if self._prior.any() else seeds)
        self._pending: dict[int, float | None] = {}
        """Proposed clip -> its predicted confidence."""
        self._asked: list[AskedClip] = []
        self._answers: list[NDArray[np.float32]] = []
        # what has no picture can most likely not be decoded: such clips come last
        self._has_picture = known_rows(features)

    @property
    def asked(self) -> tuple[AskedClip, ...]:
        """All clips that were asked, in order."""
        return tuple(self._asked)

    @property
    def answers(self) -> NDArray[np.float32]:
        """float32 [n, C]: the answers so far, in order, without clips that gave none."""
        return np.stack(self._answers) if self._answers else np.zeros((0, 0), np.float32)

    def propose(self) -> Clips:
        """The clips to ask next: evenly spaced ones together, all others one at a time.

        Returns:
            int64 [n]; empty at the end. The same clips again until they are observed.
        """
        if self._pending:
            return np.array(list(self._pending), np.int64)
        failed = len(self._asked) - len(self._answers)
        if len(self._answers) >= self._k or failed >= self._k or not self._is_open.any():
            return np.zeros(0, np.int64)
        if not self._asked and len(self._seeds):
            return self._proposed(self._seeds, None)
        # before the first answer nothing is predicted
        confidence = self.belief()[0] if self._answers else None
        # clips that are not open must never be the largest
        usable = self._is_open & self._has_picture
        usable = usable if usable.any() else self._is_open
        bound = np.where(usable, self._upper_bound(), -np.inf)
        return self._proposed(np.array([bound.argmax()]), confidence)

    def observe(self, clips: Clips, probabilities: NDArray[np.float32]) -> None:
        """Tell the answers on the proposed clips.

        Args:
            clips: int64 [n], the proposed clips, in any order.
            probabilities: float32 [n, C]; a row with NaN for a clip that could not be decoded.

        Raises:
            ValueError: other clips than those proposed, or no probabilities.
        """
        clips, probabilities = np.asarray(clips), np.asarray(probabilities, np.float32)
        if sorted(clips.tolist()) != sorted(self._pending) or len(clips) != len(probabilities):
            raise ValueError("observe needs one answer for each of the proposed clips")
        # comparisons with NaN, for clips that could not be decoded, are False
        if probabilities.ndim != 2 or (probabilities < 0).any() or (probabilities > 1).any():
            raise ValueError("answers are rows of probabilities, 0 to 1")
        for clip, row in zip(clips.tolist(), probabilities, strict=True):
            is_decoded = not np.isnan(row).any()
            # a clip that failed is known, too: those like it would most likely fail as well
            self._process.add(clip)
            if is_decoded:
                self._answers.append(row)
            observed = float(confidences(row[None], self._background)[0]) if is_decoded else None
            predicted = self._pending[clip]
            self._asked.append(AskedClip(clip, predicted, observed, is_seed=clip in self._seeds))
        self._pending = {}

    def resume(self, clips: Clips, probabilities: NDArray[np.float32]) -> None:
        """Begin with answers that are known already, in the place of evenly spaced clips.

        Args:
            clips: int64 [n], all different; n is at least 1.
            probabilities: float32 [n, C], as in `observe`.

        Raises:
            ValueError: clips were proposed before, or no probabilities.
        """
        if self._asked or self._pending:
            raise ValueError("a search is resumed before its first proposal")
        self._seeds = np.zeros(0, np.int64)
        self._proposed(np.asarray(clips), None)
        self.observe(clips, probabilities)

    def belief(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """What is believed of every clip after the answers so far.

        Returns:
            float64 [L], in [0, 1]: probability of the most probable class;
            float64 [L], in [0, 1]: how uncertain that is, 1 where nothing is known.
        """
        deviation = self._process.deviation
        if not self._answers:
            return np.full(len(self._kernel), np.nan), deviation
        values = confidences(self.answers, self._background).astype(np.float64)
        mean = values.mean() + self._process.mean(self._of_asked(values - values.mean()))
        return np.clip(mean, 0.0, 1.0), deviation

    def _proposed(self, clips: Clips, confidence: NDArray[np.float64] | None) -> Clips:
        for clip in clips.tolist():
            self._pending[clip] = None if confidence is None else float(confidence[clip])
        self._is_open[clips] = False
        return clips.astype(np.int64)

    def _upper_bound(self) -> NDArray[np.float64]:
        """float64 [L]: mean + BETA * deviation of the value of each clip, in deviations."""
        bound = self._prior + BETA * self._process.deviation
        if self._answers:
            values = log_odds_ratios(self.answers, self._background).max(axis=1)
            spread = max(float(values.std()), _LEAST_SPREAD)
            bound = bound + self._process.mean(self._of_asked((values - values.mean()) / spread))
        return bound

    def _of_asked(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """float64 [n]: values of the answers, and the mean, 0, for clips that gave none."""
        result = np.zeros(len(self._asked))
        result[[each.observed is not None for each in self._asked]] = values
        return result


def confidences(
    probabilities: NDArray[np.float32], background: int | None = None
) -> NDArray[np.float32]:
    """Confidence of the classifier on clips: probability of the most probable class.

    Args:
        probabilities: float32 [n, C], NaN for a clip that could not be decoded.
        background: column of the background class, which does not count; None without one.

    Returns:
        float32 [n]; NaN for a clip that could not be decoded.
    """
    if background is not None:
        probabilities = np.delete(probabilities, background, axis=1)
    found: NDArray[np.float32] = probabilities.max(axis=1)
    return found


def _ranked(scores: NDArray[np.floating]) -> NDArray[np.float64]:
    """float64 [L]: ranks of scores, evenly spread with mean 0 and deviation 1.

    Equal scores have equal ranks. A clip without a score is in the middle; all are where all scores
    are equal.

    Example: 0.1, 0.9, 0.5 -> -1.22, 1.22, 0.
    """
    known = np.logical_not(np.isnan(scores))
    result = np.zeros(len(scores))
    if not known.any():
        return result
    _, inverse, counts = np.unique(scores[known], return_inverse=True, return_counts=True)
    # the mean place of equal scores, from 0
    places = np.cumsum(counts) - (counts + 1) / 2
    ranks = places[inverse]
    spread = float(ranks.std())
    result[known] = (ranks - ranks.mean()) / spread if spread > 0 else 0.0
    return result
