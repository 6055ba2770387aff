"""The tags of a video: the classifier's answers on the selected clips, combined.

Not handled here: the mathematics of combining, see `selection.aggregate`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.classifiers.base import ClipClassifier, background_of, is_multi_label
from scsampler_cli.config import RANKED, AnswerSettings, SelectionSettings
from scsampler_cli.output.segment import Segment
from scsampler_cli.pipeline.video import Video
from scsampler_cli.selection import aggregate
from scsampler_cli.selection.confidence import confidence, with_segments

MOSTLY = 0.5
"""Share of background in the selected clips above which a note says so."""


def tags_of(
    probabilities: NDArray[np.float32],
    classifier: ClipClassifier,
    answer: AnswerSettings,
    *,
    top: int,
    video: Video,
    segments: Sequence[Segment] | None = None,
) -> tuple[tuple[str, float], ...]:
    """aggr (Sec. 3.1): the most probable labels of a video, best first.

    Args:
        probabilities: float32 [K, C] of the selected clips that were decoded, K at least 1.
        classifier: whose probabilities they are.
        answer: how they are aggregated.
        top: number of labels.
        video: gets a note where most of the clips, or all, are background.
        segments: of the video; None where they were not looked for.
    """
    background = background_of(classifier)
    combined = combined_of(probabilities, classifier, answer)
    share = aggregate.background_share(probabilities, background)
    video.note(*background_notes(combined, share, has_segments=bool(segments)))
    return tuple(aggregate.top(combined, classifier.labels, top, background=background))


def combined_of(
    probabilities: NDArray[np.float32], classifier: ClipClassifier, answer: AnswerSettings
) -> NDArray[np.float32]:
    """Probabilities of a video, float32 [C]; arguments as of `tags_of`."""
    return aggregate.combine(
        probabilities,
        answer.aggregate,
        answer.m,
        multi_label=is_multi_label(classifier),
        background=background_of(classifier),
    )


def confidence_of(
    probabilities: NDArray[np.float32],
    classifier: ClipClassifier,
    tags: tuple[tuple[str, float], ...],
    *,
    selection: SelectionSettings,
    segments: Sequence[Segment] | None = None,
) -> float:
    """How sure it is that the video shows its best tag at all (`selection.confidence`).

    Args:
        probabilities: float32 [K, C] of the selected clips that were decoded, K at least 1.
        classifier: whose probabilities they are.
        tags: of the video, best first.
        selection: how the clips were selected.
        segments: of the video; None where they were not looked for.
    """
    label, probability = tags[0]
    background = background_of(classifier)
    found = confidence(
        probabilities,
        list(classifier.labels).index(label),
        probability,
        background=background,
        is_salient=selection.strategy in (*RANKED, "dense"),
    )
    # without a background class a segment is only surer than the rest of its video
    if background is None:
        return found
    return with_segments(found, [s.probability for s in segments or () if s.label == label])


def background_notes(
    combined: NDArray[np.float32], share: float | None, *, has_segments: bool = False
) -> list[str]:
    """Notes on a video whose selected clips show none of the classes, or hardly any.

    Args:
        combined: float32 [C], the probabilities of the video; 0 for the background class.
        share: mean probability of the background class over the selected clips; None without one.
        has_segments: True where segments were found.
    """
    if share is None:
        return []
    if not combined.any():
        return ["the selected clips are nothing but background: no class has a probability"]
    if share <= MOSTLY:
        return []
    perhaps = "the classes in short segments alone" if has_segments else "none of the classes"
    return [
        f"the selected clips are mostly background ({share:.0%}): perhaps the video shows {perhaps}"
    ]
