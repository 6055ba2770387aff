"""How sure it is that a video shows its best tag at all."""

import numpy as np
import pytest

from scsampler_cli.selection.confidence import CLEAR, OTHERS, SALIENT, confidence, with_segments


def rows(*values: tuple[float, ...]) -> np.ndarray:
    return np.array(values, np.float32)


def of(probabilities: np.ndarray, *, is_salient: bool = True, background: int | None = 2) -> float:
    return confidence(probabilities, 0, 0.75, background=background, is_salient=is_salient)


def test_the_example_of_the_docstring() -> None:
    assert of(rows((0.6, 0.2, 0.2), (0, 0.2, 0.8))) == pytest.approx(0.3)


def test_without_a_background_class_it_is_the_probability_of_the_tag() -> None:
    assert of(rows((0.6, 0.2, 0.2)), background=None) == 0.75


def test_of_many_clips_the_best_count() -> None:
    """A video of ten clips with the action and a thousand without shows it."""
    clips = rows(*[(0.9, 0.0, 0.1)] * SALIENT, *[(0.0, 0.0, 1.0)] * 1000)
    assert of(clips) == pytest.approx(0.9)


def test_of_clips_that_nothing_chose_two_are_enough() -> None:
    clips = rows(*[(0.9, 0.0, 0.1)] * OTHERS, *[(0.0, 0.0, 1.0)] * 8)
    assert of(clips, is_salient=False) == pytest.approx(0.9)
    assert of(clips, is_salient=True) == pytest.approx(0.18)


def test_fewer_clips_than_that_all_count() -> None:
    assert of(rows((0.5, 0.0, 0.5)), is_salient=False) == pytest.approx(0.5)


def test_a_clear_segment_is_surer_than_the_mean_over_clips() -> None:
    assert with_segments(0.3, [0.6, 0.9]) == 0.9
    assert with_segments(0.3, [CLEAR]) == CLEAR
    assert with_segments(0.95, [0.9]) == 0.95


@pytest.mark.parametrize("weak", [[], [0.6], [0.79, 0.5]])
def test_weak_segments_do_not_change_it(weak: list[float]) -> None:
    assert with_segments(0.3, weak) == 0.3
