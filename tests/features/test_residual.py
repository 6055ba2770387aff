"""Motion compensation with a known answer."""

import numpy as np
import pytest

from scsampler_cli.features.reference import closest_reference
from scsampler_cli.features.residual import residual as residual_of
from tests.synthetic import pan, texture


def planes(picture: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(picture.transpose(2, 0, 1)).astype(np.float32)


def residual(
    frame: np.ndarray, references: list[np.ndarray], vectors: np.ndarray, height: int, width: int
) -> tuple[np.ndarray, np.ndarray]:
    """RGB-R, and the reference chosen for each cell."""
    after, before = planes(frame), [planes(reference) for reference in references]
    tall, wide = height // frame.shape[0], width // frame.shape[1]
    large = [np.kron(p[..., 1], np.ones((tall, wide), np.uint8)) for p in (frame, *references)]
    choice = closest_reference(large[0], large[1:], vectors)
    used = np.flatnonzero(np.bincount(choice.ravel()))
    slots = np.searchsorted(used, choice)
    return residual_of(
        after,
        [before[i] for i in used],
        vectors,
        choice=slots,
        coded_height=height,
        coded_width=width,
    ), choice


def field(height: int, width: int, x: float, y: float) -> np.ndarray:
    return np.broadcast_to(np.float32([x, y]), (-(-height // 8), -(-width // 8), 2)).copy()


def test_a_perfect_vector_leaves_nothing_away_from_the_edge() -> None:
    before, after = pan(2, 5, -3, 96, 128)
    left, choice = residual(after, [before], field(96, 128, -5, 3), 96, 128)
    assert left.dtype == np.int8
    assert np.abs(left[4:-4, 6:-6]).max() == 0
    assert not choice.any()


def test_without_motion_it_is_the_frame_difference() -> None:
    before, after = texture(40, 56, 1), texture(40, 56, 2)
    left, _ = residual(after, [before], field(40, 56, 0, 0), 40, 56)
    assert np.array_equal(left, np.clip(after.astype(int) - before, -128, 127))


def test_half_a_pixel_is_the_mean_of_two() -> None:
    before = np.zeros((16, 16, 3), np.uint8)
    before[:, 8:] = 100
    left, _ = residual(np.zeros_like(before), [before], field(16, 16, 0.5, 0), 16, 16)
    assert left[0, 6:9, 0].tolist() == [0, -50, -100]


def test_halves_are_rounded_to_the_even_number() -> None:
    before = np.zeros((16, 16, 3), np.uint8)
    # half way between the columns: 0.5, 2, 3.5, 4
    before[:, 7:] = [[[1], [3], [4], [4], [4], [4], [4], [4], [4]]]
    left, _ = residual(np.zeros_like(before), [before], field(16, 16, 0.5, 0), 16, 16)
    assert left[0, 6:10].tolist() == [[0] * 3, [-2] * 3, [-4] * 3, [-4] * 3]


def test_colours_keep_their_order() -> None:
    frame = np.full((16, 24, 3), (30, 20, 10), np.uint8)
    left, _ = residual(frame, [np.zeros_like(frame)], field(16, 24, 0, 0), 16, 24)
    assert left[3, 5].tolist() == [30, 20, 10]
    assert left.flags.c_contiguous


def test_vectors_scale_with_a_smaller_picture() -> None:
    before, after = pan(2, 8, 4, 192, 256)
    small_before, small_after = before[::2, ::2], after[::2, ::2]
    left, _ = residual(small_after, [small_before], field(192, 256, -8, -4), 192, 256)
    assert np.abs(left[4:, 8:]).max() == 0


def test_the_reference_that_explains_a_block_is_found() -> None:
    """The left half moved since the older reference only: its vector makes sense there alone."""
    older, nearest = texture(64, 128, 1), texture(64, 128, 2)
    frame = nearest.copy()
    frame[:, 4:64] = older[:, :60]
    vectors = field(64, 128, 0, 0)
    vectors[:, :8, 0] = -4
    left, choice = residual(frame, [nearest, older], vectors, 64, 128)
    assert choice[:, 1:7].all()
    assert not choice[:, 9:].any()
    assert np.abs(left[:, 8:58]).max() == 0


@pytest.mark.parametrize("noise", [0, 1])
def test_the_nearest_reference_wins_a_near_tie(noise: int) -> None:
    rng = np.random.default_rng(0)
    picture = texture(32, 32)
    frame = np.clip(picture + rng.integers(-noise, noise + 1, picture.shape), 0, 255).astype(
        np.uint8
    )
    _, choice = residual(frame, [picture, frame], field(32, 32, 0, 0), 32, 32)
    assert not choice.any()
