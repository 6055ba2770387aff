"""A search chooses among the clips that a keyframe shows where there are enough of them."""

import numpy as np
import pytest

from scsampler_cli.selection.compared_clips import ENOUGH, compared


@pytest.mark.parametrize("k", [1, 10])
def test_others_are_left_out_from_twenty_clips_for_each_of_k(k: int) -> None:
    served = np.arange(50 * k) % 5 < 2
    assert served.sum() == ENOUGH * k
    assert compared(served, k).tolist() == served.tolist()

    served[0] = False
    assert compared(served, k).all()


def test_a_short_video_is_searched_whole() -> None:
    assert compared(np.ones(3, bool), 10).tolist() == [True] * 3
    assert compared(np.zeros(500, bool), 10).all()
