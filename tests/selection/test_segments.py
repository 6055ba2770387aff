"""Stretches of clips with one class: hand-worked cases, and what holds for any evidence."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from scsampler_cli.selection.segments import (
    HIGH,
    LOW,
    Stretch,
    clips_below,
    parts_of,
    smoothed,
    stretches,
)


def one_class(*values: float) -> np.ndarray:
    return np.array(values, np.float64)[:, None]


def found(evidence: np.ndarray, clip_s: float = 2.0) -> list[tuple[int, int, int]]:
    return [(each.first, each.last, each.column) for each in stretches(evidence, clip_s)]


def test_the_example_of_the_docstring() -> None:
    assert stretches(one_class(0, 0.45, 0.9, 0.3, 0.45), 2.0) == [
        Stretch(1, 2, 0, pytest.approx(0.675))
    ]


def test_a_weak_stretch_alone_does_not_count() -> None:
    assert found(one_class(0, 0.49, 0.45, 0.49, 0)) == []


def test_the_bounds_themselves_count() -> None:
    assert found(one_class(0, LOW, HIGH, LOW, 0)) == [(1, 3, 0)]


def test_two_classes_that_follow_each_other_are_two_stretches() -> None:
    evidence = np.array([[0.9, 0.1], [0.9, 0.1], [0.2, 0.8], [0.1, 0.9]])
    assert found(evidence) == [(0, 1, 0), (2, 3, 1)]


def test_the_stronger_of_two_classes_takes_a_clip() -> None:
    """Classes that do not exclude each other may both be probable."""
    evidence = np.array([[0.9, 0.6], [0.9, 0.6], [0.6, 0.9]])
    assert found(evidence) == [(0, 1, 0), (2, 2, 1)]


def test_a_short_gap_is_no_end() -> None:
    # clips of 0.6 s: one clip is shorter than a second, two are not
    assert found(one_class(0.9, 0.9, 0, 0.9, 0.9), 0.6) == [(0, 4, 0)]
    assert found(one_class(0.9, 0.9, 0, 0, 0.9, 0.9), 0.6) == [(0, 1, 0), (4, 5, 0)]
    # of long clips each counts
    assert found(one_class(0.9, 0.9, 0, 0.9, 0.9), 1.0) == [(0, 1, 0), (3, 4, 0)]


def test_a_gap_that_another_class_fills_is_joined_all_the_same() -> None:
    """A single clip of another class within an action is most likely a mistake."""
    evidence = np.array([[0.9, 0], [0.9, 0], [0, 0.9], [0.9, 0], [0.9, 0]])
    assert found(evidence, 0.6) == [(0, 4, 0)]


def test_a_short_stretch_is_no_segment() -> None:
    assert found(one_class(0, 0.9, 0, 0), 0.6) == []
    assert found(one_class(0, 0.9, 0.9, 0), 0.6) == [(1, 2, 0)]


def test_a_video_of_one_short_clip_can_be_a_segment() -> None:
    assert found(one_class(0.9), 0.6) == [(0, 0, 0)]
    assert found(one_class(0.9), 0.1) == [(0, 0, 0)]


def test_nothing_is_found_in_nothing() -> None:
    assert stretches(np.zeros((0, 3)), 0.6) == []
    assert stretches(np.zeros((5, 0)), 0.6) == []


@pytest.mark.parametrize(
    ("clip_s", "most"), [(0.64, 1), (1.0, 0), (2.56, 0), (0.5, 1), (0.34, 2), (0.1, 9)]
)
def test_the_largest_number_of_clips_below_a_second(clip_s: float, most: int) -> None:
    assert clips_below(clip_s) == most


def test_short_clips_are_smoothed_and_long_ones_are_not() -> None:
    values = np.array([0.0, 1.0, 0.0, 0.0])
    assert smoothed(values, 0.5).tolist() == [0.25, 0.5, 0.25, 0.0]
    assert smoothed(values, 1.0).tolist() == values.tolist()
    assert smoothed(np.zeros(0), 0.5).tolist() == []


def test_parts_are_found_at_both_ends() -> None:
    assert parts_of(np.array([True, False, False, True, True])) == [(0, 0), (3, 4)]
    assert parts_of(np.zeros(3, bool)) == []


@given(
    arrays(np.float64, st.tuples(st.integers(1, 40), st.integers(1, 3)), elements=st.floats(0, 1)),
    st.sampled_from([0.1, 0.34, 0.64, 1.0, 2.56]),
)
def test_what_holds_for_any_evidence(evidence: np.ndarray, clip_s: float) -> None:
    """Stretches are in order, of one class do not touch, and rest on evidence."""
    every = stretches(evidence, clip_s)
    assert [each.first for each in every] == sorted(each.first for each in every)
    for each in every:
        inside = evidence[each.first : each.last + 1, each.column]
        assert 0 <= each.first <= each.last < len(evidence)
        assert inside.max() >= HIGH
        assert min(inside[0], inside[-1]) >= LOW
        assert 0 <= each.probability <= 1
        longest = (each.last - each.first + 1) * clip_s
        assert longest >= 1 or each.last - each.first + 1 == len(evidence)
    for column in range(evidence.shape[1]):
        mine = [each for each in every if each.column == column]
        for before, after in pairwise(mine):
            assert (after.first - before.last - 1) * clip_s >= 1 or clip_s >= 1
            assert after.first > before.last + 1
