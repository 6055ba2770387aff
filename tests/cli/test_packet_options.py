"""`--strategy packets` and `--cascade` on the command line, and options that exclude each other."""

import csv
import io
import json
from pathlib import Path

import pytest
import torch

from scsampler_cli.model_zoo.weightfile import write_weights
from scsampler_cli.samplers.networks import build
from tests.cli.running import DEMO, Run, check_failure


@pytest.fixture(scope="module")
def packets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A packet sampler that has learnt nothing."""
    torch.manual_seed(0)
    file = tmp_path_factory.mktemp("packets") / "packets.safetensors"
    network = build("packets1d", "packets", 1)
    meta = {
        "kind": "sampler",
        "input": "packets",
        "arch": "packets1d",
        "objective": "sal-rank",
        "labels": ["a", "b"],
    }
    write_weights(file, network.state_dict(), meta)
    return file


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--candidates", "20"], "--candidates has no effect without --cascade"),
        (["--cascade", "--candidates", "5"], "5 candidates are less than k 10"),
        (["--cascade", "--strategy", "uniform"], "cascade has no effect with strategy 'uniform'"),
        (["--cascade", "--packet-sampler", "none"], "a cascade needs a packet sampler"),
        (
            ["--cascade", "--visual-sampler", "none"],
            "a cascade without a visual sampler saves nothing",
        ),
        (
            ["--packet-sampler", "actions6"],
            "--packet-sampler has no effect with strategy 'auto'",
        ),
        (
            ["--strategy", "packets", "--packet-sampler", "none"],
            "strategy 'packets' needs a packet sampler",
        ),
        (
            ["--strategy", "packets", "--audio-sampler", "demo"],
            "--audio-sampler has no effect with strategy 'packets'",
        ),
    ],
)
def test_options_without_effect_are_refused(run: Run, options: list[str], word: str) -> None:
    check_failure(run("classify", "x.mp4", *options), 2, word)


def test_packets_alone(run: Run, videos: Path, packets: Path) -> None:
    options = ["--strategy", "packets", "--packet-sampler", packets, "--k", "2", "--format", "csv"]
    result = run("score", videos / "loud.mp4", *options)
    assert result.returncode == 0, result.stderr
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert len(rows) == 5
    assert all(row["packets"] and not row["visual"] and not row["audio"] for row in rows)
    assert sum(row["taken"] == "True" for row in rows) == 2


def test_packets_first(run: Run, videos: Path, packets: Path) -> None:
    options = [
        "--cascade",
        "--candidates",
        "3",
        "--packet-sampler",
        packets,
        "--k",
        "2",
        "--format",
        "json",
    ]
    result = run("classify", videos / "loud.mp4", *DEMO, *options)
    assert result.returncode == 0, result.stderr
    record = json.loads(result.stdout)
    assert record["settings"]["selection"]["candidates"] == 3
    assert [sampler["input"] for sampler in record["samplers"]] == ["md", "rgbr", "mel", "packets"]
    assert all(0 <= clip["packets"] <= 1 for clip in record["clips"])


def test_a_packet_sampler_is_no_visual_one(run: Run, videos: Path, packets: Path) -> None:
    result = run("classify", videos / "loud.mp4", *DEMO, "--visual-sampler", packets)
    check_failure(result, 1, "is a sampler for packets, not for rgb or if or md or rgbr")
