"""Exact time, worked by hand."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scsampler_cli.timeline import ClipGrid, FrameTimeline, repaired_stamps


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
def test_clips_tile_the_video_without_gap_or_overlap(
    steps: list[int], frames: int, stride: int
) -> None:
    pts = np.cumsum([0, *steps])
    grid = ClipGrid(timeline(pts[:-1].tolist(), int(pts[-1])), frames, stride)
    spans = list(grid)
    assert spans[0].start == grid.timeline.time(0)
    assert all(a.end == b.start for a, b in itertools.pairwise(spans))
    assert spans[-1].end <= grid.timeline.time(len(grid.timeline))
    for span in spans:
        assert set(grid.frames_of(span.index)) <= set(
            range(span.first_frame, span.first_frame + span.frame_count)
        )


@pytest.mark.parametrize(
    ("stamps", "expected", "own"),
    [
        ([10, 20, None, 40, 15, 60], [10, 20, 30, 40, 50, 60], 4),  # the docstring's
        ([None, None, 54, 64], [34, 44, 54, 64], 2),
        ([10, None, None], [10, 20, 30], 1),
        ([10, 20, 20, 30], [10, 15, 20, 30], 3),
        ([None, None, None], [0, 10, 20], 0),
        (
            [10, 30, 40, 20, 50],
            [10, 20, 30, 40, 50],
            2,
        ),  # complete, but given to the wrong frames (H.264 in AVI)
        ([1000, 1010, 3, 1030], [1000, 1010, 1020, 1030], 3),  # one stray stamp is no new clock
    ],
)
def test_frames_without_a_usable_time_are_placed_between_those_with(
    stamps: list[int | None], expected: list[int], own: int
) -> None:
    placed = repaired_stamps(stamps, Fraction(10))
    assert placed.pts.tolist() == expected
    assert (placed.own, placed.restarts) == (own, 0)


def test_a_clock_that_starts_anew_goes_on() -> None:
    placed = repaired_stamps([1000, 1010, None, 1030, 0, 10, 20, 5000, 5010, 7, 17], Fraction(10))
    assert placed.pts.tolist() == [1000, 1010, 1020, 1030, 1040, 1050, 1060, 6040, 6050, 6060, 6070]
    assert placed.restarts == 2


@given(st.lists(st.none() | st.integers(0, 400), min_size=1, max_size=40), st.integers(0, 5))
def test_placed_times_always_increase(stamps: list[int | None], step: int) -> None:
    placed = repaired_stamps(stamps, Fraction(step))
    assert len(placed.pts) == len(stamps)
    assert (np.diff(placed.pts) > 0).all()
    assert placed.own <= sum(stamp is not None for stamp in stamps)


def test_stamps_in_order_are_all_kept() -> None:
    stamps = [3, 7, 8, 20, 21]
    placed = repaired_stamps(stamps, Fraction(4))
    assert (placed.pts.tolist(), placed.own, placed.restarts) == (stamps, 5, 0)
