"""Clip probabilities to tags."""

import numpy as np

from scsampler_cli.aggregate import mean, top


def test_the_mean_over_clips() -> None:
    probabilities = np.array([[0.8, 0.2], [0.4, 0.6]], np.float32)
    assert np.allclose(mean(probabilities), [0.6, 0.4])
    assert mean(probabilities).dtype == np.float32


def test_tags_are_best_first_with_ties_in_label_order() -> None:
    assert top(np.array([0.25, 0.5, 0.25]), ["a", "b", "c"], 2) == [("b", 0.5), ("a", 0.25)]
    assert len(top(np.array([1.0]), ["a"], 5)) == 1
