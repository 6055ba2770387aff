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
