"""Every combination scheme of Sec. 3.3.3, worked by hand."""

import numpy as np
import pytest

from scsampler_cli.config import FeatureSettings, SelectionSettings
from scsampler_cli.selection.baselines import uniform
from scsampler_cli.selection.ranking import ranks, top_k
from scsampler_cli.selection.scores import ClipScores, smoothed
from scsampler_cli.selection.strategies import candidates, combined_rank, select

NAN = float("nan")


def scores(
    visual: list[float] | None,
    audio: list[float] | None,
    clips: list[int] | None = None,
    count: int = 0,
) -> ClipScores:
    length = len(visual if visual is not None else audio or [])
    index = np.array(clips if clips is not None else range(length), np.int64)
    arrays = [
        None if values is None else np.array(values, np.float32) for values in (visual, audio)
    ]
    return ClipScores(index, count or length, *arrays)


# The example of the docstrings: visual list 3 0 2 1, audio list 0 1 3 2.
EXAMPLE = scores([0.7, 0.1, 0.4, 0.9], [0.9, 0.8, 0.2, 0.5])


def taken(found: ClipScores, strategy: str, k: int, **more: object) -> list[int]:
    return select(found, SelectionSettings(strategy=strategy, k=k, **more)).clips.tolist()  # type: ignore[arg-type]


def test_top_k_is_best_first_with_ties_to_the_earlier() -> None:
    assert top_k(np.array([0.2, 0.9, 0.9, 0.5]), 3).tolist() == [1, 2, 3]
    assert ranks(np.array([0.2, 0.9, 0.9, 0.5])).tolist() == [3, 0, 1, 2]
    assert top_k(np.array([NAN, 0.1, NAN]), 3).tolist() == [1]


def test_union_takes_k_visual_clips_then_different_audio_ones() -> None:
    chosen = select(EXAMPLE, SelectionSettings(strategy="av-union-list", k=3, k_visual=2))
    assert chosen.clips.tolist() == [3, 0, 1]
    assert chosen.reasons == ("visual #1", "visual #2", "audio #2")
    assert chosen.notes == ()


def test_union_with_the_papers_numbers_takes_8_and_2() -> None:
    rng = np.random.default_rng(0)
    found = scores(rng.random(50).tolist(), rng.random(50).tolist())
    reasons = select(found, SelectionSettings()).reasons
    assert [reason.split()[0] for reason in reasons] == ["visual"] * 8 + ["audio"] * 2


def test_intersection_grows_m_and_breaks_a_double_step_by_mean_rank() -> None:
    assert taken(EXAMPLE, "av-intersect-list", 1) == [0]
    assert taken(EXAMPLE, "av-intersect-list", 2) == [0, 3]
    assert taken(EXAMPLE, "av-intersect-list", 3) == [0, 3, 1]  # 1 and 2 enter together at m = 4
    assert select(EXAMPLE, SelectionSettings(strategy="av-intersect-list", k=1)).reasons == (
        "in both top 2",
    )


def test_convex_list_averages_ranks() -> None:
    assert taken(EXAMPLE, "av-convex-list", 4, alpha=0.8) == [3, 0, 2, 1]  # 0.4, 0.8, 2.2, 2.6
    assert taken(EXAMPLE, "av-convex-list", 4, alpha=0.0) == [0, 1, 3, 2]
    assert taken(EXAMPLE, "av-convex-list", 4, alpha=0.5) == [0, 3, 1, 2]  # 0.5, 1, 2, 2.5


def test_convex_score_averages_scores() -> None:
    assert taken(scores([0.5, 0.9], [1.0, 0.0]), "av-convex-score", 2, alpha=0.5) == [0, 1]
    assert taken(scores([0.5, 0.9], [1.0, 0.0]), "av-convex-score", 2, alpha=0.9) == [1, 0]


def test_single_lists() -> None:
    assert taken(EXAMPLE, "visual", 2) == [3, 0]
    assert taken(EXAMPLE, "audio", 2) == [0, 1]


def test_uniform_takes_the_middle_of_equal_parts() -> None:
    assert uniform(8, SelectionSettings(k=3)).tolist() == [1, 4, 6]
    assert uniform(3, SelectionSettings(k=10)).tolist() == [0, 1, 2]
    assert uniform(100, SelectionSettings(k=1)).tolist() == [50]


def test_empirical_follows_the_histogram() -> None:
    settings = SelectionSettings(strategy="empirical", k=5, histogram=(0.0, 1.0, 0.0, 0.0))
    assert taken(
        scores([0.0] * 40, None), "empirical", 5, histogram=(0.0, 1.0, 0.0, 0.0)
    ) == sorted(select(scores([0.0] * 40, None), settings).clips.tolist())
    for seed in range(20):
        clips = taken(
            scores([0.0] * 40, None), "empirical", 5, seed=seed, histogram=(0.0, 1.0, 0.0, 0.0)
        )
        assert all(10 <= clip < 20 for clip in clips)
    assert taken(scores([0.0] * 4, None), "empirical", 4, histogram=(1.0, 0.0)) == [0, 1, 2, 3]


def test_random_depends_on_the_seed_alone() -> None:
    one = taken(scores([0.1] * 100, None), "random", 10, seed=1)
    assert one == taken(scores([0.9] * 100, None), "random", 10, seed=1)
    assert one != taken(scores([0.1] * 100, None), "random", 10, seed=2)


def test_dense_takes_everything_even_unscored_clips() -> None:
    assert taken(scores([0.5], None, clips=[0], count=6), "dense", 2) == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    "strategy", ["av-union-list", "av-intersect-list", "av-convex-list", "av-convex-score"]
)
@pytest.mark.parametrize("audio", [None, [NAN] * 4])
def test_without_sound_the_picture_decides_and_it_is_said(
    strategy: str, audio: list[float] | None
) -> None:
    chosen = select(scores([0.7, 0.1, 0.4, 0.9], audio), SelectionSettings(strategy=strategy, k=3))
    assert chosen.clips.tolist() == [3, 0, 2]
    assert ["no audio scores" in note for note in chosen.notes] == (
        [] if audio is None else [True]
    ), "of the video"


@pytest.mark.parametrize("visual", [None, [NAN] * 4])
def test_without_picture_the_sound_decides_and_it_is_said(visual: list[float] | None) -> None:
    chosen = select(
        scores(visual, [0.9, 0.8, 0.2, 0.5]), SelectionSettings(strategy="av-convex-list", k=2)
    )
    assert chosen.clips.tolist() == [0, 1]
    assert ["no visual scores" in note for note in chosen.notes] == (
        [] if visual is None else [True]
    ), "of the video"


def test_with_nothing_scored_clips_are_uniform_and_it_is_said() -> None:
    chosen = select(scores([NAN] * 8, [NAN] * 8), SelectionSettings(k=3))
    assert chosen.clips.tolist() == [1, 4, 6]
    assert "uniformly" in chosen.notes[0]


def test_a_silent_clip_is_judged_by_its_picture() -> None:
    """Clip 3 has no sound: its visual rank 0 is its audio rank, too: first in both lists."""
    found = scores([0.7, 0.1, 0.4, 0.9], [0.9, 0.8, 0.2, NAN])
    assert taken(found, "av-convex-list", 2) == [3, 0]
    assert taken(found, "av-convex-score", 1, alpha=0.5) == [3]  # 0.9 alone; clip 0 has 0.8
    assert taken(found, "av-intersect-list", 1) == [3]
    assert taken(found, "av-union-list", 2, k_visual=1) == [3, 0]


def test_the_union_fills_up_by_picture_when_the_sound_runs_out() -> None:
    chosen = select(
        scores([0.9, 0.8, 0.7, 0.6], [NAN, NAN, NAN, 0.1]),
        SelectionSettings(strategy="av-union-list", k=4, k_visual=1),
    )
    assert chosen.clips.tolist() == [0, 3, 1, 2]
    assert chosen.reasons == ("visual #1", "audio #1", "visual #2", "visual #3")


@pytest.mark.parametrize("strategy", ["visual", "audio"])
def test_a_strategy_of_one_sampler_goes_by_no_other(strategy: str) -> None:
    values = {
        strategy: [0.2, NAN, 0.9, NAN],
        "audio" if strategy == "visual" else "visual": [0.9, 1.0, 0.1, 0.8],
    }
    chosen = select(
        scores(values["visual"], values["audio"]), SelectionSettings(strategy=strategy, k=3)
    )
    assert chosen.clips.tolist() == [2, 0, 1]
    assert chosen.reasons == (f"{strategy} #1", f"{strategy} #2", "not scored")
    assert chosen.notes == ("2 clips could not be scored: they come last",)


def test_what_a_combination_lost_of_some_clips_is_said() -> None:
    found = select(scores([0.7, NAN, 0.4, NAN], [0.9, 0.8, NAN, NAN]), SelectionSettings(k=4))
    assert found.notes == (
        "1 clip could not be scored: they come last",
        "1 clip without audio scores: ranked by visual scores alone",
        "1 clip without visual scores: ranked by audio scores alone",
    )


def test_the_union_without_a_picture_says_that_the_sound_chose() -> None:
    chosen = select(scores(None, [0.9, 0.8, 0.2, 0.5]), SelectionSettings(k=3))
    assert [reason.split()[0] for reason in chosen.reasons] == ["audio"] * 3


def test_a_clip_stride_maps_positions_back_to_clips() -> None:
    found = scores([0.2, 0.9, 0.5], None, clips=[0, 4, 8], count=11)
    assert taken(found, "visual", 2) == [4, 8]


def test_combined_rank_begins_with_the_selection() -> None:
    for strategy in (
        "av-union-list",
        "av-intersect-list",
        "av-convex-list",
        "av-convex-score",
        "visual",
        "audio",
    ):
        settings = SelectionSettings(strategy=strategy, k=2)
        order = np.argsort(combined_rank(EXAMPLE, settings)).tolist()
        assert order[:2] == select(EXAMPLE, settings).clips.tolist()
        assert sorted(order) == [0, 1, 2, 3]


def test_a_clip_that_neither_sampler_knows_is_last() -> None:
    assert taken(scores([0.2, NAN, 0.9, 0.5], None), "visual", 4) == [2, 3, 0, 1]
    assert taken(scores(None, [0.2, NAN, 0.9, 0.5]), "av-convex-list", 4) == [2, 3, 0, 1]


def by_packets(
    packets: list[float], audio: list[float] | None = None, visual: list[float] | None = None
) -> ClipScores:
    arrays = [
        None if values is None else np.array(values, np.float32)
        for values in (visual, audio, packets)
    ]
    return ClipScores(np.arange(len(packets)), len(packets), *arrays)


def test_packets_rank_alone_and_what_they_do_not_know_comes_last() -> None:
    """Neither picture nor sound fills their gaps: they were not asked."""
    chosen = select(
        by_packets([0.2, NAN, 0.9, 0.5], [0.9] * 4, [0.9] * 4),
        SelectionSettings(strategy="packets", k=4),
    )
    assert chosen.clips.tolist() == [2, 3, 0, 1]
    assert chosen.reasons == ("packets #1", "packets #2", "packets #3", "not scored")
    assert chosen.notes == ("1 clip could not be scored: they come last",)
    nothing = select(by_packets([NAN] * 4), SelectionSettings(strategy="packets", k=2))
    assert nothing.reasons == ("uniform", "uniform")
    assert nothing.notes


def test_candidates_go_by_packets_and_with_sound_by_the_union_list() -> None:
    assert candidates(by_packets([0.9, 0.1, 0.8, 0.2]), 2).clips.tolist() == [0, 2]
    sound = candidates(by_packets([0.9, 0.1, 0.8, 0.2, 0.7], [0.1, 0.9, 0.1, 0.1, 0.1]), 3)
    assert sound.clips.tolist() == [0, 2, 1]  # K' is round(0.8 * 3) = 2
    assert candidates(by_packets([NAN] * 4), 2).notes[0].startswith("first stage: ")


def test_scores_of_some_clips_keep_their_values_and_count() -> None:
    some = by_packets([0.9, 0.1, 0.8], visual=[0.5, 0.6, 0.7]).among(np.array([0, 2]))
    assert some.clips.tolist() == [0, 2]
    assert some.packets is not None
    assert some.packets.tolist() == pytest.approx([0.9, 0.8])
    assert some.visual is not None
    assert some.visual.tolist() == pytest.approx([0.5, 0.7])
    assert some.audio is None
    assert some.clip_count == 3


def test_a_score_is_steadied_by_the_clips_beside_it() -> None:
    values = np.array([0.0, 0.8, 0.4, 1.0, np.nan, 0.6], np.float32)
    found = smoothed(values, np.array([0, 1, 2, 5, 6, 7]))
    assert found == pytest.approx([0.8 / 3, 0.5, 1.6 / 3, 1.0, np.nan, 0.6], nan_ok=True)
    assert smoothed(np.array([0.3], np.float32), np.array([4])) == pytest.approx([0.3])
    strided = np.array([0.1, 0.9, 0.5], np.float32)
    assert np.array_equal(
        smoothed(strided, np.array([0, 2, 4])), strided
    )  # none beside it was scored


def test_only_a_single_p_frame_needs_its_neighbours() -> None:
    assert FeatureSettings().smoothed
    assert not FeatureSettings(p_frames=0).smoothed
    assert not FeatureSettings(p_frames=4).smoothed
    assert not FeatureSettings(inputs=("rgb", "md"), p_frames=4).smoothed
    assert FeatureSettings(inputs=("rgb", "md")).smoothed
    # a picture shows all of its scene, an I-frame only a moment
    assert not FeatureSettings(inputs=("rgb", "mel")).smoothed
    assert FeatureSettings(inputs=("if",), p_frames=4).smoothed
