"""On real videos: a replay finds the segments that a live run finds, from the same clips."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from scsampler_cli.bench.bench_models import Models
from scsampler_cli.bench.live_check import LiveRun, tagging_samplers
from scsampler_cli.bench.model_list import assemble
from scsampler_cli.bench.plan import Plan
from scsampler_cli.bench.run_data import Run, Tagging, VideoData
from scsampler_cli.bench.segment_replay import replayed_searches, replayed_segments
from scsampler_cli.bench.strategy import Strategy, make_strategy
from scsampler_cli.config import DEFAULT_ANSWER, FeatureSettings, SegmentSettings
from scsampler_cli.datasets.example import Example
from scsampler_cli.model_zoo.weights_info import WeightsInfo
from scsampler_cli.pipeline.segment_times import search_for
from scsampler_cli.pipeline.stages import classify
from scsampler_cli.samplers.picture_features import ImageNetFeatures
from scsampler_cli.selection.segment_search import ANSWERS, PICTURES, SALIENCY, SegmentSearch
from tests.bench.making import LITE0, MD, run, video
from tests.bench.test_measure import Brightness, context, measured_videos, never, sampler
from tests.synthetic import pan, write_video

LABELS = ("down", "right", "nothing")


class Sharp(Brightness):
    """Bright clips are "right" and all others "down", nearly surely."""

    name = "sharp"
    weights = WeightsInfo("sharp", "f" * 64)

    def classify(self, clips: np.ndarray) -> np.ndarray:
        light = clips.mean(axis=(1, 2, 3, 4)).astype(np.float32) / 255
        p = 1 / (1 + np.exp(-40 * (light - 0.4)))
        return np.stack([1 - p, p], axis=1)


class Lit(Brightness):
    """Dark clips show nothing, brighter ones "down" and the brightest "right"."""

    name, labels, background = "lit", LABELS, "nothing"
    weights = WeightsInfo("lit", "e" * 64)

    def classify(self, clips: np.ndarray) -> np.ndarray:
        light = clips.mean(axis=(1, 2, 3, 4)).astype(np.float32) / 255
        logits = np.stack([5 * light, 14 * light - 3, 2.5 - 4 * light], axis=1)
        weights = np.exp(logits)
        return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


def loaded(with_background: bool) -> Models:
    net = sampler("md", "shufflenet26", 3 if with_background else 2, 1)
    if with_background:
        net = replace(net, labels=LABELS, background=2)
    return assemble(
        Lit() if with_background else Sharp(),
        "float32",
        [net],
        others={},
        joint=[],
        single=[],
        pictures=ImageNetFeatures(torch.device("cpu"), torch.float32),
    )


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve scenes of a second, three of them bright."""
    frames = []
    for at in range(12):
        share = 1.3 if at in (3, 4, 9) else 0.3
        frames += [
            np.minimum(frame * share, 255).astype(np.uint8)
            for frame in pan(26, 2, 1, 64, 96, seed=at)
        ]
    return write_video(tmp_path_factory.mktemp("scenes") / "v.mp4", frames)


def measured(models: Models, path: Path, cache: Path) -> VideoData:
    (found,) = measured_videos([Example(path, "right", "val")], models, context(cache), never)
    return found


def live(models: Models, path: Path, strategy: Strategy, search: SegmentSearch) -> list[object]:
    assert strategy.selection is not None
    names = LiveRun.of(strategy).networks
    samplers = tagging_samplers(models)
    result = classify(
        path,
        samplers if names else replace(samplers, visual=None),
        models.classifier,
        features=FeatureSettings(),
        selection=strategy.selection,
        answer=replace(DEFAULT_ANSWER, min_probability=0.0),
        segments=search,
    )
    assert result.segments is not None
    # the video begins at 0 on its own clock
    return [(s.label, float(s.start), float(s.end), s.probability) for s in result.segments]


@pytest.mark.parametrize(
    ("with_background", "kind", "most", "source"),
    [
        (True, "visual", None, ANSWERS),
        # an untrained sampler, so that the clips it selects are many
        (True, "visual", 12, SALIENCY),
        (True, "search", 8, PICTURES),
        (False, "visual", 8, PICTURES),
        (False, "search", 12, PICTURES),
    ],
)
def test_a_replay_finds_what_a_live_run_finds(
    path: Path, tmp_path: Path, with_background: bool, kind: str, most: int | None, source: str
) -> None:
    models = loaded(with_background)
    kept = measured(models, path, tmp_path)
    facts = models.samplers[0] if kind == "visual" else None
    strategy = make_strategy("", kind, 10 if source == SALIENCY else 4, sampler=facts)
    assert strategy.selection is not None
    samplers = tagging_samplers(models)
    search = search_for(
        SegmentSettings(max_clips=most),
        strategy.selection,
        models.classifier,
        samplers=samplers if facts else replace(samplers, visual=None),
    )
    assert search is not None
    assert search.source == source
    asked, segments = replayed_segments(kept, strategy, search, multi_label=False)
    wanted = live(models, path, strategy, search)
    assert wanted
    assert [tuple(each) for each in segments] == [
        (label, pytest.approx(start), pytest.approx(end), pytest.approx(p, abs=1e-6))
        for label, start, end, p in wanted  # type: ignore[misc]
    ]
    assert len(set(asked.tolist())) == len(asked) <= (most or kept.clips)
    assert len(asked) == kept.clips or most is not None


def rows(of_run: Run, k: int = 3) -> list[tuple[str, str, str, int | None]]:
    return [
        (key, name, search.source, search.settings.max_clips)
        for key, name, _, search in replayed_searches(of_run, Plan(k=k, draws=2))
    ]


def made(*, background: int | None = None, cheap: bool = False, score: str | None = None) -> Run:
    facts = replace(MD, score=score)
    clip = (0.5, 0.3, 0.2)
    videos = [
        replace(
            video(0, [clip] * 5, [0.1, 0.9, 0.8, 0.2, 0.1], vectors=np.eye(5).tolist()),
            background=background,
        )
    ]
    made_run = run(
        videos,
        (facts,),
        pictures=LITE0,
        tagging=Tagging(has_known_cost=True),
    )
    return replace(made_run, classifier={**made_run.classifier, "gmacs": 1.9 if cheap else 2.1})


def test_the_first_row_is_what_classify_does() -> None:
    assert rows(made()) == [
        ("segments", "segments of visual only", PICTURES, None),
        ("segments-search", "segments of search", PICTURES, None),
        ("segments-diverse", "segments of visual only, diverse", PICTURES, None),
    ]


@pytest.mark.parametrize("cheap", [False, True])
def test_strategies_are_compared_with_a_limit_where_all_clips_are_answered(cheap: bool) -> None:
    of_run = made(background=None if cheap else 2, cheap=cheap)
    assert rows(of_run) == [
        ("segments", "segments of visual only", ANSWERS, None),
        ("segments-visual", "segments of visual only, at most 20 clips", PICTURES, 20),
        ("segments-search", "segments of search, at most 20 clips", PICTURES, 20),
        ("segments-diverse", "segments of visual only, diverse, at most 20 clips", PICTURES, 20),
    ]
    # never fewer than the strategy selects
    assert rows(of_run, k=30)[1][3] == 30


def test_a_sampler_with_a_background_class_finds_the_stretches() -> None:
    found = rows(made(background=2, score="background"))
    assert [source for _, _, source, _ in found] == [ANSWERS, SALIENCY, PICTURES, SALIENCY]


def test_a_plugin_whose_cost_is_not_known_is_not_cheap() -> None:
    of_run = replace(made(cheap=True), tagging=Tagging())
    assert rows(of_run)[0][2] == PICTURES


def test_without_vectors_there_are_rows_that_need_none() -> None:
    of_run = replace(made(), pictures=None)
    assert rows(of_run) == []
    of_run = replace(made(background=2), pictures=None)
    assert [key for key, *_ in rows(of_run)] == ["segments"]


def test_a_video_without_an_answer_has_no_segment() -> None:
    nothing = (float("nan"),) * 2
    lost = replace(video(0, [nothing] * 3, [0.1, 0.9, 0.2]), times=np.arange(6.0).reshape(3, 2))
    of_run = run([lost])
    strategy = make_strategy("", "visual", 2, sampler=of_run.main)
    search = SegmentSearch(SegmentSettings(), ANSWERS)
    asked, segments = replayed_segments(lost, strategy, search, multi_label=False)
    assert asked.tolist() == [1, 2]
    assert segments == ()
