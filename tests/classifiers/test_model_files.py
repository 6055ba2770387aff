"""Model files: each kind gives what the module gives; fixed batches, layouts, damage, and what
could run code."""

import json
import random
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from scsampler_cli.classifiers import registry
from scsampler_cli.classifiers.adjusted import adjusted
from scsampler_cli.classifiers.base import ClipClassifier
from scsampler_cli.classifiers.model_files.loader import EXPORTED, ONNX, SCRIPTED, kind_of
from scsampler_cli.errors import ClassifierError, DeviceError, ScsamplerError, WeightsError
from scsampler_cli.model_zoo.weightfile import read_weights
from tests.classifiers.making import FIELDS, Evil, Small, save_exported, save_onnx, save_scripted

CPU, FP32 = torch.device("cpu"), torch.float32
SAVERS: dict[str, Callable[..., None]] = {
    ".pt2": save_exported,
    ".onnx": save_onnx,
    ".pt": save_scripted,
}
KINDS = {".pt2": EXPORTED, ".onnx": ONNX, ".pt": SCRIPTED}


def load(path: Path, *given: str) -> ClipClassifier:
    return registry.load(str(path), CPU, FP32, spec_fields=given)


def expected(network: nn.Module, clips: np.ndarray) -> np.ndarray:
    x = torch.from_numpy(clips).permute(0, 4, 1, 2, 3).float() / 255
    with torch.inference_mode():
        return network((x - 0.5) / 0.25).softmax(1).numpy()


def clips(count: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, 4, 16, 16, 3), np.uint8)


@pytest.mark.parametrize("suffix", SAVERS)
@pytest.mark.parametrize("batch", [None, 1, 2], ids=["any batch", "batch 1", "batch 2"])
def test_each_kind_answers_as_the_module_does(
    tmp_path: Path, suffix: str, batch: int | None
) -> None:
    network = Small().eval()
    path = tmp_path / f"model{suffix}"
    SAVERS[suffix](network, path, batch)
    assert kind_of(path) == KINDS[suffix]
    path.with_suffix(".toml").write_text(FIELDS)
    classifier = load(path)
    assert classifier.labels == ("a", "b", "c")
    for count in (0, 1, 5):
        found = classifier.classify(clips(count))
        assert found.shape == (count, 3)
        assert np.allclose(found, expected(network, clips(count)), atol=1e-5)
    assert classifier.weights.source == path.name
    assert len(classifier.weights.sha256 or "") == 64


class Other(nn.Module):
    """Takes N T H W C, and gives more than one thing, as a dictionary."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = Small()

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        return {"features": x.mean(dim=(2, 3)), "logits": self.inner(x.permute(0, 4, 1, 2, 3))}


def test_another_layout_and_named_outputs(tmp_path: Path) -> None:
    network = Other().eval()
    torch.export.save(
        torch.export.export(network, (torch.rand(1, 4, 16, 16, 3),)), tmp_path / "m.pt2"
    )
    (tmp_path / "m.toml").write_text(FIELDS.replace('layout = "NCTHW"\n', ""))  # the shape tells it
    assert np.allclose(
        load(tmp_path / "m.pt2").classify(clips(3)), expected(network.inner, clips(3)), atol=1e-5
    )
    wrong = r"has layout = \"NTHWC\" in its input shape, not \"NCTHW\""
    with pytest.raises(ClassifierError, match=wrong):
        load(tmp_path / "m.pt2", "layout=NCTHW")


def test_several_classes_at_once(tmp_path: Path) -> None:
    network = Small().eval()
    save_scripted(network, tmp_path / "m.pt")
    (tmp_path / "m.toml").write_text(FIELDS)
    classifier = load(tmp_path / "m.pt", "activation=sigmoid")
    assert classifier.multi_label
    x = torch.from_numpy(clips(2)).permute(0, 4, 1, 2, 3).float() / 255
    with torch.inference_mode():
        assert np.allclose(
            classifier.classify(clips(2)), network((x - 0.5) / 0.25).sigmoid().numpy(), atol=1e-5
        )


@pytest.mark.parametrize("suffix", SAVERS)
def test_what_does_not_run_as_described_is_refused_at_once(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"m{suffix}"
    SAVERS[suffix](Small().eval(), path)
    path.with_suffix(".toml").write_text(FIELDS)
    with pytest.raises(ClassifierError, match="gives 3 values for a clip, and there are 2 labels"):
        load(path, "labels=['a','b']")
    if suffix == ".pt":  # the others know their layout
        with pytest.raises(ClassifierError, match="does not run on clips of its spec"):
            load(path, "layout=NTHWC")


@pytest.mark.parametrize("suffix", SAVERS)
@pytest.mark.parametrize("kept", [0.0, 0.3, 0.95])
def test_damaged_files_are_errors_with_a_hint(tmp_path: Path, suffix: str, kept: float) -> None:
    path = tmp_path / f"m{suffix}"
    SAVERS[suffix](Small().eval(), path)
    path.with_suffix(".toml").write_text(FIELDS)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * kept)])
    with pytest.raises((WeightsError, ClassifierError)) as caught:
        load(path)
    assert caught.value.hint


def edited(path: Path, part: str, change: Callable[[dict], object]) -> None:
    """Change a JSON part of a torch.export archive."""
    with zipfile.ZipFile(path) as archive:
        parts = {info.filename: archive.read(info) for info in archive.infolist()}
    (name,) = [name for name in parts if name.endswith(part)]
    content = json.loads(parts[name])
    change(content)
    parts[name] = json.dumps(content).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)


def evil_operator(content: dict) -> None:
    content["graph_module"]["graph"]["nodes"][0]["target"] = "torch.os.system"


def evil_expression(content: dict) -> None:
    content["graph_module"]["graph"]["evil"] = {
        "expr_str": "__import__('os').system('touch /tmp/x')"
    }


def evil_pickle(content: dict) -> None:
    next(iter(content["config"].values()))["use_pickle"] = True


def evil_argument(content: dict) -> None:
    content["graph_module"]["graph"]["nodes"][0]["inputs"][0]["arg"] = {
        "as_operator": "torch.os.system"
    }


def evil_container(content: dict) -> None:
    call = content["graph_module"]["module_call_graph"][0]["signature"]
    call["in_spec"] = call["in_spec"].replace("builtins.tuple", "collections.defaultdict")


@pytest.mark.parametrize(
    ("part", "change", "what"),
    [
        ("models/model.json", evil_operator, "the operator 'torch.os.system'"),
        ("models/model.json", evil_expression, 'the expression "__import__'),
        ("models/model.json", evil_argument, "the operator 'torch.os.system'"),
        ("models/model.json", evil_container, "the container 'collections.defaultdict'"),
        ("model_weights_config.json", evil_pickle, "a pickled tensor"),
    ],
)
def test_an_exported_program_that_could_run_code_is_refused(
    tmp_path: Path, part: str, change: Callable[[dict], object], what: str
) -> None:
    path = tmp_path / "m.pt2"
    save_exported(Small().eval(), path)
    edited(path, part, lambda content: None)
    path.with_suffix(".toml").write_text(FIELDS)
    load(path)  # writing it again does no harm
    edited(path, part, change)
    with pytest.raises(WeightsError) as caught:
        load(path)
    assert what in str(caught.value)
    assert "so it is refused" in str(caught.value)


@pytest.mark.parametrize(
    ("part", "what"),
    [
        ("data/sample_inputs/model.pt", "example inputs"),
        ("data/aotinductor/model/x.so", "the part 'data/aotinductor"),
    ],
)
def test_parts_of_an_exported_program_that_torch_would_run_are_refused(
    tmp_path: Path, part: str, what: str
) -> None:
    path = tmp_path / "m.pt2"
    save_exported(Small().eval(), path)
    torch.save((Evil(tmp_path / "ran"),), tmp_path / "evil.pt")
    with zipfile.ZipFile(path) as archive:
        parts = {info.filename: archive.read(info) for info in archive.infolist()}
    parts[f"{next(iter(parts)).split('/')[0]}/{part}"] = (tmp_path / "evil.pt").read_bytes()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    with pytest.raises(WeightsError, match=f"holds {what}.*so it is refused"):
        load(path)
    assert not (tmp_path / "ran").exists()


def test_a_pickle_with_code_is_refused_and_its_code_never_runs(tmp_path: Path) -> None:
    torch.save({"state_dict": {}, "evil": Evil(tmp_path / "ran")}, tmp_path / "evil.pth")
    with pytest.raises(
        WeightsError, match=r"it holds (posix|nt)\.mkdir\); loading it could run code"
    ):
        read_weights(tmp_path / "evil.pth")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("what", ["module", "checkpoint"])
def test_the_conversion_that_the_hint_gives_works(tmp_path: Path, what: str) -> None:
    network = nn.Sequential(nn.Linear(3, 2))
    saved = (
        network
        if what == "module"
        else {"state_dict": network.state_dict(), "meta": {"path": tmp_path}}
    )
    torch.save(saved, tmp_path / "old.pth")
    with pytest.raises(WeightsError, match="so it is refused") as caught:
        read_weights(tmp_path / "old.pth")
    code = str(caught.value.hint).split('"', 1)[1].rsplit('"', 1)[0]
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    found = read_weights(tmp_path / "old.safetensors").tensors
    assert torch.equal(found["0.weight"], network[0].weight)


def test_an_onnx_model_with_its_weights_apart_is_known_by_both(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    save_onnx(Small().eval(), path, external=True)
    assert path.with_name("m.onnx.data").is_file()
    path.with_suffix(".toml").write_text(FIELDS)
    first = load(path).weights.sha256
    save_onnx(Small(seed=1).eval(), tmp_path / "other" / "m.onnx", external=True)
    shutil.copy(tmp_path / "other" / "m.onnx.data", tmp_path)
    assert load(path).weights.sha256 != first


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("suffix", [".pt2", ".pt"])
def test_a_gpu_answers_as_the_module_does(tmp_path: Path, suffix: str) -> None:
    network = Small().eval()
    SAVERS[suffix](network, tmp_path / f"m{suffix}")
    (tmp_path / "m.toml").write_text(FIELDS)
    classifier = registry.load(str(tmp_path / f"m{suffix}"), torch.device("cuda"), FP32)
    assert np.allclose(classifier.classify(clips(3)), expected(network, clips(3)), atol=1e-3)


def test_an_onnxruntime_without_cuda_is_an_error_on_a_gpu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import onnxruntime

    save_onnx(Small().eval(), tmp_path / "m.onnx")
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    with pytest.raises(DeviceError, match="no CUDA") as caught:
        registry.load(str(tmp_path / "m.onnx"), torch.device("cuda"), FP32)
    assert "the device cpu" in str(caught.value.hint)


@pytest.mark.parametrize("package", ["onnx", "onnxruntime"])
def test_a_missing_package_of_onnx_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    save_onnx(Small().eval(), tmp_path / "m.onnx")
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ClassifierError, match="needs onnx and onnxruntime") as caught:
        load(tmp_path / "m.onnx")
    assert "pip install onnx onnxruntime" in str(caught.value.hint)


@pytest.mark.parametrize("suffix", SAVERS)
def test_random_damage_ends_in_a_classifier_or_an_error_with_a_hint(
    tmp_path: Path, suffix: str, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / f"m{suffix}"
    SAVERS[suffix](Small().eval(), path)
    path.with_suffix(".toml").write_text(FIELDS)
    whole, rng, hints = path.read_bytes(), random.Random(0), []
    capfd.readouterr()
    for _ in range(25):
        data = bytearray(whole)
        for _ in range(rng.choice([1, 10, 100])):
            data[rng.randrange(len(data))] = rng.randrange(256)
        path.write_bytes(data)
        try:
            load(path)
        except ScsamplerError as error:
            hints.append(error.hint)
    assert len(hints) > 5
    assert all(hints)
    assert capfd.readouterr().out == ""


def test_an_empty_file_is_said_to_be_empty_and_a_cut_one_damaged(tmp_path: Path) -> None:
    for suffix in (".pt", ".pt2", ".pth", ".onnx", ".safetensors"):
        (tmp_path / f"m{suffix}").write_bytes(b"")
        with pytest.raises(WeightsError, match=r"is empty \(0 bytes\)"):
            load(tmp_path / f"m{suffix}")
    for suffix, saver in SAVERS.items():
        saver(Small().eval(), tmp_path / f"c{suffix}")
        data = (tmp_path / f"c{suffix}").read_bytes()
        (tmp_path / f"c{suffix}").write_bytes(data[: len(data) // 2])
        with pytest.raises(WeightsError):  # and not: which network is it for?
            load(tmp_path / f"c{suffix}")


class Two(nn.Module):
    """Gives two outputs."""

    def __init__(self, second: int) -> None:
        super().__init__()
        self.inner, self.second = Small(), second

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        logits = self.inner(x)
        return x.flatten(1)[:, : self.second], logits


@pytest.mark.parametrize("suffix", SAVERS)
def test_of_several_outputs_the_one_for_the_labels_is_taken_or_none(
    tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"m{suffix}"
    network = Two(5).eval()
    SAVERS[suffix](network, path)
    path.with_suffix(".toml").write_text(FIELDS)
    assert np.allclose(load(path).classify(clips(2)), expected(network.inner, clips(2)), atol=1e-5)
    SAVERS[suffix](Two(3).eval(), path)
    with pytest.raises(
        ClassifierError, match="2 outputs, of which 2 have a value for each of 3 labels"
    ):
        load(path)


def test_a_wrong_activation_is_told_as_such(tmp_path: Path) -> None:
    save_scripted(Small().eval(), tmp_path / "m.pt")
    (tmp_path / "m.toml").write_text(FIELDS)
    with pytest.raises(ClassifierError, match="not probabilities") as caught:
        load(tmp_path / "m.pt", "activation=none")
    assert "activation" in str(caught.value.hint)


def test_free_height_and_width_take_the_whole_frame(tmp_path: Path) -> None:
    free = {3: torch.export.Dim("h", min=8, max=64), 4: torch.export.Dim("w", min=8, max=64)}
    network = Small().eval()
    torch.export.save(
        torch.export.export(network, (torch.rand(1, 3, 4, 16, 16),), dynamic_shapes=(free,)),
        tmp_path / "m.pt2",
    )
    (tmp_path / "m.toml").write_text(FIELDS.replace("[16, 16]", "[24, 32]"))
    whole = adjusted(load(tmp_path / "m.pt2"), {}, "full")
    assert whole.spec.crop == (24, 24)
    assert whole.classify(np.zeros((2, 4, 24, 24, 3), np.uint8)).shape == (2, 3)


@pytest.mark.parametrize("content", ["[]", "{}", '{"graph_module": 3}'])
def test_a_program_that_is_none_is_damaged(tmp_path: Path, content: str) -> None:
    path = tmp_path / "m.pt2"
    save_exported(Small().eval(), path)
    with zipfile.ZipFile(path) as archive:
        parts = {info.filename: archive.read(info) for info in archive.infolist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, data in parts.items():
            archive.writestr(name, content if name.endswith("models/model.json") else data)
    with pytest.raises(WeightsError, match=r"damaged \(models/model\.json is not a program\)"):
        load(path)
