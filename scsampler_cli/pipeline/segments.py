"""Where the actions of one video are: asks the classifier about further clips, and makes segments.

What is known of every clip depends on the models (`source_of`):

- "answers": the classifier answers all clips. It has a background class, which makes its answers on
  all clips reliable, or it costs little.
- "saliency": a sampler with a background class finds the stretches, and the classifier names each.
- "pictures": the classifier answers some clips, and these answers are carried over to clips that
  look like them.

Not handled here: the mathematics, see `selection.evidence` and `selection.segments`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.classifiers.base import ClipClassifier, background_of, is_multi_label
from scsampler_cli.config import MAX_K, SegmentSettings, SelectionSettings
from scsampler_cli.errors import SettingsError
from scsampler_cli.output.segment import Segment
from scsampler_cli.pipeline.clip_inference import classify_clips
from scsampler_cli.pipeline.video import Progress, Video
from scsampler_cli.samplers.scoring import Samplers
from scsampler_cli.selection import evidence as known
from scsampler_cli.selection.asking import Answers
from scsampler_cli.selection.evidence import Answered
from scsampler_cli.selection.scores import ClipScores
from scsampler_cli.selection.search import Search
from scsampler_cli.selection.segments import Evidence, smoothed, stretches
from scsampler_cli.text import counted

ANSWERS, SALIENCY, PICTURES = "answers", "saliency", "pictures"
CHEAP_GMACS = 2.0
"""10^9 multiply-adds of a clip that cost little: a few pictures through a small network."""


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


def search_for(
    settings: SegmentSettings | None,
    selection: SelectionSettings,
    classifier: ClipClassifier,
    samplers: Samplers,
) -> SegmentSearch | None:
    """Decide how segments are looked for; None where they are not requested.

    Args:
        settings: of segments; None where they are not requested.
        selection: which clips are selected.
        classifier: the clip classifier (f in the paper).
        samplers: the samplers in use (s in the paper).

    Raises:
        SettingsError: a cascade, which leaves most clips without a score.
    """
    if settings is None:
        return None
    if selection.candidates is not None:
        raise SettingsError(
            "segments need something of every clip, and a cascade scores some clips only",
            code="segments-unsupported",
            hint="leave out the cascade, or the segments",
        )
    has_background = background_of(classifier) is not None
    # a limit that the user gave holds whatever a clip costs
    if settings.max_clips is None and (has_background or costs_little(classifier)):
        return SegmentSearch(settings, ANSWERS)
    networks = samplers.networks("visual")
    if has_background and networks and all(each.scores_by_background for each in networks):
        return SegmentSearch(settings, SALIENCY)
    return SegmentSearch(settings, PICTURES)


def costs_little(classifier: ClipClassifier) -> bool:
    """True for a network whose clips cost at most CHEAP_GMACS; False where that is not known."""
    # without a torch module only a run would tell, and a plug-in may count its runs
    if not hasattr(classifier, "network"):
        return False
    # imported here: it needs torch
    from scsampler_cli.classifiers.flops import clip_gmacs

    cost = clip_gmacs(classifier)
    return cost is not None and cost <= CHEAP_GMACS


def with_pictures(samplers: Samplers, device: str, precision: str) -> Samplers:
    """The samplers with the network that knows which clips look alike.

    Args:
        samplers: without or with it.
        device: as in `ModelOptions`.
        precision: as in `ModelOptions`.
    """
    if samplers.pictures is not None:
        return samplers
    # imported here: they need torch
    from scsampler_cli.nn.device import pick_device, pick_dtype
    from scsampler_cli.samplers.picture_features import PictureFeatures

    torch_device = pick_device(device)
    return replace(
        samplers, pictures=PictureFeatures(torch_device, pick_dtype(precision, torch_device))
    )


class SegmentFinder:
    """Finds the segments of one video.

    Args:
        video: the video.
        classifier: the clip classifier (f in the paper).
        search: how segments are looked for.
        scores: of the clips, of which segments consist.
        pictures: float32 [M, D], of the pictures of the scored clips; None but for PICTURES.
        answers: of the selected clips.
        progress: called after each further clip.
    """

    def __init__(
        self,
        video: Video,
        classifier: ClipClassifier,
        search: SegmentSearch,
        *,
        scores: ClipScores,
        pictures: NDArray[np.float32] | None,
        answers: Answers,
        progress: Progress,
    ) -> None:
        self._video, self._classifier, self._search = video, classifier, search
        self._scores, self._pictures, self._progress = scores, pictures, progress
        self._background = background_of(classifier)
        self._rows: dict[int, NDArray[np.float32]] = {}
        """Place of a clip among the scored clips -> its answer; NaN where it failed."""
        clips = np.concatenate(answers.rounds)
        self._add(np.searchsorted(scores.clips, clips), answers.probabilities)
        first, last = video.span(int(scores.clips[0])), video.span(int(scores.clips[-1]))
        # clips of a video with a variable frame rate differ in length
        count = max(1, int(scores.clips[-1] - scores.clips[0]) + 1)
        step = int(scores.clips[1] - scores.clips[0]) if len(scores.clips) > 1 else 1
        self._clip_s = max(float(last.end - first.start) / count * step, 1e-6)

    def find(self) -> tuple[Segment, ...]:
        """The segments in time order, after further clips were answered."""
        count = len(self._scores.clips)
        most = self._search.most_clips(count)
        # a short video has no more clips than may be asked
        if most == count:
            self._ask([place for place in range(count) if place not in self._rows])
            evidence = smoothed(known.of_answers(self._answered, count), self._clip_s)
        elif self._search.source == SALIENCY:
            evidence = self._by_saliency(most)
        else:
            evidence = self._by_pictures(most)
        return tuple(self._segments(evidence))

    def _by_saliency(self, most: int) -> Evidence:
        assert self._scores.visual is not None  # SALIENCY has a visual sampler
        saliency = np.nan_to_num(self._scores.visual.astype(np.float64))
        saliency = smoothed(saliency, self._clip_s)
        missing = known.unanswered(list(self._rows), saliency)
        left = max(0, most - len(self._rows))
        self._ask(sorted(missing[:left]))
        if len(missing) > left:
            self._video.note(
                f"no segment from {counted(len(missing) - left, 'stretch')} of high saliency: the "
                f"classifier answers at most {counted(most, 'clip')}"
            )
        return known.of_saliency(self._answered, saliency)

    def _by_pictures(self, most: int) -> Evidence:
        assert self._pictures is not None  # read in the pass before, see `stages`
        answered = self._answered
        search = Search(
            self._pictures, most, background=self._background, prior=self._scores.visual
        )
        search.resume(np.array(answered.places, np.int64), answered.probabilities)
        while len(self._rows) < most and len(places := search.propose()):
            self._ask(places.tolist())
            search.observe(places, np.stack([self._rows[place] for place in places.tolist()]))
        return smoothed(known.of_pictures(self._answered, self._pictures), self._clip_s)

    @property
    def _answered(self) -> Answered:
        """The answers so far, without clips that could not be decoded."""
        kept = {place: row for place, row in self._rows.items() if not np.isnan(row).any()}
        return Answered(
            tuple(kept),
            np.stack(list(kept.values())),
            background=self._background,
            multi_label=is_multi_label(self._classifier),
        )

    def _ask(self, places: Sequence[int]) -> None:
        """Let the classifier answer further clips."""
        if not places:
            return
        clips = self._scores.clips[list(places)].tolist()

        def report(_: str, done: int, total: int) -> None:
            self._progress("segments", done, total)

        found = classify_clips(self._video, clips, self._classifier, progress=report)
        self._add(np.array(places), found)

    def _add(self, places: NDArray[np.int64], rows: NDArray[np.float32]) -> None:
        self._rows |= dict(zip(places.tolist(), rows, strict=True))

    def _segments(self, evidence: Evidence) -> list[Segment]:
        """Segments with their times; `evidence` has the columns of the answers."""
        answered = self._answered
        found = []
        for each in stretches(evidence, self._clip_s):
            inside = [place for place in answered.places if each.first <= place <= each.last]
            if not inside and self._pictures is not None:
                peak = each.first + int(evidence[each.first : each.last + 1, each.column].argmax())
                inside = [known.most_alike(self._pictures, peak, answered.places)]
            clips = self._scores.clips
            found.append(
                Segment(
                    self._video.span(int(clips[each.first])).start,
                    self._video.span(int(clips[each.last])).end,
                    label=self._classifier.labels[int(answered.columns[each.column])],
                    probability=each.probability,
                    clips=tuple(sorted(int(clips[place]) for place in inside)),
                )
            )
        return found
