"""Weights load safely, or are refused with a reason."""

import pickle
from pathlib import Path

import pytest
import torch
from torch import nn

from scsampler_cli.errors import OutputError, WeightsError
from scsampler_cli.model_zoo.weightfile import (
    load_into,
    read_weights,
    strip_prefixes,
    write_weights,
)


class Bomb:
    """Runs code when it is unpickled."""

    def __reduce__(self):
        return (Path.touch, (Path("exploded"),))


def test_what_is_written_is_read_back_in_half_precision(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    write_weights(path, {"w": torch.tensor([1.5, 2.25]), "n": torch.tensor(7)}, {"kind": "sampler"})
    file = read_weights(path)
    assert file.metadata["kind"] == "sampler"
    assert file.tensors["w"].dtype == torch.float16
    assert file.tensors["w"].tolist() == [1.5, 2.25]
    assert file.tensors["n"].item() == 7
    assert file.info.source == "w.safetensors"


def test_the_same_weights_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_weights(tmp_path / name, {"y": torch.ones(2), "x": torch.zeros(3)}, {"seed": 1})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize("wrap", [None, "state_dict", "model_state", "model"])
@pytest.mark.parametrize("prefix", ["", "module.", "module.backbone."])
def test_checkpoints_of_others_are_unwrapped(tmp_path: Path, wrap: str | None, prefix: str) -> None:
    state = {f"{prefix}fc.weight": torch.ones(2, 3), f"{prefix}fc.bias": torch.zeros(2)}
    torch.save({wrap: state, "epoch": 3} if wrap else state, tmp_path / "w.pth")
    assert set(read_weights(tmp_path / "w.pth").tensors) == {"fc.weight", "fc.bias"}


def test_a_prefix_that_some_keys_lack_stays() -> None:
    tensors = {"module.a": torch.zeros(1), "b": torch.zeros(1)}
    assert set(strip_prefixes(tensors)) == {"module.a", "b"}


def test_a_pickle_with_code_is_refused_and_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"state_dict": Bomb()}, "evil.pth")
    (tmp_path / "raw.pt").write_bytes(pickle.dumps(Bomb()))
    for name in ("evil.pth", "raw.pt"):
        with pytest.raises(WeightsError) as caught:
            read_weights(Path(name))
        assert caught.value.hint
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize("name", ["w.safetensors", "w.pth"])
@pytest.mark.parametrize("content", [b"", b"garbage" * 100, b"PK\x03\x04" + bytes(50), bytes(8)])
def test_damaged_files_are_refused(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(WeightsError) as caught:
        read_weights(tmp_path / name)
    assert caught.value.hint
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", ["safetensors", "pth"])
def test_truncated_files_are_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"w.{suffix}"
    if suffix == "pth":
        torch.save({"w": torch.randn(1000)}, path)
    else:
        write_weights(path, {"w": torch.randn(1000)}, {})
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(WeightsError, match="damaged"):
        read_weights(path)


def test_a_missing_file_is_named() -> None:
    with pytest.raises(WeightsError, match=r"nowhere\.pth"):
        read_weights(Path("nowhere.pth"))


def test_misfits_are_reported_key_by_key() -> None:
    network = nn.Linear(3, 2)
    with pytest.raises(WeightsError) as caught:
        load_into(network, {"weight": torch.zeros(5, 3), "extra": torch.zeros(1)}, "w.pth")
    message = str(caught.value)
    assert "1 missing: bias" in message
    assert "1 unexpected: extra" in message
    assert "1 misshapen: weight (5, 3) instead of (2, 3)" in message


def test_an_unwritable_place_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write"):
        write_weights(tmp_path / "file" / "w.safetensors", {"w": torch.zeros(1)}, {})
