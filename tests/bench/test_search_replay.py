"""On real videos: a replayed search asks the clips that a live one asks, and has its tag."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from scsampler_cli.bench import run_folder
from scsampler_cli.bench.asked_clips import asked_rounds, compared_clips, joined
from scsampler_cli.bench.bench_models import Models
from scsampler_cli.bench.live_check import LiveRun, tag_live
from scsampler_cli.bench.metrics import label_rank
from scsampler_cli.bench.model_list import assemble
from scsampler_cli.bench.plan import Data, Plan, ReportOptions
from scsampler_cli.bench.run_data import PICTURES, Run, SamplerFacts, Tagging, VideoData
from scsampler_cli.bench.strategy import Strategy, make_strategy
from scsampler_cli.bench.strategy_costs import StrategyCosts
from scsampler_cli.bench.summary import summarise
from scsampler_cli.classifiers.base import InputSpec
from scsampler_cli.config import FeatureSettings
from scsampler_cli.datasets.example import Example
from scsampler_cli.model_zoo.weights_info import WeightsInfo
from scsampler_cli.samplers.picture_features import ImageNetFeatures
from tests.bench.test_measure import Brightness, collect, context, measured_videos, never, sampler
from tests.output.searching import FRAMES, write
from tests.synthetic import pan, write_video

PLAN = Plan(k=3)


def scenes(seed: int) -> list[np.ndarray]:
    """24 scenes of half a second, some brighter than others; five look alike but for that."""
    light = np.random.default_rng(seed).uniform(0.2, 1.5, 24)
    frames = []
    for at, share in enumerate(light):
        frames += [
            np.minimum(frame * share, 255).astype(np.uint8)
            for frame in pan(13, 2, 1, 64, 96, seed=100 * seed + at % 5)
        ]
    return frames


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> list[Example]:
    folder = tmp_path_factory.mktemp("scenes")
    keyframes = {"g": "26", "bf": "2", "keyint_min": "26", "sc_threshold": "0"}
    return [
        Example(write_video(folder / f"v{seed}.mp4", scenes(seed), options=keyframes), label, "val")
        for seed, label in ((1, "right"), (2, "down"))
    ]


def loaded(main: bool = True, tagging: Tagging | None = None) -> Models:
    networks = [sampler("md", "shufflenet26", 2, 1)] if main else []
    return assemble(
        Brightness(),
        "float32",
        networks,
        others={},
        joint=[],
        single=[],
        pictures=ImageNetFeatures(torch.device("cpu"), torch.float32),
        tagging=tagging,
    )


@pytest.fixture(scope="module")
def measured(
    examples: list[Example], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Models, list[VideoData]]:
    models = loaded()
    where = context(tmp_path_factory.mktemp("cache"))
    return models, list(measured_videos(examples, models, where, never))


def search(facts: SamplerFacts) -> Strategy:
    return make_strategy("", "search", 6)


def with_prior(facts: SamplerFacts) -> Strategy:
    return make_strategy("", "search", 6, sampler=facts)


def auto(facts: SamplerFacts) -> Strategy:
    return make_strategy("", "search", 12, stops_early=True)


def sampler_auto(facts: SamplerFacts) -> Strategy:
    return make_strategy("", "visual", 12, sampler=facts, stops_early=True)


def diverse(facts: SamplerFacts) -> Strategy:
    return make_strategy("", "visual", 5, sampler=facts, diverse=True)


@pytest.mark.parametrize("make", [search, with_prior, auto, sampler_auto, diverse])
def test_a_replay_asks_what_a_live_run_asks(
    measured: tuple[Models, list[VideoData]], make: Callable[[SamplerFacts], Strategy]
) -> None:
    models, videos = measured
    strategy = make(models.samplers[0])
    for video in videos:
        live = tag_live(Path(video.path), models, FeatureSettings(), how=LiveRun.of(strategy))
        rounds = asked_rounds(video, strategy)
        clips = joined(rounds)
        assert live["clips"] == clips.tolist()
        assert len(clips) >= 4
        # all but the first round of a search have one clip
        assert {len(each) for each in rounds[1:]} <= {1}
        assert strategy.is_asked or len(rounds) == 1
        tag = models.classifier.labels.index(live["label"])
        probabilities = video.probabilities[clips]
        assert label_rank(probabilities, tag, aggregate=strategy.aggregate) == 0


class Lit(Brightness):
    """For clips of the damaged video."""

    name, spec = "lit", InputSpec(FRAMES, crop=(32, 32))
    weights = WeightsInfo("lit", "d" * 64)


def test_a_clip_that_cannot_be_decoded_is_replaced_as_in_a_live_run(tmp_path: Path) -> None:
    strategy = make_strategy("", "search", 4)
    damaged = 3
    path = write(tmp_path / "damaged.mp4", damaged=damaged)
    models = assemble(
        Lit(),
        "float32",
        [],
        others={},
        joint=[],
        single=[],
        pictures=ImageNetFeatures(torch.device("cpu"), torch.float32),
    )
    where = context(tmp_path / "cache")
    (video,) = measured_videos([Example(path, "right", "val")], models, where, never)
    assert np.isnan(video.probabilities).any(axis=1).nonzero()[0].tolist() == [damaged]
    live = tag_live(path, models, FeatureSettings(), how=LiveRun.of(strategy))
    clips = joined(asked_rounds(video, strategy))
    assert live["clips"] == clips.tolist()
    assert damaged in clips
    assert len(clips) == 5


def test_diverse_and_prior_change_what_is_asked(
    measured: tuple[Models, list[VideoData]],
) -> None:
    models, videos = measured
    facts = models.samplers[0]

    def asked(strategy: Strategy) -> list[list[int]]:
        return [joined(asked_rounds(video, strategy)).tolist() for video in videos]

    assert asked(make_strategy("", "visual", 5, sampler=facts)) != asked(diverse(facts))
    assert asked(search(facts)) != asked(with_prior(facts))


def test_pictures_are_looked_at_once(examples: list[Example], tmp_path: Path) -> None:
    models = loaded()
    seen: list[int] = []
    look = models.pictures.of_inputs  # type: ignore[union-attr]

    def counted(pictures: torch.Tensor) -> np.ndarray:
        seen.append(len(pictures))
        return look(pictures)

    models.pictures.of_inputs = counted  # type: ignore[union-attr,method-assign]
    first = list(measured_videos(examples, models, context(tmp_path), never))
    assert sum(seen) == sum(video.input_counts[PICTURES] for video in first)
    assert [video.clips for video in first] == [19, 19]
    # a keyframe for 26 frames, and a clip for 16: some share one
    assert all(video.input_counts[PICTURES] < 19 for video in first)
    seen.clear()
    again = list(measured_videos(examples, models, context(tmp_path), never))
    assert seen == []
    for ours, theirs in zip(first, again, strict=True):
        assert ours.vectors is not None
        assert theirs.vectors is not None
        assert np.array_equal(ours.vectors.distinct, theirs.vectors.distinct)
        assert np.array_equal(ours.vectors.row_of, theirs.vectors.row_of)


def test_vectors_from_a_feature_file_are_those_of_the_video(
    examples: list[Example], tmp_path: Path
) -> None:
    """A sampler on pictures has them in its feature file; without one they are read again."""
    models = assemble(
        Brightness(),
        "float32",
        [sampler("rgb", "lite0", 2, 1)],
        others={},
        joint=[],
        single=[],
        pictures=ImageNetFeatures(torch.device("cpu"), torch.float32),
    )
    (kept,) = measured_videos(examples[:1], models, context(tmp_path / "1"), never)
    (read,) = measured_videos(examples[:1], models, context(tmp_path / "2", keep=False), never)
    assert list((tmp_path / "1").rglob("features-*"))
    assert not list((tmp_path / "2").rglob("features-*"))
    assert kept.vectors is not None
    assert read.vectors is not None
    assert np.array_equal(kept.vectors.distinct, read.vectors.distinct)
    assert np.array_equal(kept.vectors.row_of, read.vectors.row_of)


@pytest.mark.parametrize(
    ("main", "tagging", "checked"),
    [
        (True, Tagging(searches=False, has_prior=True), ["visual only", "search"]),
        (False, Tagging(searches=True), ["search"]),
    ],
)
def test_a_whole_run_with_a_search(
    examples: list[Example], tmp_path: Path, main: bool, tagging: Tagging, checked: list[str]
) -> None:
    """Times, live checks and thumbnails; and the same report from the disk."""
    run = collect(
        Data("set", examples, []),
        loaded(main, tagging),
        context(tmp_path / "cache"),
        PLAN,
        ReportOptions(timed=1, sheet=1),
        never,
    )
    assert run.costs is not None
    assert [check.strategy for check in run.costs.checks] == checked
    assert all(check.same_clips and check.same_tag for check in run.costs.checks)
    assert run.costs.score_s[PICTURES] > 0
    assert run.costs.classify_one_s > 0
    assert set(run.costs.read_s) == ({"keyframes", "rgb", *(("md", "md+rgb") if main else ())})
    assert len(run.thumbnails) == 1

    keys = _keys(run)
    assert keys[0] == ("visual" if main else "search")
    assert {"search", "auto"} <= set(keys)
    assert ("search-prior" in keys) == ("diverse" in keys) == ("visual-auto" in keys) == main
    run_folder.save([run], PLAN, tmp_path / "known")
    (again,) = run_folder.load(tmp_path / "known")
    assert summarise([again], PLAN).record() == summarise([run], PLAN).record()
    assert again.tagging == tagging


def test_the_search_is_under_test_where_the_sampler_does_not_fit(
    examples: list[Example], tmp_path: Path
) -> None:
    models = loaded(tagging=Tagging(searches=True))
    data = Data("set", examples, [])
    run = collect(data, models, context(tmp_path), PLAN, ReportOptions(timed=0, sheet=0), never)
    keys = _keys(run)
    assert keys[0] == "search"
    assert "search-prior" not in keys
    assert {"visual", "diverse"} <= set(keys)
    # an earlier run has no vectors: then it is the sampler
    old = replace(run, videos=tuple(replace(video, vectors=None) for video in run.videos))
    assert _keys(old)[0] == "visual"


def _keys(run: Run) -> list[str]:
    table = summarise([run], PLAN).sections[0].tables[0]
    return [row["key"] for row in table.rows]


class Brief(Brightness):
    """For many clips of four frames."""

    name, spec = "brief", InputSpec(4, crop=(32, 32))
    weights = WeightsInfo("brief", "e" * 64)


@pytest.fixture(scope="module")
def long_gops(tmp_path_factory: pytest.TempPathFactory) -> Example:
    """156 clips of four frames; a keyframe every five seconds, which shows 13 of 31 clips."""
    frames = [frame for seed in (1, 2) for frame in scenes(seed)]
    options = {"x264-params": "keyint=125:min-keyint=125:scenecut=0"}
    path = tmp_path_factory.mktemp("long") / "v.mp4"
    return Example(write_video(path, frames, options=options), "right", "val")


@pytest.fixture(scope="module")
def long_run(long_gops: Example, tmp_path_factory: pytest.TempPathFactory) -> Run:
    models = assemble(
        Brief(),
        "float32",
        [],
        others={},
        joint=[],
        single=[],
        pictures=ImageNetFeatures(torch.device("cpu"), torch.float32),
        tagging=Tagging(searches=True),
    )
    where = context(tmp_path_factory.mktemp("cache"))
    options = ReportOptions(timed=1, sheet=0)
    return collect(Data("set", [long_gops], []), models, where, PLAN, options, never)


def test_a_long_video_is_searched_as_it_is_live(long_run: Run) -> None:
    assert long_run.costs is not None
    assert [check.same_clips for check in long_run.costs.checks] == [True]
    (video,) = long_run.videos
    near = compared_clips(video, make_strategy("", "search", 3))
    assert 60 <= near.sum() < 0.5 * video.clips
    # too few for so many clips; and segments need the pictures of all
    assert compared_clips(video, make_strategy("", "search", 4)).all()
    assert compared_clips(replace(video, served=None), make_strategy("", "search", 3)).all()


def test_pictures_that_are_not_read_cost_nothing(long_run: Run) -> None:
    (video,) = long_run.videos
    assert long_run.pictures is not None
    few, many = make_strategy("", "search", 3), make_strategy("", "search", 4)
    # a keyframe at 0, 125, 250, 375, 500
    assert StrategyCosts(long_run, few).gmacs(video) == pytest.approx(5 * long_run.pictures.gmacs)
    assert StrategyCosts(long_run, many).gmacs(video) > 15 * long_run.pictures.gmacs


def test_which_clips_keyframes_show_is_kept(long_run: Run, tmp_path: Path) -> None:
    run_folder.save([long_run], PLAN, tmp_path)
    (again,) = run_folder.load(tmp_path)
    (ours,), (theirs,) = long_run.videos, again.videos
    assert ours.served is not None
    assert theirs.served is not None
    assert theirs.served.tolist() == ours.served.tolist()
    # a run of an earlier version
    (tmp_path / "run1" / "served.npy").unlink()
    (old,) = run_folder.load(tmp_path)
    assert old.videos[0].served is None
