"""aggr and the list of tags, by hand."""

import numpy as np
import pytest

from scsampler_cli.config import AGGREGATES, AnswerSettings
from scsampler_cli.errors import SettingsError
from scsampler_cli.selection import aggregate

CLIPS = np.array([[0.9, 0.1], [0.5, 0.5], [0.3, 0.7]], np.float32)


def test_mean() -> None:
    found = aggregate.mean(np.array([[0.5, 0.5], [1.0, 0.0]], np.float32))
    assert found.tolist() == [0.75, 0.25]
    assert found.dtype == np.float32


@pytest.mark.parametrize(
    ("how", "m", "expected"),
    [
        ("mean", 5, [1.7 / 3, 1.3 / 3]),
        ("max", 5, [0.9, 0.7]),
        ("top-mean", 2, [0.7, 0.6]),
        ("top-mean", 9, [1.7 / 3, 1.3 / 3]),
        ("log-mean", 5, [0.135 ** (1 / 3) / (0.135 ** (1 / 3) + 0.035 ** (1 / 3)),
                         0.035 ** (1 / 3) / (0.135 ** (1 / 3) + 0.035 ** (1 / 3))]),
    ],
)  # fmt: skip
def test_each_way_by_hand(how: str, m: int, expected: list[float]) -> None:
    assert aggregate.combine(CLIPS, how, m) == pytest.approx(np.array(expected), abs=1e-6)


def test_of_several_labels_the_log_mean_is_a_plain_geometric_mean() -> None:
    assert aggregate.combine(CLIPS, "log-mean", multi_label=True) == pytest.approx(
        np.array([0.135, 0.035]) ** (1 / 3), abs=1e-6
    )


def test_one_clip_that_rules_a_class_out_does_not_make_it_undefined() -> None:
    found = aggregate.log_mean(np.array([[0.0, 1.0], [1.0, 0.0]], np.float32))
    assert found.tolist() == [0.5, 0.5]


@pytest.mark.parametrize("how", AGGREGATES)
def test_one_clip_speaks_for_itself(how: str) -> None:
    assert aggregate.combine(CLIPS[:1], how) == pytest.approx(CLIPS[0], abs=1e-6)


SHARED = np.array([[0.6, 0.2, 0.2], [0.0, 0.2, 0.8]], np.float32)
"""Two clips of the classes a and b and of background, which is last."""
ONLY_BACKGROUND = np.array([[0.0, 0.0, 1.0], [0.0, 0.0, 1.0]], np.float32)


@pytest.mark.parametrize(
    ("how", "m", "expected"),
    [
        # the weights are 0.8 and 0.2, the clips given a class (0.75, 0.25) and (0, 1)
        ("mean", 5, [0.8 * 0.75 + 0.2 * 0.0, 0.8 * 0.25 + 0.2 * 1.0, 0]),
        ("max", 5, [0.6, 0.2, 0]),
        ("top-mean", 1, [0.6, 0.2, 0]),
        ("top-mean", 2, [0.3, 0.2, 0]),
    ],
)
def test_a_clip_of_background_counts_as_little_as_it_is(
    how: str, m: int, expected: list[float]
) -> None:
    found = aggregate.combine(SHARED, how, m, background=2)
    assert found == pytest.approx(np.array(expected), abs=1e-6)
    assert found.dtype == np.float32
    # the same with the background class first
    first = aggregate.combine(np.roll(SHARED, 1, axis=1), how, m, background=0)
    assert first == pytest.approx(np.roll(found, 1), abs=1e-7)


def test_the_log_mean_is_weighted_by_what_is_not_background() -> None:
    clips = np.array([[0.4, 0.4, 0.2], [0.04, 0.16, 0.8]], np.float32)
    # given a class: (0.5, 0.5) with weight 0.8, and (0.2, 0.8) with weight 0.2
    a, b = 0.5**0.8 * 0.2**0.2, 0.5**0.8 * 0.8**0.2
    assert aggregate.combine(clips, "log-mean", background=2) == pytest.approx(
        np.array([a / (a + b), b / (a + b), 0]), abs=1e-6
    )


@pytest.mark.parametrize("how", AGGREGATES)
def test_nothing_but_background_says_nothing_about_the_classes(how: str) -> None:
    found = aggregate.combine(ONLY_BACKGROUND, how, background=2)
    assert found.tolist() == [0, 0, 0]
    # such a clip among others changes the mean and the log-mean as little as no clip
    if how in ("mean", "log-mean"):
        mixed = np.concatenate([ONLY_BACKGROUND, SHARED[:1]])
        alone = aggregate.combine(SHARED[:1], how, background=2)
        assert aggregate.combine(mixed, how, background=2) == pytest.approx(alone, abs=1e-6)


@pytest.mark.parametrize("how", AGGREGATES)
def test_a_background_class_without_probability_changes_nothing(how: str) -> None:
    clips = np.concatenate([CLIPS, np.zeros((3, 1), np.float32)], axis=1)
    found = aggregate.combine(clips, how, background=2)
    assert found[:2] == pytest.approx(aggregate.combine(CLIPS, how), abs=1e-6)


def test_background_is_no_tag_and_has_a_share() -> None:
    found = aggregate.top(np.float32([0.6, 0, 0.4]), ["a", "background", "b"], 9, background=1)
    assert [label for label, _ in found] == ["a", "b"]
    assert aggregate.background_share(SHARED, 2) == pytest.approx(0.5)
    assert aggregate.background_share(SHARED, None) is None
    # all zero: the order of the labels, without the background class
    assert aggregate.best_first(np.zeros(3, np.float32), 0).tolist() == [1, 2]


def test_top_breaks_ties_by_the_order_of_labels() -> None:
    found = aggregate.top(np.array([0.2, 0.4, 0.4], np.float32), ["a", "b", "c"], 2)
    assert [label for label, _ in found] == ["b", "c"]
    assert len(aggregate.top(np.array([1.0], np.float32), ["a"], 5)) == 1


def test_settings_without_effect_or_sense_are_refused() -> None:
    with pytest.raises(SettingsError, match="top_m has no effect"):
        AnswerSettings(top_m=3)
    for temperature in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(SettingsError, match="temperature"):
            AnswerSettings(temperature=temperature)
    assert AnswerSettings(aggregate="top-mean").m == 5


EVEN = np.array([[0.9, 0.1], [0.6, 0.4], [0.6, 0.4]], np.float32)


def test_odds_ratios_compare_a_clip_with_the_others() -> None:
    # worked by hand in the docstring
    found = np.exp(aggregate.log_odds_ratios(EVEN))
    assert found[:, 0].tolist() == pytest.approx([9 / (0.575 / 0.425), 1.1087, 1.1087], abs=1e-3)
    assert found[:, 1].tolist() == pytest.approx([0.1503, 0.9020, 0.9020], abs=1e-3)
    assert aggregate.odds_mean(EVEN).tolist() == pytest.approx([0.8195, 0.1805], abs=1e-3)


def test_one_telling_clip_outweighs_the_habit_of_the_classifier() -> None:
    # nine clips tend to class a, as they always do; one clearly shows class b
    clips = np.array([[0.7, 0.15, 0.15]] * 9 + [[0.02, 0.97, 0.01]], np.float32)
    assert aggregate.mean(clips).argmax() == 0
    assert aggregate.odds_mean(clips).argmax() == 1


def test_a_video_that_shows_one_class_throughout_keeps_it() -> None:
    clips = np.array([[0.9, 0.05, 0.05]] * 9 + [[0.3, 0.6, 0.1]], np.float32)
    assert aggregate.odds_mean(clips).argmax() == 0


def test_certain_answers_have_finite_odds() -> None:
    clips = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]], np.float32)
    found = aggregate.odds_mean(clips)
    assert np.isfinite(found).all()
    assert found.sum() == pytest.approx(1)
    assert found.argmax() == 0


def test_odds_of_labels_that_do_not_exclude_each_other_are_averaged() -> None:
    # odds 9 and 1 of the first label: 5, which is the probability 5/6
    clips = np.array([[0.9, 0.5], [0.5, 0.5]], np.float32)
    found = aggregate.odds_mean(clips, multi_label=True)
    assert found.tolist() == pytest.approx([5 / 6, 0.5])
