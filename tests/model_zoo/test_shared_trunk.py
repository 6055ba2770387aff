"""The ImageNet trunk is in the package once, and every reader of a weight file gets it."""

import json
from pathlib import Path

import pytest
import torch
from torch import Tensor

from scsampler_cli.classifiers import registry
from scsampler_cli.classifiers.networks.lite0_clip import Lite0Clip
from scsampler_cli.errors import WeightsError
from scsampler_cli.model_zoo import shared_trunk
from scsampler_cli.model_zoo.bundled_weights import TRUNK, bundled_file
from scsampler_cli.model_zoo.shared_trunk import with_trunk, without_trunk
from scsampler_cli.model_zoo.weightfile import load_into, read_weights, write_weights
from scsampler_cli.model_zoo.weights_header import read_header, sampler_in
from scsampler_cli.nn.lite0 import Lite0Trunk
from scsampler_cli.samplers.lite0_sampler import Lite0Sampler
from scsampler_cli.samplers.scoring import load_network
from scsampler_cli.train.export import write_both

CPU, FP32 = torch.device("cpu"), torch.float32


def trunk() -> dict[str, Tensor]:
    tensors = read_weights(bundled_file(TRUNK)).tensors
    return {name: value for name, value in tensors.items() if name.startswith("trunk.")}


def classifier() -> dict[str, Tensor]:
    """A network whose trunk is the bundled one, in single precision as training has it."""
    torch.manual_seed(0)
    network = Lite0Clip(3)
    network.load_state_dict({**network.state_dict(), **trunk()})
    return network.state_dict()


SPEC = {"frames": 4, "stride": 4, "resize": [64, 64], "crop": [64, 64]}
META = {
    "kind": "classifier",
    "arch": "lite0",
    "labels": ["a", "b", "c"],
    "objective": "ac",
    "spec": SPEC,
}


def shared_file(path: Path, **more: object) -> Path:
    rest, stated = without_trunk(classifier())
    assert stated is not None
    write_weights(path, rest, {**META, "trunk": stated, **more})
    return path


def test_a_file_without_the_trunk_is_small_and_gives_the_same_network(tmp_path: Path) -> None:
    path = shared_file(tmp_path / "shared.safetensors")
    assert path.stat().st_size < 20_000
    file, whole = read_weights(path), classifier()
    assert file.tensors.keys() == whole.keys()
    for name, value in whole.items():
        torch.testing.assert_close(file.tensors[name].float(), value.float(), rtol=1e-3, atol=1e-4)
        if name.startswith("trunk."):
            assert torch.equal(file.tensors[name].float(), value.float()), name
    assert file.metadata["trunk"]["file"] == TRUNK
    load_into(Lite0Clip(3), file.tensors, "shared")
    assert registry.load(str(path), CPU, FP32).labels == ("a", "b", "c")


def test_a_trunk_that_training_has_changed_stays_in_the_file() -> None:
    tensors = classifier()
    name = "trunk.head.0.weight"
    tensors[name] = tensors[name].clone()
    tensors[name][0, 0] += 1e-3
    rest, stated = without_trunk(tensors)
    assert stated is None
    assert rest.keys() == tensors.keys()
    # a network of random weights, and one without a trunk
    assert without_trunk(Lite0Sampler(2).state_dict())[1] is None
    rest, stated = without_trunk({"fc.weight": torch.zeros(2, 3)})
    assert (set(rest), stated) == ({"fc.weight"}, None)


def test_another_trunk_than_the_one_of_the_package_is_refused(tmp_path: Path) -> None:
    _, stated = without_trunk(classifier())
    assert stated is not None
    for wrong in ({**stated, "sha256": "0" * 64}, {"file": "imagenet_lite9"}, TRUNK, 7):
        path = shared_file(tmp_path / "other.safetensors", trunk=wrong)
        with pytest.raises(
            WeightsError, match=r"other\.safetensors was trained on another"
        ) as info:
            read_weights(path)
        assert info.value.code == "trunk-mismatch"
        assert info.value.hint


def test_a_trunk_that_was_tampered_with_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = shared_file(tmp_path / "shared.safetensors")
    changed = trunk()
    changed["trunk.head.0.weight"] = changed["trunk.head.0.weight"] * 1.01
    write_weights(tmp_path / "trunk.safetensors", changed, {}, single_up_to=10**9)
    monkeypatch.setattr(shared_trunk, "bundled_file", lambda _: tmp_path / "trunk.safetensors")
    with pytest.raises(WeightsError) as info:
        read_weights(path)
    assert info.value.code == "trunk-mismatch"


def test_a_missing_trunk_is_an_error_with_a_hint_and_writing_does_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = shared_file(tmp_path / "shared.safetensors")
    monkeypatch.setattr(shared_trunk, "bundled_file", lambda _: tmp_path / "gone.safetensors")
    with pytest.raises(WeightsError, match="gone") as info:
        read_weights(path)
    assert info.value.code == "trunk-missing"
    assert "install" in str(info.value.hint)
    assert without_trunk(classifier())[1] is None


def test_files_that_state_no_trunk_stay_as_they_are() -> None:
    tensors = {"fc.weight": torch.zeros(2, 3)}
    assert with_trunk(tensors, {"arch": "lite0"}, "x") == tensors


def test_the_features_are_those_of_the_bundled_trunk(tmp_path: Path) -> None:
    file = read_weights(shared_file(tmp_path / "shared.safetensors"))
    network, other = Lite0Clip(3), Lite0Trunk()
    load_into(network, file.tensors, "shared")
    other.load_state_dict({name[len("trunk.") :]: value for name, value in trunk().items()})
    pictures = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        assert torch.equal(network.eval().trunk(pictures), other.eval()(pictures))


def both(tmp_path: Path) -> Path:
    rest, stated = without_trunk(classifier())
    sampler = Lite0Sampler(3).state_dict() | trunk()
    about = {
        "kind": "sampler", "input": "rgb", "arch": "lite0", "objective": "ac",
        "labels": ["a", "b", "c"],
    }  # fmt: skip
    write_weights(tmp_path / "f.safetensors", rest, {**META, "trunk": stated})
    rest, stated = without_trunk(sampler)
    write_weights(tmp_path / "s.safetensors", rest, {**about, "trunk": stated})
    path = tmp_path / "both.safetensors"
    write_both(path, tmp_path / "f.safetensors", tmp_path / "s.safetensors")
    return path


def test_one_file_holds_a_classifier_and_its_sampler(tmp_path: Path) -> None:
    path = both(tmp_path)
    assert path.stat().st_size < 40_000
    file, sampler = read_weights(path), read_weights(tmp_path / "s.safetensors")
    assert file.sampler is not None
    assert file.sampler.info == file.info
    alone = read_weights(tmp_path / "f.safetensors")
    for found, expected in ((file, alone), (file.sampler, sampler)):
        assert found.tensors.keys() == expected.tensors.keys()
        assert all(torch.equal(value, expected.tensors[n]) for n, value in found.tensors.items())
    assert file.sampler.metadata == sampler.metadata
    assert (file.part_for("classifier"), file.part_for("rgb")) == (file, file.sampler)
    assert alone.part_for("rgb") is alone
    assert {k: v for k, v in file.metadata.items() if k != "sampler"} == alone.metadata
    assert registry.load(str(path), CPU, FP32).labels == ("a", "b", "c")
    network = load_network(path, CPU, FP32)
    assert (network.kind, network.info.source) == ("rgb", "both.safetensors")


def test_the_header_alone_says_what_a_file_holds(tmp_path: Path) -> None:
    path = both(tmp_path)
    assert sampler_in(path) == "rgb"
    assert sampler_in(tmp_path / "f.safetensors") is None
    assert sampler_in(tmp_path / "s.safetensors") is None
    assert sampler_in(Path("actions6")) is None
    assert sampler_in(tmp_path) is None
    assert sampler_in(Path("x" * 5000 + ".safetensors")) is None
    # as torch's reader has it
    assert read_header(path) == read_weights(path).metadata
    # of another program
    foreign = tmp_path / "foreign.safetensors"
    foreign.write_bytes((2).to_bytes(8, "little") + b"{}")
    assert read_header(foreign) == {}
    assert sampler_in(foreign) is None


@pytest.mark.parametrize(
    "data",
    [
        b"x",
        (10**15).to_bytes(8, "little") + b"{}",
        (9).to_bytes(8, "little") + b"{",
        (2).to_bytes(8, "little") + b"[]",
        (4).to_bytes(8, "little") + b"\xff\xfe\xfd\xfc",
        *(
            len(text).to_bytes(8, "little") + text.encode()
            for text in (
                "[" * 100_000,
                json.dumps({"__metadata__": 7}),
                json.dumps({"__metadata__": {"scsampler": "{"}}),
                json.dumps({"__metadata__": {"scsampler": 3}}),
            )
        ),
    ],
    ids=range(9),
)
def test_a_damaged_header_is_one_error(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "w.safetensors"
    path.write_bytes(data)
    with pytest.raises(WeightsError) as info:
        sampler_in(path)
    assert info.value.code == "weights-damaged"
