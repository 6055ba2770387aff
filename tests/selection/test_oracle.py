"""Video accuracy from scores and ClipProbs, worked by hand."""

from dataclasses import replace

import numpy as np

from scsampler_cli.selection.oracle import ScoredVideo, accuracy, is_right, oracle, selected_by
from scsampler_cli.selection.scores import ClipScores


def known(target: int, visual: list[float], probabilities: list[list[float]]) -> ScoredVideo:
    scores = ClipScores(
        np.arange(len(visual), dtype=np.int64),
        len(visual),
        np.array(visual, np.float32),
        audio=None,
    )
    return ScoredVideo(target, scores, np.array(probabilities, np.float32))


SEEN = known(0, [0.1, 0.9, 0.2, 0.3], [[0.2, 0.8], [0.9, 0.1], [0.3, 0.7], [0.3, 0.7]])
MISSED = known(1, [0.9, 0.2, 0.3, 0.1], [[0.9, 0.1], [0.8, 0.2], [0.9, 0.1], [0.4, 0.6]])


def test_the_oracle_goes_by_the_true_label() -> None:
    assert oracle(SEEN.probabilities, 0, 2).tolist() == [1, 2]
    assert selected_by(MISSED, "oracle", 1).tolist() == [3]


def test_a_video_is_right_when_the_mean_is() -> None:
    assert is_right(SEEN, np.array([1]))
    assert not is_right(SEEN, np.array([0, 1, 2, 3]))


def test_background_is_not_what_a_video_is_compared_with() -> None:
    """Clips (0.3, 0.1, 0.6) and (0.1, 0.2, 0.7): mean of the classes 0.4 : 0.3."""
    video = known(0, [0.1, 0.2], [[0.3, 0.1, 0.6], [0.1, 0.2, 0.7]])
    assert not is_right(video, np.array([0, 1]))
    with_background = replace(video, background=2)
    assert is_right(with_background, np.array([0, 1]))
    assert not is_right(with_background, np.array([1]))
    assert not is_right(replace(with_background, target=1), np.array([0, 1]))
    # the oracle goes by f_y, with a background class or without
    assert selected_by(with_background, "oracle", 1).tolist() == [0]
    # a first column that is background does not win where all classes are 0
    nothing = known(1, [0.1], [[1.0, 0.0, 0.0]])
    assert is_right(replace(nothing, background=0), np.array([0]))


def test_accuracy_is_the_share_of_videos() -> None:
    videos = [SEEN, MISSED]
    assert accuracy(videos, "visual", 1) == 0.5
    assert accuracy(videos, "dense", 1) == 0
    assert accuracy(videos, "oracle", 1) == 1
    assert np.isnan(accuracy([], "dense", 1))
