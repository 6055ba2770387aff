"""Simple ways to find segments, for comparison: no smoothing, no least length, no further clips."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.bench.run_data import VideoData
from scsampler_cli.bench.temporal_map import FoundSegment

NONE = -1
"""In place of the class of a clip that shows none."""


def saliency_runs(
    video: VideoData,
    saliency: NDArray[np.float32],
    tag: tuple[str, float],
    *,
    threshold: float | None = None,
) -> tuple[FoundSegment, ...]:
    """Runs of clips whose saliency is above a threshold, all labelled with the tag of the video.

    The probability of a run is that of the tag, times the mean saliency of its clips, where 0 and 1
    are the smallest and the largest one of the video: saliency of some samplers is no probability.

    Args:
        video: the video, with the times of its clips.
        saliency: float32 [L]; NaN for a clip without a score, which is in no run.
        tag: label and probability of the video.
        threshold: saliency that a clip must exceed; None for the mean of the video.
    """
    label, probability = tag
    if np.isnan(saliency).all():
        return ()
    above = saliency > (np.nanmean(saliency) if threshold is None else threshold)
    least, most = float(np.nanmin(saliency)), float(np.nanmax(saliency))
    # 0 where all clips are alike
    scaled = (saliency - least) / max(most - least, 1e-9)
    return tuple(
        _segment(
            video,
            first,
            last,
            label=label,
            probability=probability * float(scaled[run].mean()),
        )
        for first, last, run in _runs(np.where(above, 0, NONE))
    )


def even_parts(video: VideoData, count: int) -> tuple[NDArray[np.int64], tuple[FoundSegment, ...]]:
    """A video in equal parts, each labelled by the classifier's answer on its middle clip.

    A part whose middle clip shows background, or cannot be decoded, is no segment.

    Args:
        video: the video, with the times of its clips.
        count: number of parts; a video with fewer clips has as many parts as clips.

    Returns:
        int64 [n], the middle clips; and the segments.
    """
    # clip from which each part begins, and the number of clips at the end
    edges = np.linspace(0, video.clips, min(count, video.clips) + 1).round().astype(np.int64)
    middles = (edges[:-1] + edges[1:]) // 2
    classes = best_classes(video)
    found = []
    for first, after, middle in zip(edges[:-1], edges[1:], middles, strict=True):
        shown = int(classes[middle])
        if shown != NONE:
            probability = float(video.probabilities[middle, shown])
            label = video.labels[shown]
            found.append(_segment(video, first, after - 1, label=label, probability=probability))
    return middles, tuple(found)


def answer_runs(video: VideoData) -> tuple[FoundSegment, ...]:
    """Runs of clips with the same answer of the classifier, which is asked about all clips.

    The probability of a run is the mean of its clips.
    """
    classes = best_classes(video)
    return tuple(
        _segment(
            video,
            first,
            last,
            label=video.labels[classes[first]],
            probability=float(video.probabilities[run, classes[first]].mean(dtype=np.float64)),
        )
        for first, last, run in _runs(classes)
    )


def best_classes(video: VideoData) -> NDArray[np.int64]:
    """int64 [L]: the most probable class of each clip; NONE where that is the background class, or
    where the clip could not be decoded.
    """
    best = np.nan_to_num(video.probabilities).argmax(axis=1)
    none = np.isnan(video.probabilities).any(axis=1)
    if video.background is not None:
        none |= best == video.background
    return np.where(none, NONE, best)


def _runs(classes: NDArray[np.int64]) -> Iterator[tuple[int, int, slice]]:
    """First and last clip, and both as a slice, of each run of clips of one class but NONE."""
    # a run begins where the class changes
    starts = np.flatnonzero(np.diff(classes, prepend=NONE - 1))
    for first, after in zip(starts, [*starts[1:], len(classes)], strict=True):
        if classes[first] != NONE:
            yield int(first), int(after) - 1, slice(first, after)


def _segment(
    video: VideoData, first: int, last: int, *, label: str, probability: float
) -> FoundSegment:
    assert video.times is not None  # true segments are given to videos with times alone
    start, end = video.times[first, 0], video.times[last, 1]
    return FoundSegment(label, float(start), float(end), probability=probability)
