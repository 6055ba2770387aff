"""Records say where the picture of each clip comes from, for a video and for its feature file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from jsonschema import Draft202012Validator

from scsampler_cli.classifiers import registry
from scsampler_cli.config import FeatureSettings, SelectionSettings
from scsampler_cli.features.store import read_header, read_visual
from scsampler_cli.model_zoo.weightfile import write_weights
from scsampler_cli.output import schemas
from scsampler_cli.pipeline import stages
from scsampler_cli.pipeline.video import Video, visual_clips
from scsampler_cli.samplers.networks import build
from scsampler_cli.samplers.scoring import Samplers, load_visual
from tests.synthetic import pan, write_video

CPU, FP32 = torch.device("cpu"), torch.float32
PICTURES = FeatureSettings(inputs=("rgb",), picture_gap=0.5)
TOP = SelectionSettings(strategy="visual", k=2)
X265 = {"x265-params": "log-level=none:keyint=50:min-keyint=50:scenecut=0"}


@pytest.fixture(scope="module")
def samplers(tmp_path_factory: pytest.TempPathFactory) -> Samplers:
    path = tmp_path_factory.mktemp("weights") / "rgb.safetensors"
    meta = {"kind": "sampler", "input": "rgb", "arch": "lite0", "objective": "ac"}
    torch.manual_seed(0)
    write_weights(path, build("lite0", "rgb", 3).state_dict(), meta | {"labels": ["a", "b", "c"]})
    return Samplers(load_visual(str(path), CPU, FP32), None)


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """HEVC of 6 clips: keyframes at 0 and 50, 25 frames a second."""
    path = tmp_path_factory.mktemp("video") / "v.mp4"
    return write_video(path, pan(96, 1, 0, 64, 96), codec="libx265", options=X265)


def scored(path: Path, samplers: Samplers) -> dict[str, Any]:
    return stages.score(
        path, samplers, PICTURES, clip_frames=16, frame_stride=1, selection=TOP
    ).record()


def test_the_record_of_score_has_the_source_of_each_picture(
    video: Path, samplers: Samplers
) -> None:
    record = scored(video, samplers)
    # 0.5 s are 12.5 frames: the second clip starts 16 frames behind the keyframe
    assert [clip["picture"] for clip in record["clips"]] == [
        "keyframe",
        "decoded",
        "decoded",
        "keyframe",
        "decoded",
        "decoded",
    ]
    assert record["video"]["motion_vectors"] == "none"
    assert record["notes"] == []
    assert list(Draft202012Validator(schemas.schema("score")).iter_errors(record)) == []


def test_a_feature_file_gives_the_same_scores_and_sources(
    tmp_path: Path, video: Path, samplers: Samplers
) -> None:
    out = tmp_path / "v.scf"
    made = stages.extract(video, out, PICTURES, clip_frames=16, frame_stride=1)
    assert made.video["motion_vectors"] == read_header(out)[0]["video"]["motion_vectors"] == "none"
    ours, theirs = scored(out, samplers), scored(video, samplers)
    for record in (ours, theirs):
        del record["path"], record["timings_s"]
    assert ours == theirs


def test_a_feature_file_has_a_shared_picture_once(tmp_path: Path, video: Path) -> None:
    settings = FeatureSettings(inputs=("rgb",), picture_gap=100.0)
    sizes = {}
    for name, gap in (("shared", 100.0), ("own", 0.0)):
        out = tmp_path / f"{name}.scf"
        own = FeatureSettings(inputs=("rgb",), picture_gap=gap)
        sizes[name] = stages.extract(video, out, own, clip_frames=16, frame_stride=1).bytes
    assert sizes["shared"] < sizes["own"] / 2
    stored = list(read_visual(tmp_path / "shared.scf"))
    read = list(visual_clips(Video(video), settings))
    for a, b in zip(stored, read, strict=True):
        assert np.array_equal(a.pictures, b.pictures)
        assert (a.picture_frame, a.picture_source) == (b.picture_frame, b.picture_source)
    assert [clip.picture_frame for clip in stored] == [0, 0, 0, 50, 50, 50]
    assert stored[0].pictures is stored[2].pictures


def test_another_distance_of_keyframes_is_noted_for_a_feature_file(
    tmp_path: Path, video: Path, samplers: Samplers
) -> None:
    out = tmp_path / "v.scf"
    settings = FeatureSettings(inputs=("rgb",), picture_gap=3.0, p_frames=4)
    stages.extract(video, out, settings, clip_frames=16, frame_stride=1)
    (note,) = scored(out, samplers)["notes"]
    assert note.startswith("the features were extracted with picture_gap 3.0, not 0.5")


def test_the_automatic_distance_is_noted_by_that_name(
    tmp_path: Path, video: Path, samplers: Samplers
) -> None:
    out = tmp_path / "v.scf"
    stages.extract(video, out, FeatureSettings(inputs=("rgb",)), clip_frames=16, frame_stride=1)
    (note,) = scored(out, samplers)["notes"]
    assert note.startswith("the features were extracted with picture_gap automatic, not 0.5")


def test_features_of_other_inputs_in_the_file_change_no_score(
    tmp_path: Path, video: Path, samplers: Samplers
) -> None:
    out = tmp_path / "v.scf"
    settings = replace(PICTURES, inputs=("rgb", "md"), p_frames=4)
    stages.extract(video, out, settings, clip_frames=16, frame_stride=1)
    stored, read = scored(out, samplers), scored(video, samplers)
    assert stored["clips"] == read["clips"]
    assert stored["video"]["picture_gap_s"] == read["video"]["picture_gap_s"] == 0.5


def test_selected_clips_have_the_source_only_where_pictures_were_read(
    video: Path, samplers: Samplers
) -> None:
    demo = registry.load("demo", CPU, FP32)
    record = stages.classify(video, samplers, demo, features=PICTURES, selection=TOP).record()
    assert {clip["picture"] for clip in record["clips"]} <= {"keyframe", "decoded"}
    assert list(Draft202012Validator(schemas.schema("classify")).iter_errors(record)) == []
    uniform = SelectionSettings(strategy="uniform", k=2)
    record = stages.classify(video, samplers, demo, features=PICTURES, selection=uniform).record()
    assert all("picture" not in clip for clip in record["clips"])


def test_mixed_inputs_are_reencoded_and_have_the_same_pictures(tmp_path: Path, video: Path) -> None:
    out = tmp_path / "v.scf"
    both = FeatureSettings(inputs=("rgb", "md"), picture_gap=0.5)
    made = stages.extract(video, out, both, clip_frames=16, frame_stride=1)
    assert made.video["motion_vectors"] == "re-encoded"
    assert any("re-encoded" in note for note in made.notes)
    alone = list(visual_clips(Video(video), PICTURES))
    for stored, read in zip(read_visual(out), alone, strict=True):
        assert np.array_equal(stored.pictures, read.pictures)
        assert len(stored.motion) > 0
