"""The confidence below which a video is unsure: hand-worked cases."""

import numpy as np
import pytest

from scsampler_cli.train.calibrate import Answers
from scsampler_cli.train.confidence_limit import LEAST_VIDEOS, MOST, auroc, confidence_limit


def answers(of_classes: list[float], of_background: list[float]) -> Answers:
    """One clip a video, of one class and background; numbers are probabilities of the class."""
    p = np.array([*of_classes, *of_background])
    labels = np.array([0] * len(of_classes) + [1] * len(of_background))
    log_p = np.log(np.stack([p, 1 - p], axis=1))
    return Answers(log_p, labels, np.arange(len(p)))


def test_the_limit_loses_six_percent_of_the_right_tags() -> None:
    confidences = [0.4, *np.linspace(0.425, 0.905, 49).tolist()]
    found = confidence_limit(answers(confidences, [0.05] * 20), 1.0, 1)
    # three of fifty are below it
    assert found["min_probability"] == 0.44
    assert found["confidence"]["kept"] == pytest.approx(0.94)
    assert found["confidence"]["false"] == 0.0
    assert found["confidence"]["auroc"] == 1.0


def test_the_limit_has_a_bound() -> None:
    found = confidence_limit(answers([0.9] * 20, [0.05] * 20), 1.0, 1)
    assert found["min_probability"] == MOST


def test_the_curve_counts_false_and_kept_tags() -> None:
    found = confidence_limit(answers([0.9] * 10, [0.1] * 5 + [0.6] * 5), 1.0, 1)["confidence"]
    curve = {limit: (false, kept) for limit, false, kept in found["curve"]}
    assert curve[0.05] == (1.0, 1.0)
    assert curve[0.5] == (0.5, 1.0)
    assert curve[0.65] == (0.0, 1.0)
    assert curve[0.95] == (0.0, 0.0)
    assert (found["class_videos"], found["background_videos"]) == (10, 10)


def test_too_few_videos_set_no_limit() -> None:
    few = LEAST_VIDEOS - 1
    assert confidence_limit(answers([0.9] * few, [0.1] * 20), 1.0, 1) == {}
    assert confidence_limit(answers([0.9] * 20, [0.1] * few), 1.0, 1) == {}


def test_videos_that_are_tagged_wrong_do_not_lower_the_limit() -> None:
    """Of two classes; the second class is taken for the first with little confidence."""
    rows = np.array([[0.8, 0.1, 0.1]] * 20 + [[0.12, 0.1, 0.78]] * 5 + [[0.01, 0.01, 0.98]] * 10)
    labels = np.array([0] * 20 + [1] * 5 + [2] * 10)
    found = confidence_limit(Answers(np.log(rows), labels, np.arange(len(rows))), 1.0, 2)
    assert found["min_probability"] == MOST
    assert found["confidence"]["kept"] == 0.8


def test_the_area_under_the_curve() -> None:
    assert auroc(np.array([3.0, 1.0]), np.array([2.0, 1.0])) == 2.5 / 4
