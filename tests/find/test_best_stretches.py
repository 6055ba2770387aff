"""Which stretches of one video are found: the best ones, at a distance from each other."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scsampler_cli.find.best_stretches import best_stretches, similarities
from scsampler_cli.find.video_vectors import BLOCK_ROWS, Stretch

VALUES = st.sampled_from([-0.5, 0.0, 0.25, 0.5, 1.0])


def stretch(start: int, end: int) -> Stretch:
    return Stretch(start, end, clip=0, clips=1, picture=start)


def row(*lengths: int) -> list[Stretch]:
    """Stretches one after the other."""
    ends = np.cumsum(lengths).tolist()
    return [stretch(end - length, end) for length, end in zip(lengths, ends, strict=True)]


def chosen(values: list[float], stretches: list[Stretch], top: int, apart: object) -> list[int]:
    values32 = np.array(values, np.float32)
    times = np.array([stretch[:4] for stretch in stretches], np.int64)
    return best_stretches(values32, times, top, apart=Fraction(str(apart)))


def test_by_hand() -> None:
    five = row(10, 10, 10, 10, 10)
    values = [0.1, 0.9, 0.8, 0.7, 0.6]
    assert chosen(values, five, 5, 0) == [1, 2, 3, 4, 0]
    assert chosen(values, five, 2, 0) == [1, 2]
    # the neighbours of the best one are left out: from its end to their start are 0 units
    assert chosen(values, five, 5, 1) == [1, 3]
    # from the end of the second, 20, to the start of the fourth, 30, are exactly 10
    assert chosen(values, five, 5, 10) == [1, 3]
    assert chosen(values, five, 5, "10.5") == [1, 4]
    assert chosen(values, five, 5, 21) == [1]


def test_one_that_was_left_out_leaves_out_no_other() -> None:
    # the third is too near to the best, the fifth only to the third
    assert chosen([0.0, 0.9, 0.8, 0.1, 0.7], row(10, 10, 10, 10, 10), 5, 15) == [1, 4]


def test_of_equal_ones_the_earlier_is_better() -> None:
    assert chosen([0.5, 0.5, 0.5], row(10, 10, 10), 3, 5) == [0, 2]
    assert chosen([0.2, 0.5, 0.5], row(10, 10, 10), 2, 0) == [1, 2]


@pytest.mark.parametrize("apart", [10**30, Fraction(10**40, 3)])
def test_a_distance_longer_than_any_video_leaves_one(apart: object) -> None:
    assert chosen([0.1, 0.2], row(10, 10), 9, apart) == [1]


@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(0, 9), VALUES), min_size=1, max_size=12),
    st.integers(1, 14),
    st.fractions(0, 30),
)
def test_as_the_slow_way(parts: list[tuple[int, int, float]], top: int, apart: Fraction) -> None:
    """Against a loop over the stretches in order of their similarity."""
    at, stretches = 0, []
    for length, gap, _ in parts:
        stretches.append(stretch(at, at + length))
        at += length + gap
    values = [value for _, _, value in parts]

    kept: list[int] = []
    for number in sorted(range(len(parts)), key=lambda number: (-values[number], number)):
        one = stretches[number]
        distances = [
            max(s.start - one.end, one.start - s.end) for s in map(stretches.__getitem__, kept)
        ]
        if all(distance >= apart for distance in distances) and len(kept) < top:
            kept.append(number)
    assert chosen(values, stretches, top, apart) == kept


def test_similarities_are_those_of_float32_whatever_the_number_of_rows() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(2 * BLOCK_ROWS + 7, 16))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16)
    sentence = rows[5].astype(np.float32)
    found = similarities(rows, sentence)
    assert found.dtype == np.float32
    exact = rows.astype(np.float64) @ sentence.astype(np.float64)
    assert np.abs(found - exact).max() < 1e-6
    assert found.argmax() == 5
