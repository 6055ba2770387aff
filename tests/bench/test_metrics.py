"""Places of the true label by hand; the bootstrap against its closed form."""

import math

import numpy as np
import pytest

from scsampler_cli.bench.metrics import RESAMPLES, bootstrap_interval, label_rank


def rows(*values: tuple[float, ...]) -> np.ndarray:
    return np.array(values, np.float32)


def test_the_mean_over_clips_decides() -> None:
    assert label_rank(rows((0.2, 0.8), (0.6, 0.4)), 0) == 1
    assert label_rank(rows((0.2, 0.8), (0.9, 0.1)), 0) == 0


def test_ties_go_to_the_earlier_label_as_in_the_tags() -> None:
    assert label_rank(rows((0.25, 0.5, 0.25)), 0) == 1
    assert label_rank(rows((0.25, 0.5, 0.25)), 2) == 2
    assert label_rank(rows((0.5, 0.5)), 1) == 1


def test_background_is_no_tag() -> None:
    """(0.3, 0.2, 0.5) without background last: 0.6 and 0.4."""
    assert label_rank(rows((0.3, 0.2, 0.5)), 0) == 1
    assert label_rank(rows((0.3, 0.2, 0.5)), 0, 2) == 0
    assert label_rank(rows((0.5, 0.2, 0.3)), 1, 0) == 1
    # in nothing but background, all classes are equal
    assert label_rank(rows((1.0, 0.0, 0.0)), 2, 0) == 1


def test_clips_that_could_not_be_decoded_do_not_count() -> None:
    nothing = (math.nan, math.nan)
    assert label_rank(rows(nothing, (0.1, 0.9)), 1) == 0
    assert label_rank(rows(nothing, nothing), 0) is None


def test_one_class_is_always_right() -> None:
    assert label_rank(rows((1.0,), (1.0,)), 0) == 0


@pytest.mark.parametrize(("count", "right"), [(60, 48), (200, 130), (1000, 30)])
def test_the_interval_is_the_binomial_ones(count: int, right: int) -> None:
    """The mean of n resampled values of 0 or 1 is Binomial(n, p) / n, with its quantiles."""
    p = right / count
    mass = [math.comb(count, k) * p**k * (1 - p) ** (count - k) for k in range(count + 1)]
    below = np.cumsum(mass)
    wanted = [int(np.searchsorted(below, q)) / count for q in (0.025, 0.975)]
    low, high = bootstrap_interval(np.repeat([1.0, 0.0], [right, count - right]))
    # the error of a quantile of 2000 draws is about this; and a step of the binomial is 1 / n
    slack = 1 / count + 3 * math.sqrt(0.025 * 0.975 / RESAMPLES) / (
        0.058 / math.sqrt(p * (1 - p) / count)
    )
    assert low == pytest.approx(wanted[0], abs=slack)
    assert high == pytest.approx(wanted[1], abs=slack)


def test_it_is_repeatable_and_degenerates_well() -> None:
    values = np.array([1.0, 0.0, 1.0, 1.0])
    assert bootstrap_interval(values) == bootstrap_interval(values)
    assert bootstrap_interval(np.ones(7)) == (1.0, 1.0)
    assert bootstrap_interval(np.array([0.0])) == (0.0, 0.0)
    assert all(math.isnan(end) for end in bootstrap_interval(np.zeros(0)))


def test_many_videos_are_resampled_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The memory bound changes nothing but the order of the draws' making."""
    values = np.repeat([1.0, 0.0], [300, 100])
    whole = bootstrap_interval(values)
    monkeypatch.setattr("scsampler_cli.bench.metrics._MAX_DRAWN", 1000)
    assert bootstrap_interval(values) == whole
