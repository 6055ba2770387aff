"""A frozen trunk: its features are computed once, and the steps and the measures work on them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from scsampler_cli.cache.video_cache import Cache
from scsampler_cli.classifiers import registry
from scsampler_cli.classifiers.base import InputSpec
from scsampler_cli.config import BACKGROUND, FeatureSettings
from scsampler_cli.datasets.example import Example
from scsampler_cli.errors import SettingsError, WeightsError
from scsampler_cli.model_zoo.bundled_weights import TRUNK, bundled_file
from scsampler_cli.model_zoo.weightfile import file_sha256, read_weights
from scsampler_cli.nn.lite0 import MEAN, SCALE
from scsampler_cli.pipeline.video import Video, clip_frames, visual_clips
from scsampler_cli.samplers.scoring import load_visual
from scsampler_cli.train.fit import Stopped
from scsampler_cli.train.model import Model
from scsampler_cli.train.settings import TrainSettings
from scsampler_cli.train.started import started
from scsampler_cli.train.trunk_features import TrunkFeatures
from scsampler_cli.train.validate import clip_log_probabilities
from scsampler_cli.train.videos import needs_of, open_all
from tests.batch.here import Here
from tests.synthetic import pan, write_video
from tests.train.conftest import QUICK, SMALL, Brightness, Seen, context, settings, train

CPU, FP32 = torch.device("cpu"), torch.float32
CLIPS = InputSpec(4, 4, (64, 64), crop=(64, 64), mean=(MEAN / 255,) * 3, std=(SCALE / 255,) * 3)


def frozen(target: str, **more: object) -> TrainSettings:
    wanted = {"architecture": "lite0", "init": ("imagenet",), **more}
    if target == "classifier":
        wanted = {"spec": CLIPS, **wanted}
    return settings(target, **wanted)


def tensors(path: Path) -> dict[str, torch.Tensor]:
    return read_weights(path).tensors


@pytest.mark.parametrize(
    ("target", "objective"), [("rgb", "ac"), ("rgb", "sal-rank"), ("rgb", "sal-cl"), ("if", "ac")]
)
def test_every_objective_trains_the_layer_on_a_frozen_trunk(
    examples: list[Example], cache: Cache, tmp_path: Path, target: str, objective: str
) -> None:
    output = tmp_path / "w.safetensors"
    summary = train(
        frozen(target, objective=objective),
        examples,
        Brightness(),
        context(output, cache),
        Seen().callbacks(),
    )
    assert 0 <= summary["video_accuracy"] <= 1
    file, bundled = read_weights(output), tensors(bundled_file(TRUNK))
    assert file.metadata["start"][target] == {
        "source": "imagenet",
        "sha256": file_sha256(bundled_file(TRUNK)),
    }
    trunk = {name for name in file.tensors if name.startswith("trunk.")}
    assert all(torch.equal(file.tensors[name], bundled[name]) for name in trunk)
    assert trunk
    visual = load_visual(str(output), CPU, FP32)
    assert visual is not None
    video = Video(examples[0].path, SMALL.frames, SMALL.stride)
    scores = [
        score for _, score in visual.score(visual_clips(video, FeatureSettings(inputs=(target,))))
    ]
    assert len(scores) == 5
    assert min(score for score in scores if not np.isnan(score)) >= 0


def test_the_exported_classifier_says_what_its_features_say(
    examples: list[Example], cache: Cache, tmp_path: Path
) -> None:
    """Validation sees stored features alone; the finished file sees the frames of the video."""
    chosen, output = frozen("classifier"), tmp_path / "w.safetensors"
    train(chosen, examples, None, context(output, cache), Seen().callbacks())
    model = Model(chosen, 2, FP32).eval()
    found = {f"networks.classifier.{name}": value for name, value in tensors(output).items()}
    model.load_state_dict(found)

    needs = needs_of(chosen, None)
    videos = open_all(examples[-1:], ["down", "right"], needs, cache=cache, classifier=None)
    features = TrunkFeatures(
        model.networks["classifier"], chosen, needs, cache=cache, device=CPU, dtype=FP32
    )
    features.fill(videos, lambda *_: None)
    (video,) = features.put(videos)
    with torch.inference_mode():
        by_features = clip_log_probabilities(model, video, chosen, device=CPU).exp().numpy()

    classifier = registry.load(str(output), CPU, FP32)
    assert classifier.spec == CLIPS
    source = Video(video.example.path, CLIPS.frames, CLIPS.stride)
    clips = [frames for _, frames in clip_frames(source, range(len(source.grid)), CLIPS)]
    by_frames = classifier.classify(np.stack(clips))
    assert by_frames.shape == by_features.shape == (5, 2)
    assert np.abs(by_frames - by_features).max() < 2e-3


def test_a_video_shorter_than_a_clip_has_the_frames_of_its_only_clip(tmp_path: Path) -> None:
    short = [
        Example(write_video(tmp_path / f"{i}.mp4", pan(10, i, 1, 64, 64)), f"{i % 2}", "train")
        for i in range(2)
    ]
    cache, chosen = Cache(tmp_path / "cache"), frozen("classifier")
    output = tmp_path / "w.safetensors"
    train(chosen, short, None, context(output, cache), Seen().callbacks())
    entry = cache.find(short[0].path, "frames", needs_of(chosen, None).settings("frames"))
    assert entry is not None
    video = Video(short[0].path, CLIPS.frames, CLIPS.stride)
    ((_, frames),) = clip_frames(video, [0], CLIPS)
    assert np.array_equal(np.array(entry.values), frames)


def test_a_second_run_reads_no_video_and_runs_no_trunk(
    examples: list[Example], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = Cache(tmp_path / "cache")
    for pool in (Here(), Here()):
        where = context(tmp_path / "w.safetensors", cache, pool=pool)
        train(frozen("rgb"), examples, None, where, Seen().callbacks())
        monkeypatch.setattr("scsampler_cli.train.trunk_features.prepare_with_trunk", None)
    assert pool.handed == []


def test_a_frozen_run_stopped_within_an_epoch_goes_on_as_if_it_had_not_been(
    examples: list[Example], cache: Cache, tmp_path: Path
) -> None:
    chosen = frozen("classifier", recipe=replace(QUICK, schedule="one-cycle"), augment="strong")
    straight, halted = tmp_path / "straight.safetensors", tmp_path / "halted.safetensors"
    train(chosen, examples, None, context(straight, cache), Seen().callbacks())
    with pytest.raises(Stopped):
        train(chosen, examples, None, context(halted, cache), Seen(stop_after=4).callbacks())
    rest = Seen()
    train(chosen, examples, None, context(halted, cache, resume=True), rest.callbacks())
    assert rest.steps == 2, "of six"
    first, second = tensors(straight), tensors(halted)
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_unfrozen_blocks_learn_and_the_others_stay_with_their_batch_norms(
    examples: list[Example], cache: Cache, tmp_path: Path
) -> None:
    output = tmp_path / "w.safetensors"
    chosen = frozen("rgb", unfreeze_last=2)
    train(chosen, examples, None, context(output, cache), Seen().callbacks())
    before, after = tensors(bundled_file(TRUNK)), tensors(output)
    changed = {
        name
        for name in before
        # files hold half precision
        if name.startswith("trunk.") and not torch.equal(before[name].half(), after[name].half())
    }
    still = [f"trunk.{part}" for part in ("stem.", *(f"blocks.{i}." for i in range(14)))]
    assert not [name for name in changed if name.startswith(tuple(still))]
    learnt = ("trunk.blocks.14.", "trunk.blocks.15.", "trunk.head.")
    assert all(any(name.startswith(part) for name in changed) for part in learnt)


def test_a_frozen_trunk_needs_weights(
    examples: list[Example], cache: Cache, tmp_path: Path
) -> None:
    with pytest.raises(WeightsError, match="they have none yet"):
        train(
            frozen("rgb", init=("scratch",)),
            examples,
            None,
            context(tmp_path / "w.safetensors", cache),
            Seen().callbacks(),
        )


@pytest.mark.parametrize(
    "wrong",
    [
        {"target": "md", "freeze": True},
        {"target": "md", "unfreeze_last": 1},
        {"target": "rgb", "unfreeze_last": 17},
        {"target": "rgb", "freeze": False, "unfreeze_last": 1},
    ],
)
def test_parts_that_cannot_be_frozen_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(SettingsError) as caught:
        TrainSettings(**wrong)  # type: ignore[arg-type]
    assert caught.value.code == "freezing-invalid"


@pytest.mark.parametrize("target", ["rgb", "classifier"])
def test_background_is_the_last_output_and_no_video_of_a_class(
    examples: list[Example], cache: Cache, tmp_path: Path, target: str
) -> None:
    """The two videos of "down" stand for footage of no class."""
    output, seen = tmp_path / "w.safetensors", Seen()
    mixed = [
        replace(example, label="zebra" if example.label == "right" else BACKGROUND)
        for example in examples
    ]
    chosen = frozen(target, background=True, recipe=replace(QUICK, learning_rate=0.01, epochs=4))
    summary = train(chosen, mixed, None, context(output, cache), seen.callbacks())
    meta = read_weights(output).metadata
    assert meta["labels"] == ["zebra", BACKGROUND]
    assert meta["background"] == BACKGROUND
    # both validation videos count among the clips; as the only class, zebra cannot be missed
    assert 0 <= summary["clip_accuracy"] <= 1
    if target == "classifier":
        assert summary["video_accuracy"] == 1
        assert registry.load(str(output), CPU, FP32).background == BACKGROUND
    else:
        visual = load_visual(str(output), CPU, FP32)
        assert visual is not None
        video = Video(mixed[0].path, SMALL.frames, SMALL.stride)
        scored = visual.score(visual_clips(video, FeatureSettings(inputs=("rgb",), picture_gap=0)))
        assert all(0 <= score <= 1 for _, score in scored)


def test_objectives_of_clip_probabilities_refuse_background() -> None:
    with pytest.raises(SettingsError) as caught:
        TrainSettings(target="rgb", objective="sal-rank", background=True)
    assert caught.value.code == "background-objective"


def test_another_trunk_has_other_features(examples: list[Example], tmp_path: Path) -> None:
    cache, chosen = Cache(tmp_path / "cache"), frozen("rgb")
    output = tmp_path / "w.safetensors"
    train(chosen, examples, None, context(output, cache), Seen().callbacks())
    needs = needs_of(chosen, None)
    videos = open_all(examples, ["down", "right"], needs, cache=cache, classifier=None)
    network = started(chosen, 2, FP32).model.networks["rgb"]
    same = TrunkFeatures(network, chosen, needs, cache=cache, device=CPU, dtype=FP32)
    assert len(same.put(videos)) == len(examples)
    with torch.no_grad():
        network.get_parameter("trunk.head.0.weight").mul_(2)
    assert same.put(videos) == []
