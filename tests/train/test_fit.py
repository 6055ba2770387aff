"""Training of every target on small real videos, and that its file works where it belongs."""

from pathlib import Path

import numpy as np
import pytest
import torch

from scsampler_cli.classifiers import registry
from scsampler_cli.classifiers.base import InputSpec
from scsampler_cli.datasets import Example
from scsampler_cli.errors import InputError, ScsamplerError, SettingsError
from scsampler_cli.samplers.scoring import load_audio, load_visual
from scsampler_cli.train.fit import Epoch, TrainSettings, train
from scsampler_cli.train.samples import balanced_order, gather
from scsampler_cli.video import Video, sound_clips, visual_clips
from scsampler_cli.weightfile import read_weights
from tests.synthetic import pan, tone, write_video

CPU, FP32 = torch.device("cpu"), torch.float32
SMALL = InputSpec(8, 2, 36, (32, 32))


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> list[Example]:
    folder = tmp_path_factory.mktemp("examples")
    found = []
    for i in range(3):
        for label, (dx, dy, hz) in {"right": (4, 0, 400), "down": (0, 4, 3000)}.items():
            path = write_video(
                folder / f"{label}{i}.mp4", pan(48, dx, dy, 64, 96, seed=9 * i + dx), audio=tone(1.92, hz)
            )
            found.append(Example(path, label, "val" if i == 2 else "train"))
    return found


def settings(target: str, output: Path, **more: object) -> TrainSettings:
    small = {"epochs": 2, "batch": 4, "per_epoch": 12, "spec": SMALL, "device": "cpu", "precision": "fp32"}
    return TrainSettings(target, output, **{**small, **more})  # type: ignore[arg-type]


def ignore(*_: object) -> None:
    return None


@pytest.mark.parametrize(
    ("target", "arch"),
    [
        ("md", "shufflenet26"),
        ("rgbr", "shufflenet26"),
        ("if", "shufflenet26"),
        ("mel", "vgg18"),
        ("classifier", "tiny3d"),
    ],
)
def test_every_target_trains_and_its_file_runs(examples: list[Example], tmp_path: Path, target: str, arch: str) -> None:
    output = tmp_path / f"{target}.safetensors"
    epochs: list[Epoch] = []
    summary = train(settings(target, output, architecture=arch), examples, epochs.append, ignore)
    assert [epoch.epoch for epoch in epochs] == [1, 2]
    assert summary["arch"] == arch
    assert summary["labels"] == ["down", "right"]
    meta = read_weights(output).metadata
    assert meta["labels"] == ["down", "right"]
    assert meta["seed"] == 0
    video = Video(examples[0].path, SMALL.frames, SMALL.stride)
    if target == "classifier":
        classifier = registry.load(str(output), CPU, FP32)
        assert classifier.spec == SMALL
        assert classifier.classify(np.zeros((1, 8, 32, 32, 3), np.uint8)).shape == (1, 2)
    elif target == "mel":
        sampler = load_audio(str(output), CPU, FP32)
        assert sampler is not None
        assert len(list(sampler.score(sound_clips(video)))) == len(video.grid)
    else:
        from scsampler_cli.config import FeatureSettings

        sampler = load_visual(str(output), CPU, FP32)
        assert sampler is not None
        assert len(list(sampler.score(visual_clips(video, FeatureSettings((target,)))))) == len(video.grid)


def test_the_same_seed_gives_the_same_weights_and_another_does_not(examples: list[Example], tmp_path: Path) -> None:
    digests = []
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        path = tmp_path / f"{name}.safetensors"
        train(settings("md", path, architecture="shufflenet26", seed=seed), examples, ignore, ignore)
        digests.append({key: value.sum().item() for key, value in read_weights(path).tensors.items()})
    assert digests[0] == digests[1]
    assert digests[0] != digests[2]


def test_unreadable_videos_are_reported_and_left_out(examples: list[Example], tmp_path: Path) -> None:
    (tmp_path / "bad.mp4").write_text("text")
    failures: list[ScsamplerError] = []
    listed = [*examples, Example(tmp_path / "bad.mp4", "right", "train")]
    summary = train(
        settings("md", tmp_path / "w.safetensors", architecture="shufflenet26"),
        listed,
        ignore,
        lambda example, error: failures.append(error),
    )
    assert len(failures) == 1
    assert summary["samples"]["train"] > 0


def test_videos_without_what_the_target_needs_are_refused(tmp_path: Path) -> None:
    silent = [
        Example(write_video(tmp_path / f"{label}.mp4", pan(20, 1, 0, 64, 64)), label, "train") for label in ("a", "b")
    ]
    with pytest.raises(InputError, match="no training video"):
        train(settings("mel", tmp_path / "w.safetensors"), silent, ignore, ignore)


def test_unknown_targets_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="unknown target"):
        settings("flow", tmp_path / "w.safetensors")


def test_samples_carry_label_and_clip(examples: list[Example]) -> None:
    samples = gather(examples[:2], ["down", "right"], "md", InputSpec(), 4, ignore)
    assert samples.inputs.dtype == torch.float16
    assert samples.inputs.shape[1:] == (2, 16, 24)
    assert samples.labels.tolist() == sorted(samples.labels.tolist(), reverse=True)
    assert samples.clips.unique().tolist() == list(range(6))
    assert len(samples.head(3)) == 3


def test_classes_are_drawn_equally_often() -> None:
    labels = torch.tensor([0] * 90 + [1] * 10)
    drawn = labels[torch.from_numpy(balanced_order(labels, np.random.default_rng(0), 100))]
    assert 0.3 < drawn.double().mean() < 0.7
