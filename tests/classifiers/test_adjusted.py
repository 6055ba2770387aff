"""Views, other geometry, temperature: by hand, and against what the network itself would give."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from scsampler_cli.classifiers.adjusted import adjusted, tempered
from scsampler_cli.classifiers.base import InputSpec, probabilities_of
from scsampler_cli.classifiers.geometry import crops_apart, fit_frame
from scsampler_cli.classifiers.network import NetworkClassifier
from scsampler_cli.classifiers.networks import build
from scsampler_cli.errors import ClassifierError, SettingsError
from scsampler_cli.model_zoo.weights_info import WeightsInfo
from scsampler_cli.pipeline.clip_inference import classify_clips
from scsampler_cli.pipeline.video import Video
from tests.synthetic import pan, write_video

CPU, FP32 = torch.device("cpu"), torch.float32
SPEC = InputSpec(4, 1, (40, 60), crop=(32, 32))
NONE = WeightsInfo("none", None)


def classifier(any_size: bool = True, activation: str = "softmax") -> NetworkClassifier:
    torch.manual_seed(0)
    network = build("tiny3d", 3)
    return NetworkClassifier(
        "tiny",
        network,
        "abc",
        spec=SPEC,
        weights=NONE,
        device=CPU,
        dtype=FP32,
        activation=activation,
        any_size=any_size,
    )


def clips(height: int, width: int, count: int = 2) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, 4, height, width, 3), np.uint8)


def test_nothing_to_change_changes_nothing() -> None:
    plain = classifier()
    assert adjusted(plain, {}) is plain


def test_full_is_a_square_of_the_resized_frames_height() -> None:
    whole = adjusted(classifier(), {}, "full")
    assert whole.spec.crop == (40, 40)
    assert adjusted(classifier(), {"resize": 256}, "full").spec.crop == (256, 256)  # Sec. 4.1.3
    assert whole.classify(clips(40, 40)).shape == (2, 3)
    with pytest.raises(ClassifierError, match=r"takes clips uint8 \[N, 4, 40, 40, 3\]"):
        whole.classify(clips(32, 32))
    with pytest.raises(SettingsError, match="takes only frames of 32 x 32"):
        adjusted(classifier(any_size=False), {}, "full")


def test_three_crops_are_the_ends_and_the_middle_and_are_averaged(tmp_path: Path) -> None:
    plain = classifier()
    three = adjusted(plain, {}, "three")
    write_video(tmp_path / "v.mp4", pan(8, 1, 0, 40, 60))
    found = classify_clips(Video(tmp_path / "v.mp4", 4), [0, 1], three)
    frames = [
        [np.asarray(fit_frame(frame, replace(SPEC, crop=(32, 60)))) for frame in decoded]
        for decoded in _decoded(tmp_path / "v.mp4")
    ]
    strips = np.array(frames)  # [2, 4, 32, 60, 3]
    single = [
        plain.classify(np.ascontiguousarray(strips[:, :, :, x : x + 32])) for x in (0, 14, 28)
    ]
    assert np.allclose(found, np.mean(single, axis=0), atol=1e-6)
    assert not np.allclose(single[0], single[2], atol=1e-6)


def _decoded(path: Path) -> list[list[np.ndarray]]:
    video = Video(path, 4)
    whole = InputSpec(4, 1, (40, 60), crop=(40, 60))
    from scsampler_cli.pipeline.video import clip_frames

    return [list(batch) for _, batch in clip_frames(video, [0, 1], whole)]


@pytest.mark.parametrize(("height", "width"), [(48, 96), (96, 48), (32, 32), (20, 90)])
def test_crops_lie_side_by_side_and_come_apart_again(height: int, width: int) -> None:
    frame = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    spec = InputSpec(1, 1, (height, width), crop=(32, 32), crops=3)
    strip = fit_frame(frame, spec)
    assert strip.shape == (32, 96, 3)
    apart = crops_apart(strip[None, None], spec)
    assert apart.shape == (3, 1, 32, 32, 3)
    centre = fit_frame(frame, replace(spec, crops=1))
    assert np.array_equal(apart[1, 0], centre)
    if height >= 32 and width >= 32:
        assert np.array_equal(
            apart[0, 0],
            frame[:32, (width - 32) // 2 :][:, :32]
            if height > width
            else frame[(height - 32) // 2 :][:32, :32],
        )


def test_temperature_is_that_of_the_logits() -> None:
    plain = classifier()
    batch = clips(32, 32)
    logits = plain.with_activation("none").classify(batch)
    for temperature in (0.25, 1.0, 3.0):
        wanted = torch.from_numpy(logits / temperature).softmax(1).numpy()
        assert np.allclose(
            adjusted(plain, {}, temperature=temperature).classify(batch), wanted, atol=1e-5
        )
    many = classifier(activation="sigmoid")
    found = adjusted(many, {}, temperature=2.0)
    assert np.allclose(
        found.classify(batch), torch.from_numpy(logits / 2).sigmoid().numpy(), atol=1e-5
    )
    assert np.allclose(probabilities_of(found, batch), found.classify(batch))


def test_temperature_by_hand() -> None:
    assert tempered(np.array([[0.2, 0.8]], np.float32), 2.0) == pytest.approx(
        np.array([[1 / 3, 2 / 3]])
    )
    assert tempered(np.array([[0.0, 1.0]], np.float32), 2.0) == pytest.approx(
        np.array([[0, 1]]), abs=1e-6
    )


@given(
    st.lists(st.floats(0, 1, width=32), min_size=2, max_size=6), st.floats(0.01, 100), st.booleans()
)
def test_any_temperature_gives_probabilities_in_the_same_order(
    row: list[float], temperature: float, many: bool
) -> None:
    values = np.array([row], np.float32)
    if not many:
        values = (values + np.float32(1e-3)) / (values + np.float32(1e-3)).sum()
    found = tempered(values, temperature, many)
    assert np.isfinite(found).all()
    assert found.min() >= 0
    assert found.max() <= 1
    if not many:
        assert found.sum() == pytest.approx(1, abs=1e-5)
    order = np.argsort(values[0], kind="stable")
    assert (np.diff(found[0][order]) >= -1e-6).all()


class Plug:
    name, labels, spec, weights = "plug", ("a", "b"), SPEC, NONE

    def classify(self, batch: np.ndarray) -> np.ndarray:
        return np.full((len(batch), 2), 0.5, np.float32)


def test_a_plug_in_is_seen_in_three_crops_and_keeps_its_own_geometry() -> None:
    assert adjusted(Plug(), {}, "three").spec.crops == 3
    with pytest.raises(SettingsError, match="cannot be changed"):
        adjusted(Plug(), {"frames": 8})
    with pytest.raises(SettingsError, match="takes only frames of 32 x 32"):
        adjusted(Plug(), {}, "full")
    with pytest.raises(
        SettingsError, match=r"the activation of classifier .plug. cannot be changed"
    ):
        adjusted(Plug(), {"activation": "sigmoid"})
    with pytest.raises(SettingsError, match="labels of plug cannot be changed"):
        adjusted(Plug(), {"labels": ("x", "y")})


def test_other_geometry_reaches_the_network() -> None:
    plain = classifier()
    other = adjusted(plain, {"frames": 8, "mean": (0.0, 0.0, 0.0)})
    assert other.spec == replace(SPEC, frames=8, mean=(0.0, 0.0, 0.0))
    longer = np.repeat(clips(32, 32), 2, axis=1)
    assert other.classify(longer).shape == (2, 3)
    assert plain.spec == SPEC
    with pytest.raises(ClassifierError, match="takes only clips of 4 frames of 32 x 32"):
        adjusted(classifier(any_size=False), {"frames": 8})
    darker = adjusted(classifier(any_size=False), {"mean": (0.0, 0.0, 0.0)})
    assert not np.allclose(darker.classify(clips(32, 32)), plain.classify(clips(32, 32)), atol=1e-6)
