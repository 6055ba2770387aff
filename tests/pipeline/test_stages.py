"""The stages in order, in one process, on videos with a known answer."""

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch

from scsampler_cli.classifiers import registry
from scsampler_cli.classifiers.base import ClipClassifier, InputSpec
from scsampler_cli.config import FeatureSettings, SelectionSettings
from scsampler_cli.errors import VideoError
from scsampler_cli.model_zoo.weights_info import WeightsInfo
from scsampler_cli.pipeline import stages
from scsampler_cli.pipeline.clip_inference import classify_clips, score_clips
from scsampler_cli.pipeline.video import Video, clip_frames, visual_clips
from scsampler_cli.samplers.scoring import Samplers, load_audio, load_visual
from tests.synthetic import pan, static, tone, write_video

CPU, FP32 = torch.device("cpu"), torch.float32


@pytest.fixture(scope="module")
def samplers() -> Samplers:
    return Samplers(load_visual("demo", CPU, FP32), load_audio("demo", CPU, FP32))


@pytest.fixture(scope="module")
def demo() -> ClipClassifier:
    return registry.load("demo", CPU, FP32)


class Grey:
    """A classifier with a known answer: the mean grey level of a clip, and the rest."""

    name, labels = "grey", ("bright", "dark")
    spec = InputSpec(frames=8, stride=2, resize=16, crop=(16, 16))
    weights = WeightsInfo("none", None)
    batch_clips = 2

    def classify(self, clips: np.ndarray) -> np.ndarray:
        assert len(clips) <= 2
        bright = clips.mean(axis=(1, 2, 3, 4)) / 255
        return np.stack([bright, 1 - bright], axis=1).astype(np.float32)


def ramp(frames: int):
    """Frame i has grey level i."""
    return (np.full((64, 64, 3), i, np.uint8) for i in range(frames))


def test_clip_probabilities_come_in_the_order_asked_for(tmp_path: Path) -> None:
    video = Video(write_video(tmp_path / "v.mp4", ramp(96)), 8, 2)
    found = classify_clips(video, [4, 0, 2], Grey())[:, 0] * 255
    assert np.abs(found - [16 * clip + 7 for clip in (4, 0, 2)]).max() < 2.5


def test_the_answer_is_the_mean_over_the_clips_taken(tmp_path: Path) -> None:
    path = write_video(tmp_path / "v.mp4", ramp(96))
    record = stages.classify(
        path,
        Samplers(None, None),
        Grey(),
        features=FeatureSettings(),
        selection=SelectionSettings(strategy="uniform", k=2),
    ).record()
    assert [clip["clip"] for clip in record["clips"]] == [1, 4]
    mean = np.mean([16 * 1 + 7, 16 * 4 + 7]) / 255
    assert {t["label"]: t["probability"] for t in record["tags"]}["bright"] == pytest.approx(
        mean, abs=0.01
    )
    assert record["samplers"] == []


@pytest.mark.parametrize("frames", [1, 2, 15, 16, 17, 31, 32, 100])
@pytest.mark.parametrize("sound", [True, False])
def test_every_length_is_tagged(
    tmp_path: Path, samplers: Samplers, demo: ClipClassifier, frames: int, sound: bool
) -> None:
    audio = tone(frames / 25, 500) if sound else None
    path = write_video(tmp_path / "v.mp4", pan(frames, 2, 0, 64, 96), audio=audio)
    record = stages.classify(
        path, samplers, demo, features=FeatureSettings(), selection=SelectionSettings()
    ).record()
    assert record["video"]["frames"] == frames
    assert len(record["clips"]) == max(1, min(10, frames // 16))
    assert sum(tag["probability"] for tag in record["tags"]) <= 1.00001
    assert any("shorter than one clip" in note for note in record["notes"]) == (frames < 16)
    assert any("no sound" in note for note in record["notes"]) == (not sound)


def test_ten_times_the_same_bytes(tmp_path: Path, samplers: Samplers, demo: ClipClassifier) -> None:
    path = write_video(tmp_path / "v.mp4", pan(120, 3, 1, 96, 128), audio=tone(4.8, 700))
    texts = set()
    for _ in range(10):
        record = stages.classify(
            path, samplers, demo, features=FeatureSettings(), selection=SelectionSettings(k=3)
        ).record()
        del record["timings_s"]
        texts.add(json.dumps(record))
    assert len(texts) == 1


def test_sound_in_parts_is_scored_in_parts(tmp_path: Path, samplers: Samplers) -> None:
    video = Video(write_video(tmp_path / "v.mkv", pan(160, 1, 0, 64, 64), audio=tone(2.56, 500)))
    scores = score_clips(video, samplers, FeatureSettings())
    assert scores.audio is not None
    assert (
        np.isnan(scores.audio).tolist() == [False] * 4 + [False] + [True] * 5
        or np.isnan(scores.audio).tolist() == [False] * 4 + [True] * 6
    )
    assert not np.isnan(scores.visual).any()
    assert any("without sound" in note for note in video.notes)


def test_a_codec_without_vectors_is_reencoded_only_for_inputs_that_need_them(
    tmp_path: Path,
) -> None:
    path = write_video(tmp_path / "v.avi", static(20, 64, 64), codec="mjpeg", pix_fmt="yuvj420p")
    video = Video(path)
    assert video.facts()["motion_vectors"] == "none"
    list(visual_clips(video, FeatureSettings(inputs=("rgb",))))
    assert video.notes == []
    list(visual_clips(video, FeatureSettings(inputs=("md",))))
    assert any("re-encoded" in note for note in video.notes)
    assert video.facts()["motion_vectors"] == "re-encoded"


def test_times_of_a_late_variable_rate_video_are_its_own(
    tmp_path: Path, samplers: Samplers, demo: ClipClassifier
) -> None:
    pts = (1000 + np.cumsum([0, *([40, 20, 60] * 22)])[:64]).tolist()
    path = write_video(
        tmp_path / "v.mkv", pan(64, 1, 0, 64, 64), pts=pts, time_base=Fraction(1, 1000)
    )
    record = stages.classify(
        path,
        samplers,
        demo,
        features=FeatureSettings(),
        selection=SelectionSettings(strategy="dense"),
    ).record()
    assert [clip["start_s"] for clip in record["clips"]] == [pts[i] / 1000 for i in (0, 16, 32, 48)]
    assert [clip["end_s"] for clip in record["clips"]][:3] == [pts[i] / 1000 for i in (16, 32, 48)]


def test_a_video_that_vanishes_under_the_reader_is_a_clear_error(
    tmp_path: Path, demo: ClipClassifier
) -> None:
    path = write_video(tmp_path / "v.mp4", pan(64, 1, 0, 64, 64))
    video = Video(path)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(VideoError):
        list(clip_frames(video, [0], demo.spec))


def test_progress_is_reported_to_the_end(
    tmp_path: Path, samplers: Samplers, demo: ClipClassifier
) -> None:
    path = write_video(tmp_path / "v.mp4", pan(64, 1, 0, 64, 64), audio=tone(2.6, 500))
    seen: list[tuple[str, int, int]] = []
    stages.classify(
        path,
        samplers,
        demo,
        features=FeatureSettings(),
        selection=SelectionSettings(k=2),
        top=5,
        progress=lambda *step: seen.append(step),
    )
    assert {("score", 4, 4), ("listen", 4, 4), ("classify", 2, 2)} <= set(seen)
