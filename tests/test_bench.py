"""The evaluator, on scores and probabilities worked by hand."""

import numpy as np
import pytest

from scsampler_cli.bench import Evaluated, tabulate
from scsampler_cli.scores import ClipScores


def video(target: int, visual: list[float], probabilities: list[list[float]]) -> Evaluated:
    clips = np.arange(len(visual), dtype=np.int64)
    scores = ClipScores(clips, len(visual), np.array(visual, np.float32), None)
    return Evaluated(target, scores, np.array(probabilities, np.float32), 0.4, 8.0)


VIDEOS = [
    # the action is in clip 1 alone; the sampler sees it, dense evaluation is outvoted
    video(0, [0.1, 0.9, 0.2, 0.3], [[0.2, 0.8], [0.9, 0.1], [0.3, 0.7], [0.3, 0.7]]),
    # the classifier is wrong everywhere but in clip 3, which the sampler does not like
    video(1, [0.9, 0.2, 0.3, 0.1], [[0.9, 0.1], [0.8, 0.2], [0.9, 0.1], [0.4, 0.6]]),
]


def test_rows_are_what_the_hand_says() -> None:
    rows = {row["strategy"]: row for row in tabulate(VIDEOS, k=1)}
    assert rows["visual"]["accuracy"] == 0.5  # right, wrong
    assert rows["dense"]["accuracy"] == 0.0
    assert rows["oracle"]["accuracy"] == 1.0
    assert rows["visual"]["clips_per_video"] == 1
    assert rows["dense"]["clips_per_video"] == 4
    assert rows["visual"]["seconds_per_video"] == pytest.approx(0.4 + 8 / 4)
    assert rows["dense"]["seconds_per_video"] == pytest.approx(8)
    assert rows["uniform"]["seconds_per_video"] == pytest.approx(2)
    assert rows["oracle"]["seconds_per_video"] == pytest.approx(8)


def test_with_all_clips_every_strategy_is_dense() -> None:
    rows = tabulate(VIDEOS, k=4)
    assert {row["accuracy"] for row in rows} == {0.0}
