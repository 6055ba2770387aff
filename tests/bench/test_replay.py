"""The evaluator, on scores and probabilities worked by hand."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scsampler_cli.bench.replay import (
    Strategy,
    make_strategy,
    paired_difference,
    positions,
    replay,
    selected_clips,
)
from scsampler_cli.bench.run_data import SamplerFacts
from scsampler_cli.config import STRATEGIES
from tests.bench.making import MD, SOUND, costs, run, video

# the action is in clip 1 alone; the sampler sees it, dense evaluation is outvoted
SEEN = video(
    0,
    [[0.2, 0.8], [0.9, 0.1], [0.3, 0.7], [0.3, 0.7]],
    [0.1, 0.9, 0.2, 0.3],
    [0.5, 0.1, 0.9, 0.2],
    vectors=np.eye(4).tolist(),
)
# the classifier is wrong everywhere but in clip 3, which the sampler does not like
MISSED = video(
    1,
    [[0.9, 0.1], [0.8, 0.2], [0.9, 0.1], [0.4, 0.6]],
    [0.9, 0.2, 0.3, 0.1],
    [0.9, 0.8, 0.1, 0.2],
    vectors=np.eye(4).tolist(),
)
BOTH = SamplerFacts("both", (MD, SOUND))
EYE = SamplerFacts("eye", (MD,))


def top1(kind: str, k: int, sampler: SamplerFacts = BOTH, **more: object) -> float:
    return replay(
        run([SEEN, MISSED], (MD, SOUND)), make_strategy(kind, kind, k, sampler=sampler, **more)
    ).top1  # type: ignore[arg-type]


def test_accuracies_are_what_the_hand_says() -> None:
    assert top1("visual", 1) == 50  # clip 1: right; clip 0: wrong
    assert top1("audio", 1) == 0  # clips 2 and 0
    assert top1("dense", 1) == 0
    assert top1("oracle", 1) == 100  # clips 1 and 3
    assert top1("oracle", 2) == 50  # (0.6, 0.4): right; (0.6, 0.4): wrong
    assert top1("av-union-list", 2, k_visual=1) == 50  # 1 and 2: (0.6, 0.4); 0 and 1: wrong


def test_background_counts_as_little_as_it_is() -> None:
    """Three clips of background, one of the action: Dense is right only where that is known."""
    rows = [[0.01, 0.09, 0.9], [0.7, 0.2, 0.1], [0.01, 0.09, 0.9], [0.0, 0.1, 0.9]]
    plain = video(0, rows, [0.1, 0.9, 0.1, 0.1])
    known = replace(plain, background=2)
    assert replay(run([plain]), make_strategy("dense", "dense", 1)).top1 == 0
    found = replay(run([known]), make_strategy("dense", "dense", 1))
    assert (found.top1, found.run.classes) == (100, 2)
    # the oracle selects by f_y, as without such a class
    best = make_strategy("oracle", "oracle", 2)
    assert selected_clips(known, best).tolist() == selected_clips(plain, best).tolist()


@pytest.mark.parametrize("kind", [kind for kind in STRATEGIES if kind != "empirical"])
def test_with_as_many_clips_as_there_are_every_strategy_is_dense(kind: str) -> None:
    for k in (4, 100):
        assert top1(kind, k, aggregate="mean") == top1("dense", k)


def test_dense_with_one_clip_is_the_classifiers_own_answer() -> None:
    videos = [
        video(t, [row], [0.5]) for t, row in ((0, [0.7, 0.3]), (0, [0.4, 0.6]), (1, [0.4, 0.6]))
    ]
    found = replay(run(videos), make_strategy("dense", "dense", 10))
    assert found.hits().tolist() == [1, 0, 1]
    assert found.accuracy()[0] == pytest.approx(200 / 3)


def test_the_first_of_equal_scores_is_taken() -> None:
    tie = video(0, [[0.2, 0.8], [0.9, 0.1]], [0.5, 0.5])
    assert selected_clips(tie, make_strategy("visual", "visual", 1, sampler=EYE)).tolist() == [0]


def test_without_sound_every_combination_goes_by_the_picture() -> None:
    deaf = video(0, [[0.2, 0.8], [0.9, 0.1], [0.3, 0.7]], [0.1, 0.9, 0.2], [math.nan] * 3)
    for kind in (
        "av-union-list",
        "av-intersect-list",
        "av-convex-list",
        "av-convex-score",
        "visual",
        "audio",
    ):
        assert selected_clips(deaf, make_strategy(kind, kind, 1, sampler=BOTH)).tolist() == [1]


def test_random_is_the_mean_over_seeds_and_says_its_spread() -> None:
    found = replay(run([SEEN, MISSED]), make_strategy("random", "random", 1, draws=200))
    by_draw = (found.label_ranks < 1).mean(axis=0)
    assert found.label_ranks.shape == (2, 200)
    assert found.top1 == pytest.approx(100 * by_draw.mean())
    assert found.spread == pytest.approx(100 * by_draw.std(ddof=1))
    assert found.top1 == pytest.approx(25, abs=6)  # one clip of four is right in each
    assert len({tuple(c.tolist()) for c in found.clips[0]}) == 4  # seeds differ
    assert replay(run([SEEN]), make_strategy("uniform", "uniform", 1, draws=5)).spread is None


def test_videos_of_one_length_do_not_get_the_same_random_places() -> None:
    found = replay(run([SEEN, SEEN, SEEN, SEEN]), make_strategy("random", "random", 2, draws=30))
    assert len({tuple(tuple(c.tolist()) for c in draws) for draws in found.clips}) == 4
    assert (
        found.clips[0][0].tolist()
        == selected_clips(SEEN, make_strategy("random", "random", 2)).tolist()
    )  # as `classify` with seed 0


def test_a_video_of_which_nothing_decodes_is_wrong() -> None:
    dark = video(0, [[math.nan, math.nan], [0.9, 0.1]], [0.9, 0.1])
    assert replay(run([dark]), make_strategy("visual", "visual", 1, sampler=EYE)).top1 == 0
    assert replay(run([dark]), make_strategy("dense", "dense", 1)).top1 == 100


@given(st.data())
def test_no_strategy_is_surer_of_the_truth_than_the_oracle(data: st.DataObject) -> None:
    """By construction, no selection has a larger mean f_y than the oracle's clips."""
    clips = data.draw(st.integers(1, 12))
    unit = st.floats(0, 1, width=32)
    worth = data.draw(st.lists(unit, min_size=clips, max_size=clips))
    scores = [data.draw(st.lists(unit, min_size=clips, max_size=clips)) for _ in range(2)]
    vectors = np.eye(clips).tolist()
    known = video(0, [[p, 1 - p] for p in worth], *scores, vectors=vectors)
    k = data.draw(st.integers(1, 14))
    best = known.probabilities[selected_clips(known, make_strategy("", "oracle", k)), 0].mean()
    for kind in STRATEGIES:
        if kind == "dense" and k < clips:
            continue  # takes more than K
        more = {"histogram": (1.0, 2.0)} if kind == "empirical" else {}
        taken = selected_clips(known, make_strategy("", kind, k, sampler=BOTH, **more))
        assert len(taken) == len(set(taken.tolist())) == min(k, clips)
        assert known.probabilities[taken, 0].mean() <= best + 1e-6


def test_only_every_nth_clip_is_scored() -> None:
    known = video(0, [[0.5, 0.5]] * 6, [0.1, 0.9, 0.2, 0.8, 0.3, 0.7])
    strategy = make_strategy("", "visual", 2, sampler=EYE, clip_stride=2)
    assert selected_clips(known, strategy).tolist() == [4, 2]


def test_seconds_and_multiply_adds_are_counted() -> None:
    """Four clips of 16 frames in one GOP; rates of `making.costs`."""
    found = replay(
        run([SEEN], (MD, SOUND), costs()),
        make_strategy("", "av-union-list", 1, sampler=BOTH, k_visual=1),
    )
    assert found.clips[0][0].tolist() == [1]
    spent = found.seconds()
    assert spent is not None
    assert spent["read"] == pytest.approx(0.001 * 64 + 4 * (0.1 + 0.03))
    assert spent["score"] == pytest.approx(4 * (0.02 + 0.01))
    assert spent["decode"] == pytest.approx(0.01 * 32 + 0.002 * 16)  # frames 0-31 to see 16-31
    assert spent["classify"] == pytest.approx(0.5)
    assert spent["total"] == pytest.approx(
        sum(spent[stage] for stage in ("read", "score", "decode", "classify"))
    )
    assert found.gmacs() == pytest.approx(10 + 0.5 * (4 * 4 + 4))
    dense = replay(run([SEEN], (MD,), costs()), make_strategy("", "dense", 1))
    assert dense.seconds()["total"] == pytest.approx(0.064 + 0.64 + 0.128 + 2)  # type: ignore[index]
    assert dense.gmacs() == pytest.approx(40)
    oracle = replay(run([SEEN], (MD,), costs()), make_strategy("", "oracle", 1))
    assert oracle.seconds() == dense.seconds()  # it must know all clips before it can choose
    assert oracle.gmacs() == dense.gmacs()


def test_nothing_is_said_where_nothing_was_measured() -> None:
    found = replay(run([SEEN]), make_strategy("", "dense", 1))
    assert found.seconds() is None


def test_the_difference_is_paired() -> None:
    """Both are right on half of the videos: an unpaired bootstrap would differ by chance."""
    videos = [SEEN, MISSED] * 20
    same = run(videos)
    first = replay(same, make_strategy("", "visual", 1, sampler=EYE))
    assert paired_difference(first, replay(same, make_strategy("", "visual", 1, sampler=EYE))) == (
        0,
        0,
        0,
    )
    gain, low, high = paired_difference(first, replay(same, make_strategy("", "dense", 1)))
    assert gain == 50
    assert 25 < low < 50 < high < 75


def test_positions_are_the_middles_of_clips() -> None:
    found = positions([SEEN], [[np.array([0, 3])]])
    assert found.tolist() == [0.125, 0.875]


def test_a_strategy_without_scores_needs_no_network() -> None:
    blind = video(0, [[0.9, 0.1]] * 3)
    assert selected_clips(
        blind, Strategy("", make_strategy("", "uniform", 2).selection)
    ).tolist() == [0, 2]
