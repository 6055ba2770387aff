"""The baselines that find segments, by hand."""

from dataclasses import replace

import numpy as np
import pytest

from scsampler_cli.bench.run_data import VideoData
from scsampler_cli.bench.segment_baselines import answer_runs, even_parts, saliency_runs
from tests.bench.making import video

NAN = float("nan")
A, B, BACK, LOST = (0.7, 0.2, 0.1), (0.2, 0.6, 0.2), (0.1, 0.3, 0.6), (NAN, NAN, NAN)


def timed(*rows: tuple[float, ...], background: int | None = 2) -> VideoData:
    """Clips of a second, the last one of three."""
    made = video(0, rows)
    starts = np.arange(len(rows), dtype=float)
    ends = starts + 1
    ends[-1] += 2
    labels = ("a", "b", "none")
    return replace(
        made, times=np.stack([starts, ends], axis=1), labels=labels, background=background
    )


def spans(segments: object) -> list[tuple[object, ...]]:
    return [(s.label, s.start_s, s.end_s, pytest.approx(s.probability)) for s in segments]  # type: ignore[attr-defined]


def test_runs_of_salient_clips_have_the_tag_of_the_video() -> None:
    """The mean without the missing score is 0.5; 0.9 is the largest and 0.1 the smallest."""
    saliency = np.array([0.1, 0.7, 0.9, NAN, 0.6, 0.2], np.float32)
    found = saliency_runs(timed(A, A, A, A, A, A), saliency, ("b", 0.8))
    # 0.75 and 1 on the scale from smallest to largest, then 0.625
    assert spans(found) == [("b", 1, 3, 0.8 * 0.875), ("b", 4, 5, 0.8 * 0.625)]


def test_the_threshold_can_be_stated() -> None:
    saliency = np.array([0.1, 0.7, 0.9], np.float32)
    found = saliency_runs(timed(A, A, A), saliency, ("b", 1.0), threshold=0.8)
    assert spans(found) == [("b", 2, 5, 1)]


def test_without_any_difference_nothing_is_salient() -> None:
    video_ = timed(A, A)
    assert saliency_runs(video_, np.full(2, 0.5, np.float32), ("a", 1.0)) == ()
    assert saliency_runs(video_, np.full(2, NAN, np.float32), ("a", 1.0)) == ()


def test_equal_parts_are_labelled_by_their_middle_clips() -> None:
    """Six clips in three parts: clips 1, 3 and 5 are asked."""
    asked, found = even_parts(timed(B, A, A, BACK, B, B), 3)
    assert asked.tolist() == [1, 3, 5]
    assert spans(found) == [("a", 0, 2, 0.7), ("b", 4, 8, 0.6)]


def test_a_part_whose_clip_is_lost_is_no_segment() -> None:
    asked, found = even_parts(timed(LOST, B), 10)
    assert asked.tolist() == [0, 1]
    assert spans(found) == [("b", 1, 4, 0.6)]


def test_runs_of_one_answer_end_at_other_classes_background_and_lost_clips() -> None:
    rows = (A, (0.5, 0.3, 0.2), B, LOST, B, BACK, A)
    assert spans(answer_runs(timed(*rows))) == [
        ("a", 0, 2, 0.6),
        ("b", 2, 3, 0.6),
        ("b", 4, 5, 0.6),
        ("a", 6, 9, 0.7),
    ]


def test_a_classifier_without_background_labels_every_clip() -> None:
    found = answer_runs(timed(A, BACK, BACK, background=None))
    assert spans(found) == [("a", 0, 1, 0.7), ("none", 1, 5, 0.6)]


def test_a_video_of_background_alone_has_no_segment() -> None:
    assert answer_runs(timed(BACK, BACK)) == ()
    assert even_parts(timed(BACK, BACK), 2)[1] == ()
