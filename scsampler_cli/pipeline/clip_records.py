"""The clips of a video as records list them: scored clips and selected clips."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.output import records
from scsampler_cli.pipeline.choices import Choice
from scsampler_cli.selection.asking import Answers
from scsampler_cli.selection.scores import ClipScores
from scsampler_cli.timeline import ClipSpan


class ClipSource(Protocol):
    """A video, or a feature file of one."""

    @property
    def picture_sources(self) -> Mapping[int, str]:
        """As `Video.picture_sources`."""
        ...

    def span(self, clip: int) -> ClipSpan:
        """Position of a clip in the video."""
        ...


def selected_clips(
    video: ClipSource, choice: Choice, answers: Answers, *, labels: Sequence[str]
) -> Iterator[records.SelectedClip]:
    """The selected clips, in the order of the selection.

    Args:
        video: gives the positions of the clips, and where their pictures come from.
        choice: what was selected, by which scores.
        answers: on K clips.
        labels: C class names. A clip is a fact of its own: its label may be the background class.
    """
    scores, chosen = choice.scores, choice.selection()
    for asked, reason, row in zip(
        choice.chooser.asked, chosen.reasons, answers.probabilities, strict=True
    ):
        clip = asked.clip
        span = video.span(clip)
        # label and probability are null for a clip that could not be decoded
        best = None if np.isnan(row).any() else int(row.argmax())
        yield records.SelectedClip(
            clip=clip,
            exact_start=span.start,
            exact_end=span.end,
            first_frame=span.first_frame,
            frames=span.frame_count,
            visual=_score_of(clip, scores, scores.visual),
            audio=_score_of(clip, scores, scores.audio),
            reason=reason,
            label=None if best is None else labels[best],
            probability=None if best is None else float(row[best]),
            packets=_score_of(clip, scores, scores.packets),
            picture=video.picture_sources.get(clip),
            predicted=asked.predicted,
        )


def _score_of(clip: int, scores: ClipScores, values: NDArray[np.float32] | None) -> float | None:
    """Score of a clip in one modality; None for a clip without a score."""
    # `scores.clips` is increasing, so that a binary search finds the row
    row = int(np.searchsorted(scores.clips, clip))
    is_scored = row < len(scores.clips) and scores.clips[row] == clip
    return _value(values, row) if is_scored else None


def scored_clips(video: ClipSource, choice: Choice) -> Iterator[records.ScoredClip]:
    """All scored clips, in time order.

    Args:
        video: gives the positions of the clips, and where their pictures come from.
        choice: what was selected, by which scores.
    """
    scores, chosen = choice.scores, choice.selection()
    ranks, confidence = choice.ranks(), choice.confidence()
    reasons = dict(zip(chosen.clips.tolist(), chosen.reasons, strict=True))
    for row, clip in enumerate(scores.clips.tolist()):
        span = video.span(clip)
        yield records.ScoredClip(
            clip=clip,
            exact_start=span.start,
            exact_end=span.end,
            first_frame=span.first_frame,
            visual=_value(scores.visual, row),
            audio=_value(scores.audio, row),
            # records count ranks from 1
            rank=int(ranks[row]) + 1,
            selected=clip in reasons,
            reason=reasons.get(clip),
            packets=_value(scores.packets, row),
            picture=video.picture_sources.get(clip),
            confidence=None if confidence is None else float(confidence[row]),
        )


def _value(values: NDArray[np.float32] | None, row: int) -> float | None:
    return None if values is None else float(values[row])
