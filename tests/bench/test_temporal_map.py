"""Mean average precision of segments: by hand, and against a direct reading of the definition."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scsampler_cli.bench import temporal_map
from scsampler_cli.bench.metrics import ratio_interval, resampled_counts
from scsampler_cli.bench.temporal_map import (
    FoundSegment,
    VideoSegments,
    average_precisions,
    mean_average_precision,
    temporal_iou,
)
from scsampler_cli.datasets.segment_list import TrueSegment


def true(*spans: tuple[float, float], label: str = "a") -> tuple[TrueSegment, ...]:
    return tuple(TrueSegment(label, *span) for span in spans)


def found(*rows: tuple[float, float, float], label: str = "a") -> tuple[FoundSegment, ...]:
    return tuple(FoundSegment(label, *row) for row in rows)


def precision(*videos: VideoSegments, iou: float = 0.5) -> float:
    return average_precisions(videos, iou)["a"]


def test_overlap_by_hand() -> None:
    (first,) = true((0, 4))
    assert temporal_iou(first, true((2, 6))[0]) == 2 / 6
    assert temporal_iou(first, true((0, 4))[0]) == 1
    assert temporal_iou(first, true((1, 2))[0]) == 1 / 4
    assert temporal_iou(first, true((4, 8))[0]) == 0
    assert temporal_iou(first, true((9, 10))[0]) == 0


def test_the_area_below_the_envelope_by_hand() -> None:
    """Right, wrong, right, with two of three true segments found: precision 1, 1/2, 2/3 at recall
    1/3, 1/3, 2/3. So the area is 1/3 * 1 + 1/3 * 2/3.
    """
    video = VideoSegments(
        true((0, 2), (10, 12), (20, 22)),
        found((0, 2, 0.9), (5, 7, 0.8), (10, 12, 0.7)),
    )
    assert precision(video) == pytest.approx(1 / 3 + 2 / 9)


def test_the_envelope_lifts_an_early_mistake() -> None:
    """Wrong, right, right: precision 0, 1/2, 2/3. At recall 1/2 the best later one counts."""
    video = VideoSegments(
        true((0, 2), (10, 12)),
        found((5, 7, 0.9), (0, 2, 0.8), (10, 12, 0.7)),
    )
    assert precision(video) == pytest.approx(2 / 3)


def test_a_second_prediction_of_a_segment_is_wrong() -> None:
    once = VideoSegments(true((0, 2), (10, 12)), found((0, 2, 0.9), (10, 12, 0.7)))
    assert precision(once) == 1
    twice = VideoSegments(once.true, (*once.found, *found((0, 2.1, 0.8))))
    assert precision(twice) == pytest.approx(1 / 2 + 1 / 2 * 2 / 3)


def test_a_prediction_whose_best_segment_is_matched_gets_the_next_one() -> None:
    """As in ActivityNet's evaluation: 0-10 matches 0-10 first, and 1-11 then matches 4-12."""
    video = VideoSegments(true((0, 10), (4, 12)), found((0, 10, 0.9), (1, 11, 0.8)))
    assert precision(video, iou=0.6) == 1
    assert precision(video, iou=0.7) == 1 / 2


def test_the_threshold_itself_is_enough() -> None:
    video = VideoSegments(true((0, 4)), found((0, 2, 0.5)))
    assert precision(video, iou=0.5) == 1
    assert precision(video, iou=0.51) == 0


def test_a_prediction_counts_in_its_own_video_only() -> None:
    videos = (
        VideoSegments(true((0, 2)), ()),
        VideoSegments((), found((0, 2, 0.9))),
    )
    assert precision(*videos) == 0


def test_predictions_of_all_videos_are_in_one_order() -> None:
    """A wrong one of a video without the action, more probable than the right one: 1/2."""
    right = VideoSegments(true((0, 2)), found((0, 2, 0.5)))
    assert precision(right, VideoSegments((), found((3, 4, 0.9)))) == 1 / 2
    assert precision(right, VideoSegments((), found((3, 4, 0.4)))) == 1


def test_the_mean_is_over_the_classes_that_have_true_segments() -> None:
    videos = [
        VideoSegments(
            (*true((0, 2)), *true((4, 6), label="b")),
            (*found((0, 2, 0.9)), *found((4, 6, 0.9), label="unknown")),
        )
    ]
    assert average_precisions(videos, 0.5) == {"a": 1, "b": 0}
    assert mean_average_precision(videos, 0.5) == (0.5, 0.5, 0.5)


def test_without_true_segments_there_is_no_number() -> None:
    assert average_precisions([VideoSegments((), found((0, 1, 0.5)))], 0.5) == {}
    assert all(math.isnan(each) for each in mean_average_precision([VideoSegments((), ())], 0.5))


# The definition, step by step and without arrays


def slow_overlap(first: Sequence[float], second: Sequence[float]) -> float:
    inside = max(0.0, min(first[1], second[1]) - max(first[0], second[0]))
    return inside / ((first[1] - first[0]) + (second[1] - second[0]) - inside)


def slow_precision(videos: Sequence[VideoSegments], label: str, iou: float) -> float:
    predictions = [
        (-segment.probability, number, place, segment)
        for number, video in enumerate(videos)
        for place, segment in enumerate(video.found)
        if segment.label == label
    ]
    count = sum(segment.label == label for video in videos for segment in video.true)
    matched: set[tuple[int, int]] = set()
    points = []
    right = 0
    for taken, (_, number, _, segment) in enumerate(sorted(predictions), start=1):
        ranked = sorted(
            (
                (-slow_overlap(segment[1:3], other[1:3]), i)
                for i, other in enumerate(videos[number].true)
                if other.label == label
            ),
        )
        for overlap, i in ranked:
            if -overlap >= iou and (number, i) not in matched:
                matched.add((number, i))
                right += 1
                break
        points.append((right / count, right / taken))
    area = reached = 0.0
    for recall, _ in points:
        if recall > reached:
            area += (recall - reached) * max(p for r, p in points if r >= recall)
            reached = recall
    return area


def slow_mean(videos: Sequence[VideoSegments], iou: float) -> float:
    labels = {segment.label for video in videos for segment in video.true}
    values = [slow_precision(videos, label, iou) for label in labels]
    return sum(values) / len(values) if values else math.nan


@st.composite
def some_videos(draw: st.DrawFn) -> list[VideoSegments]:
    """A few videos on a coarse grid of times, so that equal overlaps and probabilities occur."""
    times = st.integers(0, 12)

    def span() -> tuple[float, float]:
        start = draw(times)
        return float(start), float(start + draw(st.integers(1, 6)))

    videos = []
    for _ in range(draw(st.integers(1, 4))):
        spans = {(draw(st.sampled_from("ab")), *span()) for _ in range(draw(st.integers(0, 3)))}
        predicted = tuple(
            FoundSegment(
                draw(st.sampled_from("abc")), *span(), draw(st.sampled_from((0.2, 0.5, 1)))
            )
            for _ in range(draw(st.integers(0, 5)))
        )
        videos.append(VideoSegments(tuple(TrueSegment(*each) for each in sorted(spans)), predicted))
    return videos


@settings(deadline=None)
@given(some_videos(), st.sampled_from((0.3, 0.5, 0.7)))
def test_it_is_the_definition(videos: list[VideoSegments], iou: float) -> None:
    for label, value in average_precisions(videos, iou).items():
        assert value == pytest.approx(slow_precision(videos, label, iou))
    value, low, high = mean_average_precision(videos, iou)
    assert value == pytest.approx(slow_mean(videos, iou), nan_ok=True)
    assert math.isnan(value) or 0 <= low <= high <= 1


@settings(deadline=None, max_examples=30)
@given(some_videos())
def test_the_interval_is_that_of_resampled_videos(videos: list[VideoSegments]) -> None:
    """A video that is drawn twice counts as two videos. Equal probabilities have no order, and
    none are equal here.
    """
    numbers = itertools.count(1)
    videos = [
        replace(video, found=tuple(s._replace(probability=1 / next(numbers)) for s in video.found))
        for video in videos
    ]
    (copies,) = resampled_counts(len(videos))
    by_class = list(temporal_map._by_class(videos, 0.5).values())
    for counts in copies[:20]:
        drawn = [video for video, count in zip(videos, counts, strict=True) for _ in range(count)]
        value = temporal_map._mean_over_classes(by_class, counts[None])[0]
        assert value == pytest.approx(slow_mean(drawn, 0.5), nan_ok=True)


def test_many_predictions_are_resampled_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(0)
    videos = [
        VideoSegments(
            true((0, 2), (5, 9)),
            found(*((s, s + 2, p) for s, p in generator.uniform(0, 8, (4, 2)))),
        )
        for _ in range(30)
    ]
    whole = mean_average_precision(videos, 0.3)
    assert whole[1] < whole[0] < whole[2]
    monkeypatch.setattr(temporal_map, "_MAX_NUMBERS", 1000)
    assert mean_average_precision(videos, 0.3) == pytest.approx(whole)


def test_a_ratio_counts_all_parts_alike_whatever_their_video() -> None:
    """Three of four parts; a resample has the first video 0, 1 or 2 times."""
    parts, totals = np.array([0.0, 3.0]), np.array([1.0, 3.0])
    assert ratio_interval(parts, totals) == (0.75, 0.0, 1.0)
    assert ratio_interval(totals, totals) == (1, 1, 1)
    # resamples without any total are left out
    assert ratio_interval(np.array([0.0, 1.0]), np.array([0.0, 2.0])) == (0.5, 0.5, 0.5)
    assert all(math.isnan(each) for each in ratio_interval(np.zeros(2), np.zeros(2)))
