"""What ships belongs together: every set is whole, every file is of use."""

from pathlib import Path

import pytest
import torch

from scsampler_cli.config import AUDIO, PACKETS, VISUAL
from scsampler_cli.errors import WeightsError
from scsampler_cli.model_zoo.bundled_weights import (
    SETS,
    TRUNK,
    bundled_dir,
    bundled_file,
    sampler_files,
    set_files,
)
from scsampler_cli.model_zoo.weightfile import read_weights
from scsampler_cli.samplers.scoring import load_network
from scsampler_cli.train.export import digest


@pytest.mark.parametrize("name", SETS)
def test_every_network_of_a_set_is_there_and_takes_the_input_it_is_named_for(name: str) -> None:
    for stem in SETS[name]:
        network = load_network(bundled_file(stem), torch.device("cpu"), torch.float32)
        assert network.kind == stem.rpartition("_")[2]
    assert [path.stem for path in set_files(name, (*VISUAL, *AUDIO, *PACKETS))] == list(SETS[name])


def test_nothing_ships_that_no_name_stands_for() -> None:
    used = {stem for stems in SETS.values() for stem in stems} | {
        "demo_classifier",
        "actions6_classifier",
        TRUNK,
    }
    assert {path.stem for path in bundled_dir().glob("*.safetensors")} == used
    assert sum(path.stat().st_size for path in bundled_dir().iterdir()) < 100_000_000


TRAINED = [path for path in sorted(bundled_dir().glob("*.safetensors")) if path.stem != TRUNK]


@pytest.mark.parametrize("path", TRAINED, ids=lambda path: path.stem)
def test_every_file_says_how_it_was_made(path: Path) -> None:
    file = read_weights(path)
    said = file.metadata
    assert said["data"]["text"]
    assert said["data"]["videos"]["train"] >= 48
    assert len(said["commit"]) == 40, "made by a commit, without changes to it"
    assert said["sha256"] == digest(file.tensors)
    assert len(said["mean"]) == len(said["std"])
    classes = [label for label in said["labels"] if label != said.get("background")]
    assert len(classes) == 6
    assert {
        "arch",
        "kind",
        "objective",
        "seed",
        "settings",
        "start",
        "result",
        "package",
    } <= said.keys()
    # the shared trunk is partly in single precision
    own = {name: value for name, value in file.tensors.items() if not name.startswith("trunk.")}
    assert all(tensor.dtype != torch.float32 for tensor in own.values())


def test_a_set_without_a_network_for_an_input_says_so() -> None:
    assert set_files("actions6", AUDIO) == []
    with pytest.raises(WeightsError, match="has no network for mel"):
        sampler_files("actions6", AUDIO)
