"""Mean average precision of predicted segments, by the definition of ActivityNet.

For a class and a temporal IoU, the predictions of all videos are taken by their probability, the
most probable one first. A prediction is right if a true segment of its video and its class overlaps
it by at least this IoU, and was not matched by an earlier prediction; of several the one with the
largest IoU is matched. All other predictions are wrong, also a second one for the same segment.
Average precision is the area below the precision as a function of recall, where the precision at a
recall is the largest one at this recall or a larger one. It is averaged over the classes that have
true segments; predictions of other classes do not count.

Not handled here: what predicts segments (`segment_methods`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.bench.metrics import percentiles, resampled_counts
from scsampler_cli.datasets.segment_list import TrueSegment

THRESHOLDS = (0.3, 0.5, 0.7)
"""Temporal IoU from which a prediction is right."""
# Most numbers in one array: 32 MB of float64
_MAX_NUMBERS = 4_000_000


class FoundSegment(NamedTuple):
    """A predicted segment."""

    label: str
    start_s: float
    """Seconds from the beginning of the video."""
    end_s: float
    probability: float
    """Only the order of the predictions of a class matters, over all videos."""


@dataclass(frozen=True)
class VideoSegments:
    """The segments of one video."""

    true: tuple[TrueSegment, ...]
    found: tuple[FoundSegment, ...]


def temporal_iou(first: TrueSegment | FoundSegment, second: TrueSegment | FoundSegment) -> float:
    """Intersection over union of two stretches of time; 0 where they do not overlap.

    Example: 0-4 s and 2-6 s -> 2 / 6.
    """
    inside = min(first.end_s, second.end_s) - max(first.start_s, second.start_s)
    if inside <= 0:
        return 0.0
    lengths = first.end_s - first.start_s + second.end_s - second.start_s
    return inside / (lengths - inside)


@dataclass(frozen=True)
class _Predictions:
    """The predictions of one class in all videos, the most probable one first."""

    video: NDArray[np.int64]
    """int64 [P]: index of the video of each."""
    is_right: NDArray[np.bool_]
    """bool [P]."""
    true_counts: NDArray[np.int64]
    """int64 [V]: true segments of the class in each video."""

    def average_precision(self, copies: NDArray[np.int64]) -> NDArray[np.float64]:
        """Average precision where each video occurs several times, or not at all.

        Copies of a prediction follow one another. Those of a right one raise the precision one by
        one, so that the last copy has the largest; it stands for all.

        Args:
            copies: int64 [R, V]: how often each video occurs, for R sets of videos.

        Returns:
            float64 [R], in 0 to 1; NaN for a set without true segments of the class.
        """
        # [V, R]: rows are contiguous, and counts are exact in single precision
        columns = np.ascontiguousarray(copies.T, np.float32)
        true = self.true_counts @ columns
        at = np.flatnonzero(self.is_right)
        if not len(at):
            return np.where(true > 0, 0.0, np.nan)
        # [J, R]: right predictions of each kind, and all those up to each; the precision changes
        # the area at right predictions alone
        right = columns[self.video[at]].astype(np.float64)
        begins = np.concatenate([[0], at[:-1] + 1])
        taken = np.add.reduceat(columns[self.video[: at[-1] + 1]], begins, axis=0)
        precision = right.cumsum(axis=0) / np.maximum(taken.cumsum(axis=0, dtype=np.float64), 1)
        # the largest one from here on
        envelope = np.maximum.accumulate(precision[::-1], axis=0)[::-1]
        area = (envelope * right).sum(axis=0)
        return np.where(true > 0, area / np.maximum(true, 1), np.nan)


def average_precisions(videos: Sequence[VideoSegments], iou: float) -> dict[str, float]:
    """Average precision of each class that has true segments.

    Args:
        videos: V videos.
        iou: temporal IoU from which a prediction is right, above 0.

    Returns:
        label -> 0 to 1, in the order of the labels.
    """
    once = np.ones((1, len(videos)), np.int64)
    return {
        label: float(predictions.average_precision(once)[0])
        for label, predictions in _by_class(videos, iou).items()
    }


def mean_average_precision(
    videos: Sequence[VideoSegments], iou: float
) -> tuple[float, float, float]:
    """Mean average precision over the classes that have true segments, and its 95 % interval.

    The interval is that of the bootstrap over videos. A class without true segments in a resample
    is left out of the mean of that resample.

    Args:
        videos: V videos.
        iou: temporal IoU from which a prediction is right, above 0.

    Returns:
        (value, low, high), 0 to 1; NaN where no video has a true segment.
    """
    by_class = list(_by_class(videos, iou).values())
    if not by_class:
        return float("nan"), float("nan"), float("nan")
    value = _mean_over_classes(by_class, np.ones((1, len(videos)), np.int64))
    resampled = [_mean_over_classes(by_class, copies) for copies in resampled_counts(len(videos))]
    low, high = percentiles(np.concatenate(resampled))
    return float(value[0]), low, high


def _mean_over_classes(
    by_class: Sequence[_Predictions], copies: NDArray[np.int64]
) -> NDArray[np.float64]:
    """float64 [R]: the mean over the classes with true segments; NaN where none has any."""
    total, classes = np.zeros(len(copies)), np.zeros(len(copies))
    for predictions in by_class:
        values = _in_parts(predictions, copies)
        has_true = ~np.isnan(values)
        total += np.where(has_true, values, 0)
        classes += has_true
    return np.where(classes > 0, total / np.maximum(classes, 1), np.nan)


def _in_parts(predictions: _Predictions, copies: NDArray[np.int64]) -> NDArray[np.float64]:
    """float64 [R]: average precision, of so many sets at a time that memory is bounded."""
    rows = max(1, _MAX_NUMBERS // max(1, len(predictions.video)))
    starts = range(0, len(copies), rows)
    parts = [predictions.average_precision(copies[start : start + rows]) for start in starts]
    return np.concatenate(parts)


def _by_class(videos: Sequence[VideoSegments], iou: float) -> dict[str, _Predictions]:
    """The predictions of each class that has true segments, in the order of the labels."""
    labels = sorted({segment.label for video in videos for segment in video.true})
    return {label: _of_class(videos, label, iou) for label in labels}


def _of_class(videos: Sequence[VideoSegments], label: str, iou: float) -> _Predictions:
    # (probability, index of the video, whether it is right)
    rows: list[tuple[float, int, bool]] = []
    counts = np.zeros(len(videos), np.int64)
    for number, video in enumerate(videos):
        true = [segment for segment in video.true if segment.label == label]
        counts[number] = len(true)
        found = [segment for segment in video.found if segment.label == label]
        rows += [(p, number, is_right) for p, is_right in _matched(true, found, iou)]
    # stable: equal ones in the order of the videos
    rows.sort(key=lambda row: -row[0])
    return _Predictions(
        np.array([number for _, number, _ in rows], np.int64),
        np.array([is_right for *_, is_right in rows], bool),
        true_counts=counts,
    )


def _matched(
    true: Sequence[TrueSegment], found: Sequence[FoundSegment], iou: float
) -> Iterator[tuple[float, bool]]:
    """Probability of each prediction of a class in one video, and whether it is right."""
    free = set(range(len(true)))
    # stable: equal ones in their order
    for segment in sorted(found, key=lambda each: -each.probability):
        overlaps = {i: temporal_iou(true[i], segment) for i in sorted(free)}
        best = max(overlaps, key=lambda i: overlaps[i], default=None)
        if best is None or overlaps[best] < iou:
            yield segment.probability, False
        else:
            free.remove(best)
            yield segment.probability, True
