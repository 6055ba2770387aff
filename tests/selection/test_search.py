"""The search: which clips it asks, and what it believes of the others."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scsampler_cli.selection.aggregate import odds_mean
from scsampler_cli.selection.clip_kernel import ClipKernel
from scsampler_cli.selection.search import EARLY_SEEDS, Search


def finished(search: Search, answers: np.ndarray) -> list[int]:
    """The clips that a search asks where the classifier gives these answers: float [L, C]."""
    asked: list[int] = []
    while len(clips := search.propose()):
        search.observe(clips, answers[clips].astype(np.float32))
        asked += clips.tolist()
    return asked


def random_video(length: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    features = random.standard_normal((length, 8)).astype(np.float32)
    return features, random.dirichlet(np.ones(4), length).astype(np.float32)


def test_the_first_clips_are_evenly_spaced_and_half_of_them_all() -> None:
    features, _ = random_video(100)
    assert Search(features, 10).propose().tolist() == [10, 30, 50, 70, 90]
    assert Search(features, 4).propose().tolist() == [25, 75]
    assert Search(features, 1).propose().tolist() == [50]
    # half of twenty would be asked before the search could stop
    assert len(Search(features, 20).propose()) == 10
    assert len(Search(features, 20, stops_early=True).propose()) == EARLY_SEEDS


def test_a_worked_example() -> None:
    # three scenes: clips 0-3, 4-7 and 8-11; the seeds of K = 4 are clips 3 and 9
    features = np.repeat(np.eye(3), 4, axis=0).astype(np.float32)
    search = Search(features, 4)
    assert search.propose().tolist() == [3, 9]
    search.observe(np.array([3, 9]), np.array([[0.5, 0.5], [0.5, 0.5]], np.float32))
    # the middle scene was not seen: its clip that is as far from one seed as from the other is next
    assert search.propose().tolist() == [6]
    search.observe(np.array([6]), np.array([[0.9, 0.1]], np.float32))
    confidence, deviation = search.belief()
    # the clips of that scene are believed to be like it, the others as before
    assert confidence[4:8].min() > 0.75
    assert confidence[[0, 11]].max() < 0.6
    assert deviation[6] < deviation[4] < 1
    assert search.asked[2].predicted == pytest.approx(0.5, abs=0.01)
    assert search.asked[2].observed == pytest.approx(0.9)
    assert [each.is_seed for each in search.asked] == [True, True, False]


def test_a_scene_whose_clips_say_nothing_is_left_alone() -> None:
    # ten scenes of ten clips, each with a picture of its own
    features = np.repeat(np.eye(10), 10, axis=0).astype(np.float32)
    answers = np.full((100, 2), 0.5)
    asked = finished(Search(features, 10), answers)
    assert {clip // 10 for clip in asked} == set(range(10))


def test_of_two_unknown_scenes_the_one_like_a_telling_clip_is_asked_first() -> None:
    # seeds of K = 4 in twelve clips are 3 and 9; only clip 9 tells something
    features = np.zeros((12, 4), np.float32)
    features[:4, 0] = features[8:, 1] = 1
    # two scenes between, as far from both seeds in time: one a little like clip 3, one like clip 9
    features[5] = (0.5, 0, 1, 0)
    features[7] = (0, 0.5, 0, 1)
    features[[4, 6]] = features[3], features[9]
    answers = np.tile([0.5, 0.5], (12, 1))
    answers[9] = (0.99, 0.01)
    search = Search(features, 4)
    clips = search.propose()
    search.observe(clips, answers[clips].astype(np.float32))
    assert search.propose().tolist() == [7]


@settings(max_examples=60, deadline=None)
@given(
    length=st.integers(1, 40),
    k=st.integers(1, 50),
    seed=st.integers(0, 1000),
    classes=st.integers(1, 5),
    kind=st.sampled_from(["random", "same", "zero", "nan", "some nan"]),
    failing=st.sampled_from([0.0, 0.3, 1.0]),
)
def test_contract(length: int, k: int, seed: int, classes: int, kind: str, failing: float) -> None:
    random = np.random.default_rng(seed)
    features = random.standard_normal((length, 3)).astype(np.float32)
    if kind in ("same", "zero"):
        features[:] = 1 if kind == "same" else 0
    elif kind != "random":
        features[random.random(length) < (1 if kind == "nan" else 0.5)] = np.nan
    answers = random.dirichlet(np.ones(classes), length)
    fails = random.random(length) < failing
    answers[fails] = np.nan

    search = Search(features, k)
    asked = finished(search, answers)
    assert len(set(asked)) == len(asked)  # never twice
    good = int((~fails[asked]).sum())
    bad = len(asked) - good
    assert good == k or bad >= min(k, 1) or len(asked) == length
    assert good <= k
    # enough answers, too many failures, or no clip left
    assert good == k or bad >= k or len(asked) == length
    assert [each.clip for each in search.asked] == asked
    assert [each.observed is None for each in search.asked] == fails[asked].tolist()
    assert len(search.answers) == good
    confidence, deviation = search.belief()
    assert confidence.shape == deviation.shape == (length,)
    assert ((deviation >= 0) & (deviation <= 1)).all()
    if good:
        assert ((confidence >= 0) & (confidence <= 1)).all()
        assert np.isfinite(odds_mean(search.answers)).all()
    # the same again
    assert finished(Search(features, k), answers) == asked


def test_a_clip_that_cannot_be_decoded_is_replaced() -> None:
    features, answers = random_video(50)
    plain = finished(Search(features, 6), answers)
    answers[plain[1]] = np.nan
    search = Search(features, 6)
    asked = finished(search, answers)
    assert len(asked) == 7
    assert len(search.answers) == 6
    assert search.asked[1].observed is None


def test_clips_without_a_picture_are_asked_last() -> None:
    features, answers = random_video(30)
    features[10:20] = np.nan
    answers[10:20] = np.nan
    search = Search(features, 12)
    finished(search, answers)
    # evenly spaced first clips fall there, too; no other clip does while there are better ones
    assert sum(each.observed is None for each in search.asked if not each.is_seed) == 0
    assert len(search.answers) == 12


def test_a_failed_clip_keeps_the_search_from_its_neighbours() -> None:
    features = np.ones((60, 4), np.float32)
    answers = np.tile([0.5, 0.5], (60, 1))
    plain = finished(Search(features, 4), answers)
    answers[plain[2]] = np.nan
    asked = finished(Search(features, 4), answers)
    assert min(abs(clip - plain[2]) for clip in asked if clip != plain[2]) > 3


def test_a_video_of_which_nothing_decodes_ends_after_k_clips() -> None:
    features, answers = random_video(1000)
    assert len(finished(Search(features, 10), np.full_like(answers, np.nan))) == 10


def test_the_scores_of_a_sampler_go_first() -> None:
    features, answers = random_video(60)
    scores = np.random.default_rng(1).random(60).astype(np.float32) / 2
    scores[20:26] = (0.9, 0.95, 0.91, 0.92, 0.93, 0.94)
    search = Search(features, 10, prior=scores)
    # no evenly spaced clips: the best one is asked alone
    assert search.propose().tolist() == [21]
    guided = finished(search, answers)
    assert {20, 21, 22, 23, 24, 25} <= set(guided)
    assert not any(each.is_seed for each in search.asked)
    assert search.asked[0].predicted is None
    assert search.asked[1].predicted is not None
    # a sampler that cannot tell clips apart changes nothing, and neither does one without scores
    plain = finished(Search(features, 10), answers)
    for nothing in (np.full(60, 0.3, np.float32), np.full(60, np.nan, np.float32)):
        assert finished(Search(features, 10, prior=nothing), answers) == plain


def test_only_the_order_of_a_samplers_scores_counts() -> None:
    features, answers = random_video(60)
    scores = np.random.default_rng(1).random(60).astype(np.float32)
    plain = finished(Search(features, 10, prior=scores), answers)
    assert finished(Search(features, 10, prior=scores**5), answers) == plain


def test_the_background_class_says_nothing() -> None:
    features, answers = random_video(40)
    with_background = np.column_stack([answers * 0.01, np.full(40, 0.99)])
    search = Search(features, 5, background=4)
    finished(search, with_background)
    assert max(each.observed or 0 for each in search.asked) <= 0.0101


def test_wrong_use_is_an_error() -> None:
    features, answers = random_video(10)
    for k in (0, 2.5, True, "auto"):
        with pytest.raises(ValueError, match="not a whole number"):
            Search(features, k)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="1 axes"):
        Search(features[0], 1)
    with pytest.raises(ValueError, match="prior"):
        Search(features, 1, prior=np.zeros(9))
    search = Search(features, 4)
    proposed = search.propose()
    assert search.propose().tolist() == proposed.tolist()  # until they are observed
    with pytest.raises(ValueError, match="one answer for each"):
        search.observe(proposed + 1, answers[proposed])
    with pytest.raises(ValueError, match="one answer for each"):
        search.observe(proposed, answers[:1])
    with pytest.raises(ValueError, match="probabilities"):
        search.observe(proposed, answers[: len(proposed)] * 30)
    # lists will do
    search.observe(proposed.tolist(), answers[: len(proposed)].tolist())  # type: ignore[arg-type]
    assert len(search.asked) == len(proposed)


def test_answers_may_come_in_any_order() -> None:
    features, answers = random_video(30)
    one, two = Search(features, 6), Search(features, 6)
    first = one.propose()
    one.observe(first, answers[first])
    two.propose()
    two.observe(first[::-1], answers[first[::-1]])
    assert one.propose().tolist() == two.propose().tolist()


def test_each_asked_clip_costs_one_row_of_the_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = []
    real = ClipKernel.row

    def counting(kernel: ClipKernel, clip: int) -> np.ndarray:
        rows.append(clip)
        return real(kernel, clip)

    monkeypatch.setattr(ClipKernel, "row", counting)
    features, answers = random_video(2000)
    assert finished(Search(features, 10), answers) == rows
