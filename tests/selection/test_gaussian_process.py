"""The Gaussian process row by row is the one of the textbook."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scsampler_cli.selection.clip_kernel import LENGTH, TIME_LENGTH, ClipKernel
from scsampler_cli.selection.gaussian_process import GaussianProcess


class _Matrix:
    """A kernel that is a matrix."""

    def __init__(self, values: np.ndarray) -> None:
        self.values = values

    def __len__(self) -> int:
        return len(self.values)

    def row(self, clip: int) -> np.ndarray:
        return self.values[clip]


def test_the_example_of_the_docstring() -> None:
    process = GaussianProcess(_Matrix(np.array([[1.0, 0.5], [0.5, 1.0]])), 1.0)
    process.add(0)
    assert process.mean(np.array([2.0])).tolist() == pytest.approx([1.0, 0.5])
    assert (process.deviation**2).tolist() == pytest.approx([0.5, 0.875])


def test_nothing_is_believed_before_the_first_observation() -> None:
    process = GaussianProcess(_Matrix(np.eye(3)), 0.1)
    assert process.mean(np.zeros(0)).tolist() == [0, 0, 0]
    assert process.deviation.tolist() == [1, 1, 1]


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10_000), asked=st.integers(1, 8), noise=st.sampled_from([1e-3, 0.1, 1]))
def test_it_is_the_solution_of_the_linear_equations(seed: int, asked: int, noise: float) -> None:
    random = np.random.default_rng(seed)
    kernel = ClipKernel(random.standard_normal((12, 5)).astype(np.float32))
    matrix = np.stack([kernel.row(clip) for clip in range(12)])
    at = random.permutation(12)[:asked]
    values = random.standard_normal(asked)
    process = GaussianProcess(kernel, noise)
    for clip in at.tolist():
        process.add(clip)

    weights = np.linalg.solve(matrix[np.ix_(at, at)] + noise * np.eye(asked), matrix[at])
    assert process.mean(values) == pytest.approx(values @ weights, abs=1e-6)
    variance = 1 - (matrix[at] * weights).sum(axis=0)
    assert process.deviation**2 == pytest.approx(variance, abs=1e-6)


def test_a_clip_without_a_value_yet_changes_the_deviation_alone() -> None:
    kernel = _Matrix(np.array([[1, 0.5, 0.2], [0.5, 1, 0.4], [0.2, 0.4, 1]]))
    one, two = GaussianProcess(kernel, 0.1), GaussianProcess(kernel, 0.1)
    one.add(0)
    two.add(0)
    two.add(2)
    assert two.mean(np.array([3.0])).tolist() == one.mean(np.array([3.0])).tolist()
    assert two.deviation[2] < one.deviation[2]


def test_clips_are_alike_by_their_picture_and_their_time() -> None:
    # pictures: two the same, one opposite; without what all share, the first two stay the same
    kernel = ClipKernel(np.array([[1, 0], [1, 0], [0, 1], [0, 1]], np.float32))
    row = kernel.row(0)
    # clips 0 and 1 of 4 are a quarter of the video apart
    assert row[1] == pytest.approx(np.exp(-(0.25**2) / (2 * TIME_LENGTH**2)))
    # opposite vectors of length 1 have the distance 2
    assert row[2] == pytest.approx(np.exp(-4 / (2 * LENGTH**2) - 0.5**2 / (2 * TIME_LENGTH**2)))
    assert row[0] == 1


def test_a_clip_without_a_picture_is_as_far_from_all_others() -> None:
    features = np.array([[1, 0], [np.nan, np.nan], [0, 1]], np.float32)
    # the vector 0 has the distance 1 from vectors of length 1
    away = -1 / (2 * LENGTH**2) - (1 / 3 / TIME_LENGTH) ** 2 / 2
    assert ClipKernel(features).row(1).tolist() == pytest.approx([np.exp(away), 1, np.exp(away)])


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_it_is_a_covariance_whatever_is_unknown(share: float) -> None:
    random = np.random.default_rng(1)
    features = random.standard_normal((40, 3)).astype(np.float32)
    features[random.random(40) < share] = np.nan
    kernel = ClipKernel(features)
    matrix = np.stack([kernel.row(clip) for clip in range(40)])
    assert np.linalg.eigvalsh(matrix).min() > -1e-5


@pytest.mark.parametrize("features", [np.ones((3, 4)), np.zeros((3, 4)), np.full((3, 4), np.nan)])
def test_where_all_pictures_are_the_same_only_time_counts(features: np.ndarray) -> None:
    kernel = ClipKernel(features.astype(np.float32))
    assert kernel.row(0).tolist() == pytest.approx(
        np.exp(-((np.arange(3) / 3 / TIME_LENGTH) ** 2) / 2).tolist()
    )
