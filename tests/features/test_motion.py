"""Vectors to fields to the grid, worked by hand."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from scsampler_cli.features.motion import area_weights, displacement, standardise, vector_field

DTYPE = np.dtype(
    [
        (n, "i4")
        for n in (
            "source",
            "w",
            "h",
            "src_x",
            "src_y",
            "dst_x",
            "dst_y",
            "motion_x",
            "motion_y",
            "motion_scale",
        )
    ]
)


def vectors(*rows: tuple[int, int, int, int, int, int, int, int]) -> NDArray[np.void]:
    """(source, w, h, centre x, centre y, motion x, motion y, scale)."""
    return np.array(
        [(s, w, h, 0, 0, x, y, mx, my, scale) for s, w, h, x, y, mx, my, scale in rows], DTYPE
    )


def test_blocks_of_every_shape_land_on_their_cells() -> None:
    field, covered = vector_field(
        vectors(
            (-1, 16, 8, 8, 4, 4, 0, 4), (-1, 8, 8, 4, 12, -8, 4, 4), (1, 16, 16, 24, 8, 99, 99, 4)
        ),
        16,
        32,
    )
    assert field[0, 0].tolist() == field[0, 1].tolist() == [1, 0]
    assert field[1, 0].tolist() == [-2, 1]
    assert covered.tolist() == [
        [True, True, False, False],
        [True, False, False, False],
    ]  # list 1 is the future: left out


def test_blocks_outside_of_the_picture_land_on_no_cell() -> None:
    field, covered = vector_field(
        vectors(
            # across the right edge: the second cell is outside
            (-1, 16, 8, 32, 4, 4, 0, 4),
            # beside the picture, far and near, and below it
            (-1, 16, 16, 48, 8, 8, 8, 4),
            (-1, 16, 16, 4000, 8, 8, 8, 4),
            (-1, 8, 8, -4, 12, 8, 8, 4),
            (-1, 16, 16, 8, 24, 8, 8, 4),
            # across the upper left corner: three of the four cells are outside
            (-1, 16, 16, 0, 0, 0, 12, 4),
        ),
        16,
        32,
    )
    assert covered.tolist() == [[True, False, False, True], [False] * 4]
    assert field[0, 3].tolist() == [1, 0]
    assert field[0, 0].tolist() == [0, 3]
    assert not field[1].any()


def test_a_fraction_of_a_pixel_is_kept() -> None:
    """The last block has no scale, as from a damaged stream."""
    field, _ = vector_field(
        vectors((-1, 8, 8, 4, 4, -3, 5, 4), (-1, 8, 8, 12, 4, 1, 0, 3), (-1, 8, 8, 20, 4, 7, 2, 0)),
        8,
        24,
    )
    assert field[0].tolist() == [[-0.75, 1.25], [np.float32(1 / 3), 0], [7, 2]]


def test_displacement_turns_the_sign_averages_and_divides_by_the_distance() -> None:
    # one 16x16 cell: three 8x8 blocks point (-6, 4), (-6, 4), (-12, 8) to their source; one is
    # intra; distance 2 frames
    field = np.array([[[-6, 4], [-6, 4]], [[-12, 8], [0, 0]]], np.float32)
    covered = np.array([[True, True], [True, False]])
    # mean vector (-8, 16/3); displacement -(-8, 16/3) / 2
    assert np.allclose(displacement(field, covered, 2)[0, 0], [4, -8 / 3])


def test_each_cell_has_its_own_distance() -> None:
    field = np.full((2, 4, 2), -6, np.float32)
    distance = np.array([[1, 1, 3, 3]] * 2)
    assert displacement(field, np.ones((2, 4), bool), distance)[0].tolist() == [[6, 6], [2, 2]]


def test_a_cell_without_vectors_is_exactly_zero() -> None:
    field, covered = vector_field(None, 20, 20)
    assert field.shape == (3, 3, 2)
    moved = displacement(field, covered, 1)
    assert moved.shape == (2, 2, 2)
    assert moved.tobytes() == np.zeros_like(moved).tobytes()


def test_the_example_of_area_weights() -> None:
    assert np.allclose(area_weights(3, 2), [[2 / 3, 1 / 3, 0], [0, 1 / 3, 2 / 3]])


@given(st.integers(1, 40), st.integers(1, 40))
def test_area_weights_keep_a_constant(source: int, target: int) -> None:
    assert np.allclose(area_weights(source, target).sum(axis=1), 1, atol=1e-6)


def test_motion_means_the_same_at_every_resolution() -> None:
    """A pan across a quarter of the width in 10 frames, seen at 320x240 and at 1920x1440."""
    small = standardise(np.full((1, 15, 20, 2), 8.0), 240, 320)
    large = standardise(np.full((1, 90, 120, 2), 48.0), 1440, 1920)
    assert small.shape == large.shape == (1, 16, 21, 2)
    assert np.allclose(small, large)
    assert np.allclose(small, 8 * 256 / 240)


def test_a_tall_picture_keeps_its_short_side_at_16_cells() -> None:
    assert standardise(np.zeros((2, 80, 45, 2)), 1280, 720).shape == (2, 28, 16, 2)
    assert standardise(np.zeros((2, 1, 400, 2)), 4, 6400).shape == (2, 16, 128, 2)
