"""Vectors of pictures: near for pictures that look alike, and computed once for each picture."""

import numpy as np
import pytest
import torch

from scsampler_cli.config import FeatureSettings
from scsampler_cli.pipeline.video import Video, visual_clips
from scsampler_cli.samplers.network_inputs import visual_input
from scsampler_cli.samplers.picture_features import (
    DIMENSIONS,
    ImageNetFeatures,
    Vectors,
    _signs,
    as_array,
)
from tests.synthetic import texture, tiles, write_video

RGB = FeatureSettings(inputs=("rgb",))


@pytest.fixture(scope="module")
def network() -> ImageNetFeatures:
    return ImageNetFeatures(torch.device("cpu"), torch.float32)


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Video:
    # two scenes, one after the other, and the first one again
    first, second = texture(96, 128, 1), tiles(96, 128, 2)
    frames = [*[first] * 48, *[second] * 48, *[first] * 48]
    return Video(write_video(tmp_path_factory.mktemp("scenes") / "v.mp4", iter(frames)), 16)


def of_all(network: ImageNetFeatures, video: Video) -> tuple[np.ndarray, list[int]]:
    found: Vectors = {}
    passed = [clip.clip for clip in network.passing(visual_clips(video, RGB), found)]
    return as_array(found, video.grid.every(1), DIMENSIONS), passed


def test_clips_pass_in_order_and_each_gets_a_vector(
    network: ImageNetFeatures, video: Video
) -> None:
    vectors, passed = of_all(network, video)
    assert passed == list(range(9))
    assert vectors.shape == (9, DIMENSIONS)
    assert vectors.dtype == np.float32
    assert np.isfinite(vectors).all()


def test_clips_of_one_scene_are_near_each_other(network: ImageNetFeatures, video: Video) -> None:
    vectors, _ = of_all(network, video)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    alike = unit @ unit.T
    same, other = alike[1, 7], alike[1, 4]
    assert same > 0.95
    assert other < same - 0.2


def test_a_shared_picture_is_computed_once(
    network: ImageNetFeatures, video: Video, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = []
    real = network.of_inputs

    def counting(pictures: torch.Tensor) -> np.ndarray:
        counts.append(len(pictures))
        return real(pictures)

    monkeypatch.setattr(network, "of_inputs", counting)
    vectors, _ = of_all(network, video)
    pictures = {clip.picture_frame for clip in visual_clips(video, RGB)}
    assert sum(counts) == len(pictures) < 9
    # and has the same vector in every clip
    assert len(np.unique(vectors, axis=0)) <= len(pictures)


def test_a_clip_without_a_picture_has_none(network: ImageNetFeatures) -> None:
    assert np.isnan(
        as_array({1: np.zeros(DIMENSIONS, np.float16)}, np.array([0, 1]), DIMENSIONS)[0]
    ).all()
    assert len(as_array({}, np.array([], np.int64), DIMENSIONS)) == 0


def test_the_projection_keeps_angles_to_within_a_fifth(
    network: ImageNetFeatures, video: Video
) -> None:
    clips = list(visual_clips(video, RGB))
    pictures = torch.cat([visual_input(clip, "rgb") for clip in (clips[0], clips[4])])
    with torch.inference_mode():
        whole = network._network(pictures).float().numpy()
    small = network.of_inputs(pictures).astype(np.float32)

    def cosine(rows: np.ndarray) -> float:
        return float(rows[0] @ rows[1] / np.linalg.norm(rows[0]) / np.linalg.norm(rows[1]))

    assert cosine(small) == pytest.approx(cosine(whole), abs=0.2)


def test_the_signs_never_change() -> None:
    # vectors are kept on disk: another projection would make them useless
    signs = np.sign(_signs())
    assert signs[0, :8].tolist() == [-1, 1, 1, -1, 1, 1, 1, 1]
    assert signs.sum() == 328


def test_the_record_names_the_network(network: ImageNetFeatures) -> None:
    record = network.record
    assert (record["input"], record["objective"]) == ("rgb", "features")
    assert len(record["sha256"]) == 64
