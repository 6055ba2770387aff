"""What is known of every clip by answers on all, or on a few: hand-worked cases."""

import numpy as np
import pytest

from scsampler_cli.selection.aggregate import log_odds_ratios
from scsampler_cli.selection.evidence import (
    LEAST_SHARE,
    PRIOR,
    Answered,
    most_alike,
    of_answers,
    of_pictures,
    of_saliency,
    unanswered,
)

BACKGROUND = 2


def rows(*values: tuple[float, ...]) -> np.ndarray:
    return np.array(values, np.float32)


def test_answers_of_a_classifier_with_a_background_class_are_the_evidence() -> None:
    answered = Answered((0, 2), rows((0.7, 0.2, 0.1), (0.1, 0.1, 0.8)), background=BACKGROUND)
    assert answered.columns.tolist() == [0, 1]
    expected = [[0.7, 0.2], [0, 0], [0.1, 0.1]]
    assert of_answers(answered, 3) == pytest.approx(np.array(expected))


def test_the_background_may_be_any_column() -> None:
    answered = Answered((0,), rows((0.1, 0.7, 0.2)), background=0)
    assert answered.columns.tolist() == [1, 2]
    assert of_answers(answered, 1) == pytest.approx(np.array([[0.7, 0.2]]))


def test_answers_of_several_labels_are_the_evidence() -> None:
    answered = Answered((0, 1), rows((0.9, 0.8), (0.1, 0.0)), multi_label=True)
    assert of_answers(answered, 2) == pytest.approx(np.array([[0.9, 0.8], [0.1, 0.0]]))


def test_without_a_background_class_answers_are_compared_with_the_habit() -> None:
    """Of four clips three get the habitual answer, which speaks for nothing."""
    answers = rows((0.6, 0.4), (0.6, 0.4), (0.6, 0.4), (0.05, 0.95))
    answered = Answered((0, 1, 2, 3), answers)
    column = answered.columns.tolist().index(1)
    evidence = of_answers(answered, 4)[:, column]
    # a clip like the others is about as probable as PRIOR says
    odds = np.exp(PRIOR + log_odds_ratios(answers)[:, 1])
    assert evidence == pytest.approx(odds / (1 + odds))
    assert evidence[0] < 0.3 < 0.5 < evidence[3]


def test_classes_with_a_small_share_are_not_looked_for() -> None:
    answers = rows((0.9, 0.05, 0.05), (0.34, 0.33, 0.33), (0.34, 0.33, 0.33))
    answered = Answered((0, 1, 2), answers)
    assert 0 in answered.columns
    assert len(answered.columns) < 3
    assert LEAST_SHARE < 1 / 3


def test_with_a_sampler_only_classes_of_the_selected_clips_are_looked_for() -> None:
    """The classifier says the second class wherever the sampler sees nothing."""
    even = rows(*[(0.9, 0.1)] * 3, *[(0.3, 0.7)] * 3, *[(0.1, 0.9)] * 3)
    assert Answered(range(9), even).columns.tolist() == [0, 1]
    assert Answered(range(9), even, selected=even[:3]).columns.tolist() == [0]


def test_the_best_class_is_looked_for_however_many_classes_there_are() -> None:
    """With eight equal classes no one has the least share."""
    answered = Answered((0,), np.full((1, 8), 1 / 8, np.float32))
    assert len(answered.columns) >= 1


def test_the_example_of_saliency() -> None:
    answered = Answered((0,), rows((0.6, 0.3, 0.1)), background=BACKGROUND)
    evidence = of_saliency(answered, np.array([0.9, 0.4, 0.0, 0.9]))
    assert evidence == pytest.approx(np.array([[0.6, 0.3], [0.4, 0.2], [0, 0], [0, 0]]), abs=1e-6)


def test_a_clip_has_the_class_of_the_nearest_answer_in_its_part() -> None:
    answered = Answered((4, 0), rows((0, 1, 0), (1, 0, 0)), background=BACKGROUND)
    evidence = of_saliency(answered, np.ones(5))
    # clip 2 is as near to both: the earlier answer counts
    assert evidence.argmax(axis=1).tolist() == [0, 0, 0, 1, 1]


def test_a_clip_without_a_score_ends_a_part() -> None:
    answered = Answered((0,), rows((1, 0, 0)), background=BACKGROUND)
    evidence = of_saliency(answered, np.array([1, np.nan, 1]))
    assert evidence[:, 0].tolist() == [1, 0, 0]


def test_parts_without_an_answer_are_asked_about_the_best_first() -> None:
    saliency = np.array([0.5, 0.6, 0, 0.9, 0.8, 0, 0.7, np.nan])
    assert unanswered((), saliency) == [3, 6, 1]
    assert unanswered((4,), saliency) == [6, 1]
    assert unanswered((0, 4, 6), saliency) == []


def test_what_looks_alike_has_the_answer_of_the_other() -> None:
    """Two scenes that alternate; one clip of each was answered."""
    scenes = np.array([[1.0, 0.0], [0.0, 1.0]] * 6, np.float32)
    answered = Answered((0, 1), rows((0.95, 0.05), (0.3, 0.7)))
    evidence = of_pictures(answered, scenes)
    column = answered.columns.tolist().index(0)
    first, second = evidence[2::2, column], evidence[3::2, column]
    assert (first[:3] > second[:3]).all()


def test_far_from_all_answers_only_the_prior_is_known() -> None:
    """The answered clip and those at the end have nothing in common, and are far apart."""
    pictures = np.zeros((400, 2), np.float32)
    pictures[:200, 0] = 1
    pictures[200:, 1] = 1
    answered = Answered((0, 1), rows((0.9, 0.1), (0.8, 0.2)))
    column = answered.columns.tolist().index(0)
    last = of_pictures(answered, pictures)[-1, column]
    prior = 1 / (1 + np.exp(-PRIOR))
    assert last == pytest.approx(prior, abs=0.02)


def test_a_clip_without_a_picture_is_still_near_in_time() -> None:
    pictures = np.array([[1, 0], [np.nan, np.nan], [0, 1]], np.float32)
    evidence = of_pictures(Answered((0,), rows((0.9, 0.1, 0.0)), background=BACKGROUND), pictures)
    assert np.isfinite(evidence).all()


def test_the_most_alike_of_some_clips() -> None:
    scenes = np.array([[1.0, 0.0], [0.0, 1.0], [0.9, 0.1], [0.1, 0.9]], np.float32)
    assert most_alike(scenes, 2, (0, 1)) == 0
    assert most_alike(scenes, 3, (0, 1)) == 1
