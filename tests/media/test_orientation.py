"""Display matrices: every mirroring and quarter turn, worked out by where the corners go."""

import itertools

import numpy as np
import pytest

from scsampler_cli.media.orientation import Orientation, from_matrix

ONE = 1 << 16


def matrix(a: int, b: int, c: int, d: int) -> bytes:
    return np.array([a * ONE, b * ONE, 0, c * ONE, d * ONE, 0, 0, 0, 1 << 30], np.int32).tobytes()


AXES = [
    (a, b, c, d)
    for a, b, c, d in itertools.product((-1, 0, 1), repeat=4)
    if abs(a) + abs(b) == 1 and abs(c) + abs(d) == 1 and a * d - b * c
]


@pytest.mark.parametrize("axes", AXES)
def test_every_point_goes_where_the_matrix_sends_it(axes: tuple[int, int, int, int]) -> None:
    """(x, y) goes to (a x + c y, b x + d y), shifted so that no coordinate is negative."""
    a, b, c, d = axes
    stored = np.arange(6).reshape(2, 3)
    x, y = np.meshgrid(np.arange(3), np.arange(2))
    to_x, to_y = a * x + c * y, b * x + d * y
    to_x, to_y = to_x - to_x.min(), to_y - to_y.min()
    expected = np.empty((to_y.max() + 1, to_x.max() + 1), int)
    expected[to_y, to_x] = stored
    orientation = from_matrix(matrix(*axes))
    shown = orientation.picture(stored)
    assert shown.tolist() == expected.tolist()
    assert orientation.swaps_sides == (shown.shape != stored.shape)


@pytest.mark.parametrize("axes", AXES)
def test_vectors_follow_the_picture(axes: tuple[int, int, int, int]) -> None:
    a, b, c, d = axes
    motion = np.zeros((2, 3, 2), np.float32)
    motion[0, 2] = 3, -2
    turned = from_matrix(matrix(*axes)).vectors(motion)
    moved = from_matrix(matrix(*axes)).picture(motion.any(axis=-1))
    assert turned[moved].tolist() == [[a * 3 + c * -2, b * 3 + d * -2]]
    assert not turned[~moved].any()


def test_eight_orientations_are_told_apart() -> None:
    assert len({from_matrix(matrix(*axes)) for axes in AXES}) == 8


def test_a_singular_matrix_leaves_the_picture_alone() -> None:
    assert from_matrix(bytes(36)) == Orientation()


def test_an_angle_in_between_is_taken_to_the_nearest_quarter() -> None:
    cosine, sine = int(0.9 * ONE), int(0.4 * ONE)
    tilted = np.array([cosine, -sine, 0, sine, cosine, 0, 0, 0, 1 << 30], np.int32).tobytes()
    assert from_matrix(tilted) == Orientation(0, False)
