"""Plain state dicts that a description, or --arch, says the network of."""

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch

from scsampler_cli.classifiers import registry
from scsampler_cli.classifiers.base import ClipClassifier, InputSpec
from scsampler_cli.classifiers.networks import build
from scsampler_cli.errors import ClassifierError, InputError, SettingsError, WeightsError
from scsampler_cli.model_zoo.weightfile import write_weights
from tests.classifiers.making import FIELDS

CPU, FP32 = torch.device("cpu"), torch.float32


def load(path: Path | str, *given: str, weights: Path | None = None) -> ClipClassifier:
    return registry.load(str(path), CPU, FP32, weights=weights, labels=None, spec_fields=given)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    torch.save(build("r3d_18", 3).state_dict(), tmp_path / "mine.pth")
    return tmp_path / "mine.pth"


def test_a_description_may_say_the_network(state: Path) -> None:
    with pytest.raises(ClassifierError, match=r"mine\.pth does not name its network") as caught:
        load(state)
    assert "such as r2plus1d_18" in str(caught.value.hint)
    state.with_suffix(".toml").write_text('arch = "r3d_18"')
    plain = load(state)
    assert plain.labels == ("class 0", "class 1", "class 2")
    assert plain.spec == InputSpec()
    state.with_suffix(".toml").write_text(FIELDS + 'arch = "r3d_18"\n')
    described = load(state)
    assert described.labels == ("a", "b", "c")
    assert described.spec == InputSpec(
        4, 1, (16, 16), crop=(16, 16), mean=(0.5,) * 3, std=(0.25,) * 3
    )
    assert load(state, "frames=6").spec.frames == 6
    by_name = load("r3d_18", weights=state)
    assert (by_name.labels, by_name.spec) == (described.labels, described.spec)
    clip = np.random.default_rng(0).integers(0, 256, (1, 4, 16, 16, 3), np.uint8)
    assert np.array_equal(by_name.classify(clip), described.classify(clip))
    with pytest.raises(SettingsError, match="described as r3d_18, not as mc3_18"):
        load("mc3_18", weights=state)


def test_the_activation_of_a_state_dict_can_be_given(state: Path) -> None:
    many = load(state, "arch=r3d_18", "activation=sigmoid")
    assert many.multi_label
    with pytest.raises(SettingsError, match=r"layout of .* cannot be changed"):
        load(state, "arch=r3d_18", "layout=NTHWC")
    soft = load(state, "arch=r3d_18", "multi_label=true")
    clip = np.zeros((1, 16, 112, 112, 3), np.uint8)
    assert soft.multi_label
    assert soft.classify(clip).sum() == pytest.approx(1, abs=1e-5)  # the softmax stays
    assert load(state, "arch=r3d_18", "layout=NCTHW").labels[0] == "class 0"


def test_a_variant_of_a_built_in_is_an_architecture_too(tmp_path: Path) -> None:
    with torch.device("cpu"):
        torch.save(build("r2plus1d_34", 359).state_dict(), tmp_path / "w.pth")
    classifier = load(tmp_path / "w.pth", "arch=r2plus1d_34_ig65m")
    assert classifier.labels[358] == "IG65M class 358"
    assert classifier.spec.frames == 8


def test_a_network_without_geometry_of_its_own_needs_all_fields(tmp_path: Path) -> None:
    torch.save(build("tiny3d", 3).state_dict(), tmp_path / "w.pth")
    with pytest.raises(
        ClassifierError,
        match=r"w\.pth lacks the spec fields frames, stride, resize, crop, mean, std, labels",
    ):
        load(tmp_path / "w.pth", "arch=tiny3d")
    (tmp_path / "w.toml").write_text(FIELDS)
    assert load(tmp_path / "w.pth", "arch=tiny3d").labels == ("a", "b", "c")
    with pytest.raises(WeightsError, match="unknown classifier architecture 'tiny4d'"):
        load(tmp_path / "w.pth", "arch=tiny4d")
    with pytest.raises(InputError, match="'a' is listed twice"):
        load(tmp_path / "w.pth", "arch=tiny3d", "labels=['a','a','b']")


def test_a_file_of_ours_says_all_itself(tmp_path: Path) -> None:
    meta = {
        "kind": "classifier",
        "arch": "tiny3d",
        "labels": ["x", "y"],
        "spec": asdict(InputSpec(4, 1, 36, crop=(32, 32))),
    }
    write_weights(tmp_path / "w.safetensors", build("tiny3d", 2).state_dict(), meta)
    (tmp_path / "w.toml").write_text(FIELDS)  # of something else
    found = load(tmp_path / "w.safetensors")
    assert (found.labels, found.spec.crop) == (("x", "y"), (32, 32))
    assert load(tmp_path / "w.safetensors", "stride=3", "arch=tiny3d").spec.stride == 3
    with pytest.raises(ClassifierError, match="is for tiny3d, not for mc3_18"):
        load(tmp_path / "w.safetensors", "arch=mc3_18")


def test_a_state_dict_without_its_last_bias_says_that_this_is_missing(state: Path) -> None:
    tensors = torch.load(state, weights_only=True)
    del tensors["fc.bias"]
    torch.save(tensors, state)
    with pytest.raises(WeightsError, match=r"1 missing: fc\.bias"):
        load(state, "arch=r3d_18")


def test_an_empty_name_is_a_usage_error() -> None:
    with pytest.raises(SettingsError, match="name is empty"):
        registry.find("")
