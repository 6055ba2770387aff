"""Exact time, worked by hand."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scsampler_cli.timeline import ClipGrid, FrameTimeline


def timeline(pts: list[int], end: int, base: Fraction = Fraction(1, 100)) -> FrameTimeline:
    return FrameTimeline(np.array(pts, np.int64), end, base)


def test_the_example_of_the_docstring_drops_the_tail() -> None:
    grid = ClipGrid(timeline(list(range(0, 148, 4)), 148), 16)
    assert len(grid.timeline) == 37
    assert [(s.first_frame, s.first_frame + s.frame_count) for s in grid] == [(0, 16), (16, 32)]
    assert grid[1].start == Fraction(64, 100)
    assert grid[1].end == Fraction(128, 100)
    assert grid[1].centre == Fraction(96, 100)


def test_a_video_shorter_than_a_clip_is_one_clip_with_its_last_frame_repeated() -> None:
    grid = ClipGrid(timeline([0, 4, 8], 12), 16)
    assert len(grid) == 1
    assert grid[0].frame_count == 3
    assert grid.frames_of(0).tolist() == [0, 1] + [2] * 14


def test_variable_frame_rate_and_a_late_start_give_the_stamps_of_the_frames() -> None:
    grid = ClipGrid(timeline([700, 703, 750, 751], 760), 2)
    assert [(s.start, s.end) for s in grid] == [
        (Fraction(7), Fraction(15, 2)),
        (Fraction(15, 2), Fraction(38, 5)),
    ]
    assert grid.nominal_duration == Fraction(60, 100) / 4 * 2


def test_a_frame_stride_widens_the_clip() -> None:
    grid = ClipGrid(timeline(list(range(20)), 20), 4, 2)
    assert len(grid) == 2
    assert grid.frames_of(1).tolist() == [8, 10, 12, 14]
    assert grid.clip_of(15) == 1
    assert grid.clip_of(16) is None


@pytest.mark.parametrize(("stride", "clips"), [(1, [0, 1, 2, 3, 4]), (2, [0, 2, 4]), (7, [0])])
def test_clip_stride_scores_ceil_l_over_n_clips(stride: int, clips: list[int]) -> None:
    assert ClipGrid(timeline(list(range(80)), 80), 16).every(stride).tolist() == clips


@pytest.mark.parametrize("pts", [[], [0, 0], [3, 2]])
def test_times_that_do_not_increase_are_refused(pts: list[int]) -> None:
    with pytest.raises(ValueError, match=r"at least one frame|increase"):
        timeline(pts, 10)


@given(st.lists(st.integers(1, 50), min_size=1, max_size=80), st.integers(1, 20), st.integers(1, 3))
def test_clips_tile_the_video_without_gap_or_overlap(steps: list[int], frames: int, stride: int) -> None:
    pts = np.cumsum([0, *steps])
    grid = ClipGrid(timeline(pts[:-1].tolist(), int(pts[-1])), frames, stride)
    spans = list(grid)
    assert spans[0].start == grid.timeline.time(0)
    assert all(a.end == b.start for a, b in itertools.pairwise(spans))
    assert spans[-1].end <= grid.timeline.time(len(grid.timeline))
    for span in spans:
        assert set(grid.frames_of(span.index)) <= set(range(span.first_frame, span.first_frame + span.frame_count))
