"""Whole runs on small real videos: every target and objective, what is written, stopping and going
on."""

import json
import multiprocessing
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from scsampler_cli.cache.video_cache import Cache
from scsampler_cli.classifiers import registry
from scsampler_cli.config import BACKGROUND, FeatureSettings
from scsampler_cli.datasets.example import Example
from scsampler_cli.errors import InputError, OutputError, SettingsError, WeightsError
from scsampler_cli.model_zoo.weightfile import read_weights
from scsampler_cli.pipeline.video import Video, audio_clips, packets_by_clip, visual_clips
from scsampler_cli.samplers.scoring import load_audio, load_packets, load_visual
from scsampler_cli.train.checkpoint import load
from scsampler_cli.train.fit import Stopped
from scsampler_cli.train.settings import TrainSettings
from tests.batch.here import Here, processes
from tests.synthetic import pan, write_video
from tests.train.conftest import QUICK, SMALL, Brightness, Seen, context, settings, train

CPU, FP32 = torch.device("cpu"), torch.float32


def tensors(path: Path) -> dict[str, torch.Tensor]:
    return read_weights(path).tensors


def same(first: Path, second: Path) -> bool:
    a, b = tensors(first), tensors(second)
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


@pytest.mark.parametrize("objective", ["ac", "sal-rank", "sal-cl"])
@pytest.mark.parametrize("target", ["md", "rgbr", "mel", "packets"])
def test_every_objective_trains_every_input_and_its_file_scores(
    examples: list[Example], cache: Cache, tmp_path: Path, target: str, objective: str
) -> None:
    output, seen = tmp_path / "w.safetensors", Seen()
    summary = train(
        settings(target, objective=objective),
        examples,
        Brightness(),
        context(output, cache),
        seen.callbacks(),
    )
    assert [epoch["epoch"] for epoch in seen.epochs] == [1, 2]
    assert summary["baselines"].keys() == {"uniform", "random", "dense", "oracle"}
    assert 0 <= summary["video_accuracy"] <= 1
    assert ("clip_accuracy" in summary) == (objective == "ac")
    meta = read_weights(output).metadata
    assert (meta["input"], meta["objective"], meta["labels"]) == (
        target,
        objective,
        ["down", "right"],
    )
    video = Video(examples[0].path, SMALL.frames, SMALL.stride)
    if target == "mel":
        audio = load_audio(str(output), CPU, FP32)
        assert audio is not None
        scores = [score for _, score in audio.score(audio_clips(video))]
    elif target == "packets":
        by_packets = load_packets(str(output), CPU, FP32)
        assert by_packets is not None
        scores = [score for _, score in by_packets.score(packets_by_clip(video))]
    else:
        visual = load_visual(str(output), CPU, FP32)
        assert visual is not None
        scores = [
            score
            for _, score in visual.score(visual_clips(video, FeatureSettings(inputs=(target,))))
        ]
    assert len(scores) == 5
    assert all(0 <= score <= 1 for score in scores)


def test_a_classifier_trains_and_its_file_classifies(
    examples: list[Example], cache: Cache, tmp_path: Path
) -> None:
    output = tmp_path / "w.safetensors"
    summary = train(
        settings("classifier"), examples, None, context(output, cache), Seen().callbacks()
    )
    assert {"video_accuracy", "clip_accuracy"} <= summary.keys()
    classifier = registry.load(str(output), CPU, FP32)
    assert classifier.spec == SMALL
    assert classifier.classify(np.zeros((1, 8, 32, 32, 3), np.uint8)).shape == (1, 2)


def test_joint_training_fine_tunes_both_networks_on_the_mean_of_their_scores(
    examples: list[Example], cache: Cache, tmp_path: Path
) -> None:
    files = {}
    for kind in ("md", "mel"):
        files[kind] = tmp_path / f"{kind}.safetensors"
        train(
            settings(kind, objective="sal-rank"),
            examples,
            Brightness(),
            context(files[kind], cache),
            Seen().callbacks(),
        )
    joint = settings(
        "joint",
        objective="sal-rank",
        inputs=("md", "mel"),
        init=tuple(map(str, files.values())),
        architecture=None,
        architectures=("shufflenet26", "vgg18"),
    )
    summary = train(
        joint,
        examples,
        Brightness(),
        context(tmp_path / "joint.safetensors", cache),
        Seen().callbacks(),
    )
    assert set(summary["files"]) == {"md", "mel"}
    for kind, start in files.items():
        path = tmp_path / f"joint_{kind}.safetensors"
        assert not same(path, start), "both have moved"
        assert read_weights(path).metadata["joint"] is True
    assert load_audio(str(tmp_path / "joint_mel.safetensors"), CPU, FP32) is not None


def test_the_same_seed_gives_the_same_weights_and_another_does_not(
    examples: list[Example], cache: Cache, tmp_path: Path
) -> None:
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        output = context(tmp_path / f"{name}.safetensors", cache)
        train(settings("md", seed=seed), examples, None, output, Seen().callbacks())
    assert same(tmp_path / "a.safetensors", tmp_path / "b.safetensors")
    assert not same(tmp_path / "a.safetensors", tmp_path / "c.safetensors")


@pytest.mark.parametrize("target", ["md", "mel", "packets", "classifier"])
@pytest.mark.parametrize("schedule", ["step", "plateau"])
def test_two_epochs_and_two_more_are_four(
    examples: list[Example], cache: Cache, tmp_path: Path, target: str, schedule: str
) -> None:
    four = settings(target, recipe=replace(QUICK, epochs=4, schedule=schedule), augment="strong")
    two = replace(four, recipe=replace(four.recipe, epochs=2))
    train(four, examples, None, context(tmp_path / "four.safetensors", cache), Seen().callbacks())
    train(two, examples, None, context(tmp_path / "two.safetensors", cache), Seen().callbacks())
    more = Seen()
    train(
        four,
        examples,
        None,
        context(tmp_path / "two.safetensors", cache, resume=True),
        more.callbacks(),
    )
    assert [epoch["epoch"] for epoch in more.epochs] == [3, 4]
    assert same(tmp_path / "four.safetensors", tmp_path / "two.safetensors")
    lines = (tmp_path / "two.metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["epoch"] for line in lines] == [1, 2, 3, 4]


@pytest.mark.parametrize("schedule", ["step", "one-cycle"])
def test_a_run_stopped_within_an_epoch_goes_on_as_if_it_had_not_been(
    examples: list[Example], cache: Cache, tmp_path: Path, schedule: str
) -> None:
    chosen = settings("md", objective="sal-rank", recipe=replace(QUICK, schedule=schedule))
    straight, halted = tmp_path / "straight.safetensors", tmp_path / "halted.safetensors"
    train(chosen, examples, Brightness(), context(straight, cache), Seen().callbacks())
    with pytest.raises(Stopped):
        train(
            chosen, examples, Brightness(), context(halted, cache), Seen(stop_after=4).callbacks()
        )
    assert not halted.exists()
    rest = Seen()
    train(chosen, examples, Brightness(), context(halted, cache, resume=True), rest.callbacks())
    assert rest.steps == 2, "of six"
    assert same(straight, halted)


def test_resuming_refuses_another_run_and_damage(
    examples: list[Example], cache: Cache, tmp_path: Path
) -> None:
    output = tmp_path / "w.safetensors"
    seen = Seen()
    with pytest.raises(WeightsError, match="no checkpoint"):
        train(
            settings("md"),
            examples,
            None,
            context(output, Cache(tmp_path / "new"), resume=True),
            seen.callbacks(),
        )
    assert not (tmp_path / "new").exists(), "said before anything is read"
    train(settings("md"), examples, None, context(output, cache), Seen().callbacks())
    for other in (
        settings("md", seed=1),
        settings("md", batch=4),
        settings("md", objective="sal-rank"),
    ):
        with pytest.raises(WeightsError, match="other settings, videos or classifier"):
            train(
                other,
                examples,
                Brightness(),
                context(output, cache, resume=True),
                Seen().callbacks(),
            )
    with pytest.raises(WeightsError, match="other settings, videos or classifier"):
        train(
            settings("md"),
            examples[:4],
            None,
            context(output, cache, resume=True),
            Seen().callbacks(),
        )
    judged = settings("md", objective="sal-rank")
    train(judged, examples, Brightness(), context(output, cache), Seen().callbacks())
    other = Brightness()
    other.classify = lambda clips: Brightness().classify(255 - clips)  # type: ignore[method-assign]
    other.weights = replace(other.weights, sha256="2" * 64)  # type: ignore[misc]
    with pytest.raises(WeightsError, match="other settings, videos or classifier"):
        train(judged, examples, other, context(output, cache, resume=True), Seen().callbacks())
    checkpoint = Path(f"{output}.ckpt")
    whole = checkpoint.read_bytes()

    # another version of the format is named
    fields = torch.load(checkpoint, weights_only=True)
    torch.save({**fields, "format": "scsampler-checkpoint/2"}, checkpoint)
    with pytest.raises(WeightsError, match=r"of the format 'scsampler-checkpoint/2'"):
        load(checkpoint)
    for kept in (0, 10, 1000, *range(5000, len(whole), len(whole) // 20), len(whole) - 1):
        checkpoint.write_bytes(whole[:kept])
        with pytest.raises(WeightsError, match="damaged"):
            load(checkpoint)
    with pytest.raises(WeightsError, match="damaged"):
        train(
            settings("md"), examples, None, context(output, cache, resume=True), Seen().callbacks()
        )


def test_early_stop_and_the_best_epoch(
    examples: list[Example], cache: Cache, tmp_path: Path
) -> None:
    """With a rate of almost nothing hardly an epoch is better than the first, so patience ends the
    run."""
    still = settings(
        "md", recipe=replace(QUICK, epochs=9, learning_rate=1e-12), patience=2, keep="best"
    )
    seen = Seen()
    summary = train(
        still, examples, None, context(tmp_path / "w.safetensors", cache), seen.callbacks()
    )
    last, best = summary["epochs"], summary["epoch"]
    assert last < 9
    assert last == best + 2
    assert any(
        f"stopped after epoch {last}: no later one was better than epoch {best}" in note
        for note in seen.notes
    )


def test_features_and_pseudo_labels_are_computed_once(
    examples: list[Example], tmp_path: Path
) -> None:
    cache, teacher = Cache(tmp_path / "cache"), Brightness()
    chosen = settings("md", objective="sal-rank")
    train(chosen, examples, teacher, context(tmp_path / "a.safetensors", cache), Seen().callbacks())
    calls, stamps = (
        teacher.calls,
        {p: p.stat().st_mtime_ns for p in (tmp_path / "cache").rglob("values.raw")},
    )
    assert calls > 0
    train(chosen, examples, teacher, context(tmp_path / "b.safetensors", cache), Seen().callbacks())
    assert teacher.calls == calls
    assert stamps == {p: p.stat().st_mtime_ns for p in (tmp_path / "cache").rglob("values.raw")}
    other = Brightness()
    other.weights = replace(other.weights, sha256="1" * 64)  # type: ignore[misc]
    train(chosen, examples, other, context(tmp_path / "c.safetensors", cache), Seen().callbacks())
    assert other.calls == calls, "other weights, other ClipProbs"


def test_for_ac_the_classifier_sees_validation_videos_alone(
    examples: list[Example], tmp_path: Path
) -> None:
    cache = Cache(tmp_path / "cache")
    summary = train(
        settings("md"),
        examples,
        Brightness(),
        context(tmp_path / "w.safetensors", cache),
        Seen().callbacks(),
    )
    assert summary["videos"] == {"train": 4, "val": 2}
    assert set(summary["baselines"]) == {"uniform", "random", "dense", "oracle"}
    assert len(list((tmp_path / "cache").glob("*/probabilities-*"))) == 2


def test_answers_of_weights_without_a_digest_are_asked_for_again(
    examples: list[Example], tmp_path: Path
) -> None:
    cache, chosen = Cache(tmp_path / "cache"), settings("md", objective="sal-rank")
    worth = []
    for dim in (1.0, 0.5):
        teacher = Brightness()
        teacher.weights = replace(teacher.weights, sha256=None)  # type: ignore[misc]
        teacher.classify = lambda clips, dim=dim: Brightness().classify(
            (clips * dim).astype(np.uint8)
        )  # type: ignore
        train(
            chosen,
            examples,
            teacher,
            context(tmp_path / f"{dim}.safetensors", cache),
            Seen().callbacks(),
        )
        stored = sorted((tmp_path / "cache").glob("*/probabilities-*/values.raw"))
        assert len(stored) == len(examples)
        worth.append(np.concatenate([np.fromfile(path, np.float32) for path in stored]))
    np.testing.assert_allclose(worth[1][1::2], worth[0][1::2] / 2, atol=0.01)


def test_unreadable_videos_are_reported_and_left_out(
    examples: list[Example], cache: Cache, tmp_path: Path
) -> None:
    (tmp_path / "bad.mp4").write_text("text")
    seen = Seen()
    listed = [*examples, Example(tmp_path / "bad.mp4", "right", "train")]
    summary = train(
        settings("md"), listed, None, context(tmp_path / "w.safetensors", cache), seen.callbacks()
    )
    assert len(seen.failures) == 1
    assert seen.failures[0].startswith("bad.mp4: ")
    assert summary["videos"] == {"train": 4, "val": 2}


def test_a_class_that_nothing_teaches_is_said(
    examples: list[Example], cache: Cache, tmp_path: Path
) -> None:
    (tmp_path / "bad.mp4").write_text("text")
    seen = Seen()
    listed = [*examples, Example(tmp_path / "bad.mp4", "up", "train")]
    summary = train(
        settings("md"), listed, None, context(tmp_path / "w.safetensors", cache), seen.callbacks()
    )
    assert summary["labels"] == ["down", "right", "up"]
    assert [note for note in seen.notes if "'up'" in note] == [
        "no training video of 'up' can be used: it stays a label, and the network cannot learn it"
    ]


def test_background_that_nothing_teaches_is_an_error(
    examples: list[Example], cache: Cache, tmp_path: Path
) -> None:
    (tmp_path / "bad.mp4").write_text("text")
    of_background = replace(settings("md"), background=True)
    place = context(tmp_path / "w.safetensors", cache)
    with pytest.raises(InputError, match="no training video is of the background"):
        train(of_background, examples, None, place, Seen().callbacks())
    listed = [*examples, Example(tmp_path / "bad.mp4", BACKGROUND, "train")]
    with pytest.raises(InputError, match="no training video of the background can be used"):
        train(of_background, listed, None, place, Seen().callbacks())
    assert not (tmp_path / "w.safetensors").exists()


def test_videos_that_go_from_the_cache_during_a_run_are_named(
    examples: list[Example], tmp_path: Path
) -> None:
    class Thief(Brightness):
        def classify(self, clips: np.ndarray) -> np.ndarray:
            for stolen in sorted((tmp_path / "cache").glob("*/md-*/entry.json"))[: self.calls == 0]:
                stolen.unlink()
            return super().classify(clips)

    seen, cache = Seen(), Cache(tmp_path / "cache")
    summary = train(
        settings("md"),
        examples,
        Thief(),
        context(tmp_path / "w.safetensors", cache),
        seen.callbacks(),
    )
    assert sum(summary["videos"].values()) == len(examples) - 1
    assert ["its entry in the cache" in failure for failure in seen.failures] == [True]


def test_what_is_known_starts_no_processes(
    examples: list[Example], cache: Cache, tmp_path: Path
) -> None:
    train(
        settings("md"),
        examples,
        None,
        context(tmp_path / "w.safetensors", cache),
        Seen().callbacks(),
    )
    pool = Here()
    train(
        settings("md"),
        examples,
        None,
        context(tmp_path / "w.safetensors", cache, pool=pool),
        Seen().callbacks(),
    )
    assert pool.handed == []
    with processes(2) as pool:
        assert list(pool.each([], print)) == []
        assert multiprocessing.active_children() == []


@pytest.mark.parametrize("jobs", [0, 2])
def test_a_cache_that_cannot_be_written_ends_the_run(
    jobs: int, examples: list[Example], tmp_path: Path
) -> None:
    (tmp_path / "cache").write_text("a file")
    seen, output = Seen(), tmp_path / "w.safetensors"
    with processes(2) if jobs else nullcontext(Here()) as pool:
        where = context(output, Cache(tmp_path / "cache"), pool=pool)
        with pytest.raises(OutputError, match="cannot write the cache"):
            train(settings("md"), examples, None, where, seen.callbacks())
    assert seen.failures == [], "it is not the videos' fault"


def test_without_a_classifier_it_says_what_is_not_measured(
    examples: list[Example], cache: Cache, tmp_path: Path
) -> None:
    for teacher in (None, Brightness()):
        seen = Seen()
        train(
            settings("md"),
            examples,
            teacher,
            context(tmp_path / "w.safetensors", cache),
            seen.callbacks(),
        )
        assert any("no clip classifier" in note for note in seen.notes) == (teacher is None)


@pytest.mark.parametrize("moment", ["before", "read", "classified"])
def test_a_video_that_is_deleted_during_a_run_is_named(
    moment: str, examples: list[Example], tmp_path: Path
) -> None:
    lost = replace(examples[0], path=tmp_path / "lost.mp4")
    lost.path.write_bytes(examples[0].path.read_bytes())

    class Thief(Brightness):
        def classify(self, clips: np.ndarray) -> np.ndarray:
            if moment == "read" or (moment == "classified" and self.calls >= len(examples) - 1):
                lost.path.unlink(missing_ok=True)
            return super().classify(clips)

    if moment == "before":
        lost.path.unlink()
    seen, chosen = Seen(), settings("md", objective="sal-rank")
    order = [lost, *examples] if moment == "classified" else [*examples, lost]
    output, cache = tmp_path / "w.safetensors", Cache(tmp_path / "cache")
    summary = train(chosen, order, Thief(), context(output, cache), seen.callbacks())
    assert summary["videos"] == {"train": 4, "val": 2}
    assert [failure.partition(":")[0] for failure in seen.failures] == ["lost.mp4"]


def test_videos_without_what_the_target_needs_are_refused(cache: Cache, tmp_path: Path) -> None:
    silent = [
        Example(write_video(tmp_path / f"{label}.mp4", pan(20, 1, 0, 64, 64)), label, "train")
        for label in ("a", "b")
    ]
    seen = Seen()
    with pytest.raises(InputError, match="can be used for training"):
        train(
            settings("mel"),
            silent,
            None,
            context(tmp_path / "w.safetensors", cache),
            seen.callbacks(),
        )
    assert any("2 videos with no sound" in note for note in seen.notes)
    assert any(
        note.startswith(str(silent[0].path)) and "no sound" in note for note in seen.notes
    ), "as every command says"


def test_without_validation_videos_the_last_epoch_is_kept(
    examples: list[Example], cache: Cache, tmp_path: Path
) -> None:
    seen, listed = Seen(), [e for e in examples if e.split == "train"]
    plateau = settings("md", recipe=replace(QUICK, schedule="plateau"), keep="best")
    summary = train(
        plateau, listed, None, context(tmp_path / "w.safetensors", cache), seen.callbacks()
    )
    assert summary["epoch"] == 2
    assert "video_accuracy" not in summary
    assert any("no validation videos" in note for note in seen.notes)


def test_processes_read_what_one_reads(examples: list[Example], tmp_path: Path) -> None:
    for jobs in (0, 1, 2):
        cache = Cache(tmp_path / f"cache{jobs}")
        with processes(jobs) if jobs else nullcontext(Here()) as pool:
            where = context(tmp_path / f"{jobs}.safetensors", cache, pool=pool)
            train(settings("md"), examples, None, where, Seen().callbacks())
    assert same(tmp_path / "0.safetensors", tmp_path / "1.safetensors")
    assert same(tmp_path / "0.safetensors", tmp_path / "2.safetensors")


def test_the_file_says_where_it_comes_from(
    examples: list[Example], cache: Cache, tmp_path: Path
) -> None:
    output = tmp_path / "w.safetensors"
    train(
        settings("md", objective="sal-rank", seed=5),
        examples,
        Brightness(),
        context(output, cache, description="pans"),
        Seen().callbacks(),
    )
    meta = read_weights(output).metadata
    assert meta["data"] == {
        "text": "pans",
        "videos": {"train": 4, "val": 2},
        "clips": {"train": 20, "val": 10},
    }
    assert meta["seed"] == 5
    assert meta["settings"]["recipe"]["epochs"] == 2
    assert meta["teacher"]["name"] == "brightness"
    assert len(meta["sha256"]) == 64
    assert meta["std"] == [20.0, 20.0]
    assert {"commit", "package", "result", "start"} <= meta.keys()
    curve = output.with_suffix(".curve.png").read_bytes()
    assert curve.startswith(b"\x89PNG")
    assert str(tmp_path) not in json.dumps(meta)


def test_what_cannot_go_together_is_refused(
    examples: list[Example], cache: Cache, tmp_path: Path
) -> None:
    output = context(tmp_path / "w.safetensors", cache)
    with pytest.raises(SettingsError, match="learns from the probabilities of a clip classifier"):
        train(settings("md", objective="sal-cl"), examples, None, output, Seen().callbacks())
    with pytest.raises(SettingsError, match="brightness takes 8, every 2"):
        train(
            settings("md", spec=replace(SMALL, frames=16)),
            examples,
            Brightness(),
            output,
            Seen().callbacks(),
        )
    stranger = Brightness()
    stranger.labels = ("cat", "dog")  # type: ignore[assignment]
    with pytest.raises(InputError, match="has none of the labels"):
        train(settings("md", objective="sal-rank"), examples, stranger, output, Seen().callbacks())
    for wrong in (
        {"target": "flow"},
        {"target": "md", "objective": "rank"},
        {"target": "classifier", "objective": "sal-rank"},
        {"target": "joint", "inputs": ("md", "rgbr"), "init": ("a", "b")},
        {"target": "joint", "inputs": ("md", "mel"), "init": ("a",)},
        {"target": "md", "augment": "wild"},
    ):
        with pytest.raises(SettingsError):
            TrainSettings(**wrong)  # type: ignore[arg-type]
