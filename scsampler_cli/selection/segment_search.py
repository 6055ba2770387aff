"""The search for segments in one video: which further clips are answered, and the stretches found.

What is known of every clip depends on the models (`source_of`):

- "answers": the classifier answers all clips. It has a background class, which makes its answers on
  all clips reliable, or it costs little.
- "saliency": a sampler with a background class finds the stretches, and the classifier names each.
- "pictures": the classifier answers some clips, and these answers are carried over to clips that
  look like them.

Not handled here: files and seconds (`pipeline.segment_times`), and the mathematics (`evidence`,
`segments`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.config import MAX_K, SegmentSettings
from scsampler_cli.selection import evidence as known
from scsampler_cli.selection.evidence import Answered
from scsampler_cli.selection.search import Search
from scsampler_cli.selection.segments import Evidence, smoothed, stretches
from scsampler_cli.text import counted

ANSWERS, SALIENCY, PICTURES = "answers", "saliency", "pictures"
CHEAP_GMACS = 2.0
"""10^9 multiply-adds of a clip that cost little: a few pictures through a small network."""
Classify = Callable[[Sequence[int]], NDArray[np.float32]]
"""Places of n clips -> their answers, float32 [n, C]; NaN for a clip that cannot be decoded."""


@dataclass(frozen=True)
class SegmentSearch:
    """How segments are looked for, with these models."""

    settings: SegmentSettings
    source: str
    """ANSWERS, SALIENCY or PICTURES."""

    def record(self) -> dict[str, str | int | None]:
        """For the settings of a record."""
        return {"max_clips": self.settings.max_clips, "source": self.source}

    @property
    def needs_pictures(self) -> bool:
        """True where it matters which clips look alike."""
        return self.source == PICTURES

    def most_clips(self, clip_count: int) -> int:
        """Most clips that the classifier answers of this many."""
        if self.source == ANSWERS:
            return clip_count
        return min(clip_count, self.settings.max_clips or MAX_K)


def source_of(
    settings: SegmentSettings,
    *,
    has_background: bool,
    gmacs: float | None,
    scores_by_background: bool,
) -> str:
    """What tells of every clip: ANSWERS, SALIENCY or PICTURES.

    Args:
        settings: of segments.
        has_background: whether the classifier has a background class.
        gmacs: 10^9 multiply-adds of a clip; None where that is not known.
        scores_by_background: whether there is a visual sampler whose scores are 1 - p(background).
    """
    costs_little = gmacs is not None and gmacs <= CHEAP_GMACS
    # a limit that the user gave holds whatever a clip costs
    if settings.max_clips is None and (has_background or costs_little):
        return ANSWERS
    return SALIENCY if has_background and scores_by_background else PICTURES


@dataclass(frozen=True)
class KnownClips:
    """What is known of M clips of a video, at equal distances, besides answers."""

    count: int
    """M."""
    clip_s: float
    """Seconds from the start of a clip to that of the next one."""
    saliency: NDArray[np.float32] | None = None
    """float32 [M]: scores of the visual sampler, NaN where a clip has none; None without one."""
    pictures: NDArray[np.float32] | None = None
    """float32 [M, D], of the picture of each clip, NaN for a clip without one. None unless the
    source is PICTURES."""
    background: int | None = None
    """Column of the classifier's background class; None without one."""
    multi_label: bool = False
    """Classes do not exclude each other."""


@dataclass(frozen=True)
class ClipSegment:
    """A segment, in places of clips."""

    first: int
    """Place of its first clip among the M clips."""
    last: int
    """Place of its last clip, which belongs to it."""
    column: int
    """The class, as a column of the answers."""
    probability: float
    places: tuple[int, ...]
    """Places of the answered clips that it rests on, in time order."""


class SegmentFinder:
    """Finds the segments of one video.

    Args:
        clips: what is known of its clips.
        search: how segments are looked for.
        classify: answers further clips.
        note: called with each note on the video.
    """

    def __init__(
        self,
        clips: KnownClips,
        search: SegmentSearch,
        classify: Classify,
        *,
        note: Callable[[str], None],
    ) -> None:
        self._clips, self._search, self._classify, self._note = clips, search, classify, note
        self._rows: dict[int, NDArray[np.float32]] = {}
        """Place of a clip -> its answer; NaN where it failed."""
        self._selected: NDArray[np.float32] | None = None
        """float32 [K, C]: the answers on clips that a sampler selected; None without one."""

    @property
    def asked(self) -> tuple[int, ...]:
        """Places of all clips that were answered or failed, in order."""
        return tuple(self._rows)

    def find(self, places: Sequence[int], probabilities: NDArray[np.float32]) -> list[ClipSegment]:
        """The segments in time order, after further clips were answered.

        Args:
            places: of n clips that were answered before.
            probabilities: float32 [n, C], their answers; NaN for a clip that could not be decoded,
                which are not all.
        """
        self._add(places, probabilities)
        if self._clips.saliency is not None:
            self._selected = probabilities[~np.isnan(probabilities).any(axis=1)]
        count = self._clips.count
        most = self._search.most_clips(count)
        # a short video has no more clips than may be asked
        if most == count:
            self._ask([place for place in range(count) if place not in self._rows])
            evidence = smoothed(known.of_answers(self._answered, count), self._clips.clip_s)
        elif self._search.source == SALIENCY:
            evidence = self._by_saliency(most)
        else:
            evidence = self._by_pictures(most)
        return self._segments(evidence)

    def _by_saliency(self, most: int) -> Evidence:
        assert self._clips.saliency is not None  # SALIENCY has a visual sampler
        saliency = np.nan_to_num(self._clips.saliency.astype(np.float64))
        saliency = smoothed(saliency, self._clips.clip_s)
        missing = known.unanswered(list(self._rows), saliency)
        left = max(0, most - len(self._rows))
        self._ask(sorted(missing[:left]))
        if len(missing) > left:
            self._note(
                f"no segment from {counted(len(missing) - left, 'stretch')} of high saliency: the "
                f"classifier answers at most {counted(most, 'clip')}"
            )
        return known.of_saliency(self._answered, saliency)

    def _by_pictures(self, most: int) -> Evidence:
        pictures = self._clips.pictures
        assert pictures is not None  # PICTURES has them
        answered = self._answered
        search = Search(
            pictures, most, background=self._clips.background, prior=self._clips.saliency
        )
        search.resume(np.array(answered.places, np.int64), answered.probabilities)
        while len(self._rows) < most and len(places := search.propose()):
            self._ask(places.tolist())
            search.observe(places, np.stack([self._rows[place] for place in places.tolist()]))
        return smoothed(known.of_pictures(self._answered, pictures), self._clips.clip_s)

    @property
    def _answered(self) -> Answered:
        """The answers so far, without clips that could not be decoded."""
        kept = {place: row for place, row in self._rows.items() if not np.isnan(row).any()}
        return Answered(
            tuple(kept),
            np.stack(list(kept.values())),
            background=self._clips.background,
            multi_label=self._clips.multi_label,
            selected=self._selected,
        )

    def _ask(self, places: Sequence[int]) -> None:
        """Let the classifier answer further clips."""
        if places:
            self._add(places, self._classify(places))

    def _add(self, places: Sequence[int], rows: NDArray[np.float32]) -> None:
        self._rows |= dict(zip(places, rows, strict=True))

    def _segments(self, evidence: Evidence) -> list[ClipSegment]:
        """Segments; `evidence` has the columns of the answers."""
        answered, pictures = self._answered, self._clips.pictures
        found = []
        for each in stretches(evidence, self._clips.clip_s):
            inside = [place for place in answered.places if each.first <= place <= each.last]
            if not inside and pictures is not None:
                peak = each.first + int(evidence[each.first : each.last + 1, each.column].argmax())
                inside = [known.most_alike(pictures, peak, answered.places)]
            found.append(
                ClipSegment(
                    each.first,
                    each.last,
                    column=int(answered.columns[each.column]),
                    probability=each.probability,
                    places=tuple(sorted(inside)),
                )
            )
        return found
