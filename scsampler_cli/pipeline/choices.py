"""From the scores of a video to the clips that the classifier gets, whatever the strategy.

Strategies by samplers and the baselines select before the first answer; a search selects on the
way. `Choice` has the same interface for both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.config import SelectionSettings
from scsampler_cli.selection.chooser import Chooser, FixedChoice
from scsampler_cli.selection.scores import ClipScores
from scsampler_cli.selection.search import Search
from scsampler_cli.selection.strategies import Selection, combined_rank, select


@dataclass(frozen=True)
class Choice:
    """What is selected in one video."""

    chooser: Chooser
    """Proposes the clips."""
    scores: ClipScores
    settings: SelectionSettings
    _fixed: Selection | None
    """The selection before the first answer; None in a search."""
    _search: Search | None

    def selection(self) -> Selection:
        """The clips that were asked so far, in order, with their reasons.

        Before the first answer: those that a strategy other than a search would ask.
        """
        if self._fixed is not None:
            count = len(self.chooser.asked) or len(self._fixed.clips)
            return Selection(
                self._fixed.clips[:count],
                self._fixed.reasons[:count],
                self._fixed.strategy,
                notes=self._fixed.notes,
            )
        clips = np.array([each.clip for each in self.chooser.asked], np.int64)
        reasons = tuple(
            f"{'evenly spaced' if each.is_seed else 'search'} #{number}"
            for number, each in enumerate(self.chooser.asked, start=1)
        )
        return Selection(clips, reasons, self.settings.strategy)

    def ranks(self) -> NDArray[np.int64]:
        """int64 [M]: rank of every scored clip, 0 = best.

        In a search: the clips in the order in which they were asked, then the others by the
        confidence that is believed of them.
        """
        if self._search is None:
            return combined_rank(self.scores, self.settings, self._fixed)
        confidence, _ = self._search.belief()
        asked = [each.clip for each in self.chooser.asked]
        rest = np.argsort(-confidence, kind="stable").tolist()
        order = list(dict.fromkeys([*asked, *rest]))
        ranks = np.empty(len(order), np.int64)
        ranks[order] = np.arange(len(order))
        return ranks

    def confidence(self) -> NDArray[np.float64] | None:
        """float64 [L]: confidence of the classifier as it is believed of each clip; None where
        nothing is believed.
        """
        return None if self._search is None else self._search.belief()[0]


def choose(
    scores: ClipScores,
    settings: SelectionSettings,
    features: NDArray[np.float32] | None,
    *,
    background: int | None = None,
) -> Choice:
    """Begin to select clips.

    Args:
        scores: of the clips of one video.
        settings: strategy and its parameters.
        features: float32 [M, D], of the pictures of the scored clips; None for settings that do
            not need them.
        background: column of the classifier's background class; None without one.
    """
    if settings.strategy == "search":
        assert features is not None  # read in the pass before, see `stages`
        search = Search(
            features,
            settings.k,
            background=background,
            prior=scores.visual,
            stops_early=settings.stops_early,
        )
        return Choice(search, scores, settings, _fixed=None, _search=search)
    fixed = select(scores, settings, features)
    chooser = FixedChoice(fixed.clips, settings.stops_early, background=background)
    return Choice(chooser, scores, settings, _fixed=fixed, _search=None)
