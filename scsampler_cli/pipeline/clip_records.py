"""The clips of a video as records list them: scored clips and selected clips."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.output import records
from scsampler_cli.pipeline.video import Video
from scsampler_cli.selection.scores import ClipScores
from scsampler_cli.selection.strategies import Selection
from scsampler_cli.timeline import ClipSpan


def selected_clips(
    video: Video,
    scores: ClipScores,
    chosen: Selection,
    *,
    probabilities: NDArray[np.float32],
    labels: Sequence[str],
) -> Iterator[records.SelectedClip]:
    """The selected clips, in the order of the selection.

    Args:
        video: gives the positions of the clips.
        scores: of the scored clips, which need not hold all selected ones.
        chosen: K clips.
        probabilities: float32 [K, C]; a row of NaN for a clip that could not be decoded.
        labels: C class names.
    """
    # tolist: JSON takes Python integers, not NumPy's
    for clip, reason, row in zip(chosen.clips.tolist(), chosen.reasons, probabilities, strict=True):
        span = video.span(clip)
        # label and probability are null for a clip that could not be decoded
        best = None if np.isnan(row).any() else int(row.argmax())
        yield records.SelectedClip(
            clip=clip,
            start=span.start,
            end=span.end,
            first_frame=span.first_frame,
            frames=span.frame_count,
            visual=_score_of(clip, scores, scores.visual),
            audio=_score_of(clip, scores, scores.audio),
            reason=reason,
            label=None if best is None else labels[best],
            probability=None if best is None else float(row[best]),
            packets=_score_of(clip, scores, scores.packets),
        )


def _score_of(clip: int, scores: ClipScores, values: NDArray[np.float32] | None) -> float | None:
    """Score of a clip in one modality; None for a clip without a score."""
    # `scores.clips` is increasing, so that a binary search finds the row
    row = int(np.searchsorted(scores.clips, clip))
    is_scored = row < len(scores.clips) and scores.clips[row] == clip
    return _value(values, row) if is_scored else None


def scored_clips(
    scores: ClipScores,
    span: Callable[[int], ClipSpan],
    chosen: Selection,
    *,
    ranks: NDArray[np.int64],
) -> Iterator[records.ScoredClip]:
    """All scored clips, in time order.

    Args:
        scores: of M clips.
        span: position of a clip.
        chosen: the selected clips.
        ranks: int64 [M], from 0.
    """
    reasons = dict(zip(chosen.clips.tolist(), chosen.reasons, strict=True))
    for row, clip in enumerate(scores.clips.tolist()):
        yield records.ScoredClip(
            clip=clip,
            start=span(clip).start,
            end=span(clip).end,
            first_frame=span(clip).first_frame,
            visual=_value(scores.visual, row),
            audio=_value(scores.audio, row),
            # records count ranks from 1
            rank=int(ranks[row]) + 1,
            selected=clip in reasons,
            reason=reasons.get(clip),
            packets=_value(scores.packets, row),
        )


def _value(values: NDArray[np.float32] | None, row: int) -> float | None:
    return None if values is None else float(values[row])
