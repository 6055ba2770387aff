"""The best clips that are not the same thing twice."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from scsampler_cli.config import SelectionSettings
from scsampler_cli.selection.diversity import spread_out
from scsampler_cli.selection.scores import ClipScores
from scsampler_cli.selection.strategies import combined_rank, select

SCENES = np.repeat(np.eye(3), 4, axis=0).astype(np.float32)


# a video of 100 clips in two scenes; the list has ten clips of the first, then ten of the second
TWO = np.repeat(np.eye(2), 50, axis=0).astype(np.float32)
LIST = [*range(10), *range(90, 100), *range(10, 90)]


def test_clips_of_other_scenes_go_before_clips_like_taken_ones() -> None:
    found = spread_out(LIST, TWO, 4)
    assert found[:2] == [0, 90]
    # all others follow in the order of the list
    assert found[4:] == [clip for clip in LIST if clip not in found[:4]]


def test_a_much_better_clip_goes_before_another_scene() -> None:
    # the second scene begins at place 80 of 100
    found = spread_out(range(100), np.repeat(np.eye(2), [80, 20], axis=0).astype(np.float32), 5)
    assert max(found[:5]) < 80


def test_where_all_pictures_are_the_same_clips_are_spread_over_time() -> None:
    assert spread_out(LIST, np.ones((100, 2), np.float32), 2)[:2] == [0, 90]


def test_a_clip_without_a_picture_is_taken_like_any_other() -> None:
    features = np.array([[1, 0], [np.nan, np.nan], [0, 1]], np.float32)
    assert sorted(spread_out([1, 0, 2], features, 2)) == [0, 1, 2]
    assert spread_out([1, 0, 2], features, 1)[0] == 1


@given(st.permutations(range(8)), st.integers(1, 10), st.integers(0, 5))
def test_it_only_changes_the_order(order: list[int], k: int, seed: int) -> None:
    features = np.random.default_rng(seed).standard_normal((8, 2)).astype(np.float32)
    found = spread_out(order, features, k)
    assert sorted(found) == list(range(8))
    assert found[0] == order[0]
    assert spread_out(order, features, k) == found


def test_a_strategy_takes_clips_of_several_scenes() -> None:
    # ten clips with one score, as where clips share a picture, and ten others a little below
    visual = np.full(100, 0.1, np.float32)
    visual[:10], visual[90:] = 0.9, 0.8
    scores = ClipScores(np.arange(100), 100, visual)
    plain = select(scores, SelectionSettings(strategy="visual", k=4))
    assert plain.clips.tolist() == [0, 1, 2, 3]
    settings = SelectionSettings(strategy="visual", k=4, diverse=True)
    chosen = select(scores, settings, TWO)
    assert chosen.clips[:2].tolist() == [0, 90]
    # the reason is the place in the list of the sampler
    assert chosen.reasons[:2] == ("visual #1", "visual #11")
    ranks = combined_rank(scores, settings, chosen)
    assert np.argsort(ranks)[:4].tolist() == chosen.clips.tolist()


def test_the_union_list_keeps_its_share_of_the_visual_list() -> None:
    visual = np.linspace(1, 0, 12, dtype=np.float32)
    scores = ClipScores(np.arange(12), 12, visual, audio=visual[::-1].copy())
    settings = SelectionSettings(strategy="av-union-list", k=3, k_visual=1, diverse=True)
    chosen = select(scores, settings, SCENES)
    # all clips in the order of the strategy: one of the visual list, then those of the audio list
    assert chosen.reasons[0] == "visual #1"
    assert all(reason.startswith("audio") for reason in chosen.reasons[1:])
