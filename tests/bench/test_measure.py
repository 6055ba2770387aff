"""On real videos: a bench has the results of the commands, and computes each once."""

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from scsampler_cli.batch.process_map import Rounds
from scsampler_cli.bench import collect as collecting
from scsampler_cli.bench import measure, run_folder
from scsampler_cli.bench.bench_models import Models
from scsampler_cli.bench.cached_scores import FEATURES
from scsampler_cli.bench.live_check import tagging_samplers
from scsampler_cli.bench.measure import MeasureContext, OnFailure
from scsampler_cli.bench.model_info import ModelFacts
from scsampler_cli.bench.model_list import assemble, models_record
from scsampler_cli.bench.plan import Data, Plan, ReportOptions
from scsampler_cli.bench.replay import selected_clips
from scsampler_cli.bench.run_data import Run, VideoData
from scsampler_cli.bench.strategy_list import sampler_strategies
from scsampler_cli.bench.summary import summarise
from scsampler_cli.cache.video_cache import Cache
from scsampler_cli.classifiers import registry
from scsampler_cli.classifiers.adjusted import adjusted
from scsampler_cli.classifiers.base import InputSpec
from scsampler_cli.classifiers.flops import clip_gmacs
from scsampler_cli.config import FeatureSettings, SelectionSettings
from scsampler_cli.datasets.example import Example
from scsampler_cli.errors import ScsamplerError, SettingsError, VideoError
from scsampler_cli.model_zoo.weights_info import WeightsInfo
from scsampler_cli.pipeline.clip_inference import score_clips
from scsampler_cli.pipeline.stages import classify
from scsampler_cli.pipeline.video import Video, no_progress
from scsampler_cli.samplers.networks import build, count_macs
from scsampler_cli.samplers.scoring import SamplerNetwork
from tests.batch.here import Here, processes
from tests.synthetic import pan, tone, write_video

SPEC = InputSpec(8, 2, 36, crop=(32, 32))
CPU = torch.device("cpu")


class Brightness:
    """The probability of "right" is the brightness of the clip; counts the clips it classifies."""

    name, labels, spec = "brightness", ("down", "right"), SPEC
    weights = WeightsInfo("brightness", "b" * 64)

    def __init__(self) -> None:
        self.asked = 0

    def classify(self, clips: NDArray[np.uint8]) -> NDArray[np.float32]:
        self.asked += len(clips)
        p = clips.mean(axis=(1, 2, 3, 4)).astype(np.float32) / 255
        return np.stack([1 - p, p], axis=1)


def sampler(kind: str, arch: str, outputs: int, seed: int) -> SamplerNetwork:
    torch.manual_seed(seed)
    objective = "ac" if outputs > 1 else "sal-rank"
    info = WeightsInfo(f"{kind}{seed}.safetensors", f"{seed:064d}")
    network = build(arch, kind, outputs).eval()
    return SamplerNetwork(
        kind,
        arch,
        objective,
        network=network,
        info=info,
        device=CPU,
        dtype=torch.float32,
        labels=("down", "right"),
    )


NETWORKS = [
    sampler("md", "shufflenet26", 2, 1),
    sampler("rgbr", "shufflenet26", 2, 2),
    sampler("mel", "vgg18", 1, 3),
]


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> list[Example]:
    """Six videos: with and without sound, too short for K; H.264 with B-frames, and MPEG-4."""
    place = tmp_path_factory.mktemp("videos")
    found = []
    for i in range(3):
        for label, (dx, dy) in {"right": (4, 0), "down": (0, 4)}.items():
            frames = 24 if i == 2 and dx else 120
            lit = [
                (f * (0.3 + 0.005 * t)).astype(np.uint8)
                for t, f in enumerate(pan(frames, dx, dy, 64, 96, seed=9 * i + dx))
            ]
            sound = None if i == 1 else tone(frames / 25, 500)
            codec = "mpeg4" if i == 1 and dx else "libx264"
            path = write_video(place / f"{label}{i}.mp4", lit, audio=sound, codec=codec)
            found.append(Example(path, label, "val"))
    return found


def models(
    classifier: Brightness | None = None, main: list[SamplerNetwork] | None = None
) -> Models:
    return assemble(
        classifier or Brightness(), "float32", main or NETWORKS, others={}, joint=[], single=[]
    )


def context(cache: Path, keep: bool = True, pool: Rounds | None = None) -> MeasureContext:
    torch.set_num_threads(1)
    return MeasureContext(
        Cache(cache), FeatureSettings(), keep, pool=pool or Here(), progress=no_progress
    )


def measured_videos(
    examples: list[Example], loaded: Models, where: MeasureContext, failed: OnFailure
) -> Iterator[VideoData]:
    """As the product's, with models of the test's own unless processes have loaded some."""
    pool = Here(loaded) if isinstance(where.pool, Here) else where.pool
    return measure.measured_videos(
        examples, loaded.facts, replace(where, pool=pool), on_failure=failed
    )


def collect(
    data: Data,
    loaded: Models,
    where: MeasureContext,
    plan: Plan,
    report_options: ReportOptions,
    failed: OnFailure,
) -> Run:
    """The same."""
    facts = ModelFacts.from_record(json.loads(json.dumps(models_record(loaded))))
    here = replace(where, pool=Here(loaded))
    return collecting.collect(
        data,
        facts,
        here,
        plan=plan,
        report_options=report_options,
        on_failure=failed,
        command="scsampler bench set.csv",
    )


def _loaded(say: object) -> Models:
    torch.set_num_threads(1)
    return models()


def never(example: Example, error: ScsamplerError) -> None:
    raise AssertionError(f"{example.path}: {error}")


def scores(run: list) -> list[dict[str, list[float]]]:
    return [
        {name: np.nan_to_num(values, nan=-1).tolist() for name, values in video.scores.items()}
        for video in run
    ]


@pytest.mark.parametrize("keep", [True, False])
def test_scores_are_those_of_the_score_command(
    examples: list[Example], tmp_path: Path, keep: bool
) -> None:
    loaded = models()
    for video in measured_videos(examples, loaded, context(tmp_path, keep), never):
        live = score_clips(
            Video(Path(video.path), 8, 2), tagging_samplers(loaded), FeatureSettings()
        )
        ours = video.clip_scores(loaded.samplers[0])
        assert np.array_equal(ours.clips, live.clips)
        for mine, theirs in ((ours.visual, live.visual), (ours.audio, live.audio)):
            assert mine is not None
            assert theirs is not None
            assert np.array_equal(mine, theirs, equal_nan=True)


def test_a_replayed_choice_is_that_of_a_live_run(examples: list[Example], tmp_path: Path) -> None:
    loaded = models()
    for strategy in ("av-union-list", "visual", "audio", "uniform", "random", "dense"):
        selection = SelectionSettings(strategy=strategy, k=3)
        for video in measured_videos(examples, loaded, context(tmp_path), never):
            live = partial(
                classify,
                Path(video.path),
                tagging_samplers(loaded),
                loaded.classifier,
                features=FeatureSettings(),
            )
            audio = video.clip_scores(loaded.samplers[0]).audio
            if strategy == "audio" and (audio is None or np.isnan(audio).all()):
                with pytest.raises(VideoError, match="uses nothing else"):
                    live(selection=selection)
                continue
            record = live(selection=selection).record()
            run = Run(
                "",
                {},
                loaded.samplers,
                joint=None,
                networks=(),
                videos=(video,),
                failures=(),
                train_positions=None,
                costs=None,
            )
            replayed = replace(
                sampler_strategies(run, Plan(k=3))[0][1],
                selection=selection,
                sampler=loaded.samplers[0],
            )
            ours = selected_clips(video, replayed)
            assert [clip["clip"] for clip in record["clips"]] == ours.tolist()
            mean = video.probabilities[ours].mean(axis=0)
            assert record["tags"][0]["probability"] == pytest.approx(float(mean.max()), abs=1e-6)


def test_the_classifier_is_asked_once_for_each_clip(
    examples: list[Example], tmp_path: Path
) -> None:
    classifier = Brightness()
    first = list(measured_videos(examples, models(classifier), context(tmp_path), never))
    assert classifier.asked == sum(video.clips for video in first)
    again = list(measured_videos(examples, models(classifier), context(tmp_path), never))
    assert classifier.asked == sum(video.clips for video in first)
    assert scores(first) == scores(again)


def test_a_further_network_needs_no_video(
    examples: list[Example], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = [NETWORKS[0], NETWORKS[1]]
    first = list(measured_videos(examples, models(main=both), context(tmp_path), never))
    monkeypatch.setattr("scsampler_cli.bench.cached_scores.extract", None)
    monkeypatch.setattr("scsampler_cli.bench.cached_scores.visual_clips", None)
    other = sampler("rgbr", "shufflenet26", 2, 7)
    second = list(
        measured_videos(examples, models(main=[NETWORKS[0], other]), context(tmp_path), never)
    )
    name = "RGB-R ShuffleNet-26 AC"
    assert not np.array_equal(first[0].scores[name], second[0].scores[name])
    assert np.array_equal(
        first[0].scores["MD ShuffleNet-26 AC"], second[0].scores["MD ShuffleNet-26 AC"]
    )


def test_several_processes_find_the_same(examples: list[Example], tmp_path: Path) -> None:
    one = list(measured_videos(examples, models(), context(tmp_path / "1"), never))
    with processes(2, _loaded) as pool:
        two = list(measured_videos(examples, models(), context(tmp_path / "2", pool=pool), never))
    assert scores(one) == scores(two)


def test_a_run_that_was_stopped_goes_on(examples: list[Example], tmp_path: Path) -> None:
    classifier = Brightness()
    stream = measured_videos(examples, models(classifier), context(tmp_path), never)
    begun = [next(stream), next(stream)]
    stream.close()  # as an interrupt does
    asked = classifier.asked
    whole = list(measured_videos(examples, models(classifier), context(tmp_path), never))
    assert classifier.asked - asked == sum(video.clips for video in whole[2:])
    assert scores(begun) == scores(whole[:2])


def test_a_damaged_feature_file_is_made_anew(examples: list[Example], tmp_path: Path) -> None:
    first = list(measured_videos(examples[:1], models(main=NETWORKS[:2]), context(tmp_path), never))
    (file,) = tmp_path.rglob(f"{FEATURES}*")
    file.write_bytes(file.read_bytes()[:-40])
    again = [
        sampler("md", "shufflenet26", 2, 1),
        sampler("rgbr", "shufflenet26", 2, 8),
    ]  # a network that must look again
    second = list(measured_videos(examples[:1], models(main=again), context(tmp_path), never))
    assert len(second) == 1
    assert scores(first)[0]["MD ShuffleNet-26 AC"] == scores(second)[0]["MD ShuffleNet-26 AC"]


class WithBackground(Brightness):
    """The same, with a class for neither."""

    name, labels, background = "with background", ("down", "right", "nothing"), "nothing"
    weights = WeightsInfo("with background", "c" * 64)

    def classify(self, clips: NDArray[np.uint8]) -> NDArray[np.float32]:
        half = super().classify(clips) / 2
        return np.concatenate([half, half.sum(axis=1, keepdims=True)], axis=1)


def test_one_network_with_two_kinds_of_scores_runs_once(
    examples: list[Example], tmp_path: Path
) -> None:
    by_background = replace(sampler("md", "shufflenet26", 3, 1), background=2)
    paper = replace(by_background, saliency="class")
    calls: list[int] = []
    by_background.network.register_forward_hook(lambda *_: calls.append(1))

    def measured(main: SamplerNetwork, single: list[SamplerNetwork]) -> dict[str, list[float]]:
        loaded = assemble(Brightness(), "float32", [main], others={}, joint=[], single=single)
        # `assemble` runs each network to count its multiply-adds
        calls.clear()
        (found,) = measured_videos(examples[:1], loaded, context(tmp_path), never)
        return {name: values.tolist() for name, values in found.scores.items()}

    both = measured(by_background, [paper])
    assert list(both) == ["MD ShuffleNet-26 AC, background", "MD ShuffleNet-26 AC"]
    # 120 frames of clips of 8 with stride 2 are 7 clips, which are one batch
    assert len(calls) == 1
    ours, papers = map(np.array, both.values())
    assert (ours > papers).all()
    assert (papers >= ours / 2 - 1e-6).all()
    # each has an entry of its own in the cache
    assert measured(paper, []) == {"MD ShuffleNet-26 AC": both["MD ShuffleNet-26 AC"]}
    assert measured(by_background, []) == {
        "MD ShuffleNet-26 AC, background": both["MD ShuffleNet-26 AC, background"]
    }
    assert calls == []


def test_background_is_no_label_of_a_video(examples: list[Example], tmp_path: Path) -> None:
    reported: list[str] = []
    nothing = Example(examples[1].path, "nothing", "val")
    loaded = models(WithBackground(), NETWORKS[:1])
    run = collect(
        Data("set", [examples[0], nothing], []),
        loaded,
        context(tmp_path / "cache"),
        Plan(k=3),
        ReportOptions(timed=1, sheet=0),
        lambda _, error: reported.append(str(error)),
    )
    assert reported == ["'nothing' is the background class of with background, which is no tag"]
    (video,) = run.videos
    assert (video.background, run.classes) == (2, 2)
    assert run.classifier["background"] == "nothing"
    assert run.costs is not None
    assert all(check.same_tag for check in run.costs.checks)
    run_folder.save([run], Plan(k=3), tmp_path / "runs")
    (again,) = run_folder.load(tmp_path / "runs")
    assert (again.videos[0].background, again.classes) == (2, 2)
    assert np.array_equal(again.videos[0].probabilities, video.probabilities)


def test_bad_videos_are_reported_rows(examples: list[Example], tmp_path: Path) -> None:
    junk = tmp_path / "junk.mp4"
    junk.write_bytes(b"no video at all" * 99)
    bad = [
        Example(junk, "right", "val"),
        Example(tmp_path / "gone.mp4", "down", "val"),
        Example(examples[0].path, "up", "val"),
    ]
    reported: list[str] = []
    data = Data("set", [bad[0], *examples[:2], *bad[1:]], [Example(junk, "right", "train")])
    run = collect(
        data,
        models(),
        context(tmp_path / "cache"),
        Plan(k=3),
        ReportOptions(timed=0, sheet=1),
        lambda e, error: reported.append(str(e.path)),
    )
    assert len(run.videos) == 2
    assert [failure["path"] for failure in run.failures] == reported
    assert sorted(reported) == sorted(str(e.path) for e in (*bad, bad[0]))
    assert "does not know the label 'up'" in str(run.failures)


def test_a_whole_run_live_and_replayed(examples: list[Example], tmp_path: Path) -> None:
    """Times, Empirical, the live check and thumbnails; and the same report from the disk."""
    loaded = models()
    data = Data("set", examples, [replace(example, split="train") for example in examples[:2]])
    run = collect(
        data, loaded, context(tmp_path / "cache"), Plan(k=3), ReportOptions(timed=2, sheet=2), never
    )
    assert run.costs is not None
    assert run.costs.videos == 2
    assert set(run.costs.read_s) == {"md", "rgbr", "md+rgbr", "mel"}
    assert set(run.costs.score_s) == set(loaded.networks)
    rates = (
        run.costs.index_s,
        run.costs.decode_s,
        run.costs.classify_s,
        *run.costs.read_s.values(),
        *run.costs.score_s.values(),
    )
    assert all(rate > 0 for rate in rates)
    assert all(
        check.same_clips and check.same_tag and check.measured_s > 0 for check in run.costs.checks
    )
    assert len(run.thumbnails) == 2
    assert run.thumbnails[0].pictures.shape[1:] == (96, 144, 3)
    assert run.thumbnails[0].pictures.std() > 5
    assert run.classifier["gmacs"] is None  # it does not use torch
    run_folder.save([run], Plan(k=3), tmp_path / "known")
    (again,) = run_folder.load(tmp_path / "known")
    assert summarise([again], Plan(k=3)).record() == summarise([run], Plan(k=3)).record()


def test_multiply_adds_are_counted_from_the_modules() -> None:
    demo = registry.load("demo", CPU, torch.float32, weights=None, labels=None)
    network = demo.network  # type: ignore[attr-defined]
    spec = demo.spec
    alone = count_macs(network, (3, spec.frames, *spec.crop)) / 1e9
    assert clip_gmacs(demo) == pytest.approx(alone, rel=1e-6)
    assert clip_gmacs(adjusted(demo, {}, "three")) == pytest.approx(3 * alone, rel=1e-6)
    whole = count_macs(network, (3, spec.frames, 64, 64)) / 1e9
    assert clip_gmacs(adjusted(demo, {}, "full")) == pytest.approx(whole, rel=1e-6)


def test_networks_have_one_role_each() -> None:
    again = sampler("md", "shufflenet26", 2, 9)
    mixed = [NETWORKS[0], sampler("rgbr", "shufflenet26", 2, 10)]
    found = assemble(
        Brightness(), "float32", NETWORKS, others={"other": mixed}, joint=[], single=[again]
    )
    assert "MD ShuffleNet-26 AC (md9)" in found.networks
    assert found.samplers[1].networks[0].name == "MD ShuffleNet-26 AC"  # the same file, loaded once
    with pytest.raises(SettingsError, match="two networks for one input"):
        assemble(Brightness(), "float32", [NETWORKS[0], again], others={}, joint=[], single=[])
    without = assemble(Brightness(), "float32", [], others={}, joint=[], single=[])
    assert without.facts.samplers[0].networks == ()


def test_networks_trained_together_are_not_rows_of_the_design_tables() -> None:
    joint = [sampler("md", "shufflenet26", 2, 11), sampler("mel", "vgg18", 2, 12)]
    found = assemble(Brightness(), "float32", NETWORKS, others={}, joint=joint, single=[])
    assert found.joint is not None
    assert [n.name for n in found.joint.networks] == [
        "MD ShuffleNet-26 AC joint",
        "sound VGG-18 AC joint",
    ]
    assert len(found.compared) == 3
