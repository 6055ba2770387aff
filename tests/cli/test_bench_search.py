"""`scsampler bench` as a process where nobody's sampler fits: the search is under test."""

import csv
import json
from pathlib import Path

import pytest
import torch

from scsampler_cli.classifiers.networks import build
from scsampler_cli.media.demo import write_demo_video
from scsampler_cli.model_zoo.weightfile import write_weights
from tests.cli.running import Run

SPEC = {
    "frames": 8,
    "stride": 2,
    "resize": 36,
    "crop": [32, 32],
    "mean": [0.5] * 3,
    "std": [0.5] * 3,
}


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two short videos of classes that no bundled sampler knows, and a classifier of them."""
    folder = tmp_path_factory.mktemp("foreign")
    rows = ["path,label"]
    for i, label in enumerate(("spinning", "shaking")):
        write_demo_video(folder / f"v{i}.mp4", label, 70 + i, seconds=8.0)
        rows.append(f"v{i}.mp4,{label}")
    (folder / "set.csv").write_text("\n".join(rows) + "\n")
    torch.manual_seed(0)
    about = {
        "kind": "classifier",
        "arch": "tiny3d",
        "labels": ["spinning", "shaking", "tennis"],
        "spec": SPEC,
    }
    write_weights(folder / "f.safetensors", build("tiny3d", 3).state_dict(), about)
    return folder / "set.csv"


def test_a_foreign_classifier_is_measured_as_it_is_tagged(
    run: Run, listed: Path, tmp_path: Path
) -> None:
    command = ("bench", listed, "--classifier", listed.parent / "f.safetensors", "--device", "cpu")
    result = run(
        *command,
        *("--k", "3", "--timed", "1", "--sheet", "1", "-o", tmp_path / "out", "--format", "json"),
    )
    assert result.returncode == 0, result.stderr
    (one,) = json.loads(result.stdout)["runs"]
    rows = {row["key"]: row for row in one["tables"]["strategies"]["rows"]}
    # the bundled sampler knows other classes: it is compared, and is no prior
    assert next(iter(rows)) == "search"
    assert {"visual", "diverse", "auto", "uniform-odds", "surest"} <= set(rows)
    assert "search-prior" not in rows
    assert [check["strategy"] for check in one["costs"]["checks"]] == ["search"]
    assert all(check["same_clips"] and check["same_tag"] for check in one["costs"]["checks"])
    assert {"rival", "auto"} <= {line["role"] for line in one["figures"]["clips"]["series"]}

    again = run("bench", "--replay", tmp_path / "out", "--format", "json")
    assert json.loads(again.stdout)["runs"] == [one]
    live = run(
        *("classify", listed.parent / "v0.mp4", *command[2:], "--k", "3", "--format", "json"),
    )
    assert live.returncode == 0, live.stderr
    asked = [str(clip["clip"]) for clip in json.loads(live.stdout)["clips"]]
    assert one["answers"]["rows"][0]["search clips"].split() == asked


def test_a_bench_needs_no_sampler(run: Run, listed: Path) -> None:
    result = run(
        *("bench", listed, "--classifier", listed.parent / "f.safetensors", "--device", "cpu"),
        *("--visual-sampler", "none", "--audio-sampler", "none", "--k", "3", "--timed", "0"),
        *("--sheet", "0", "--picture-gap", "1", "--format", "csv"),
    )
    assert result.returncode == 0, result.stderr
    keys = [row["key"] for row in csv.DictReader(result.stdout.splitlines())]
    assert keys == [
        *("search", "auto", "random", "uniform", "dense", "uniform-odds", "dense-odds"),
        *("surest", "oracle"),
    ]


@pytest.mark.parametrize("sampler", ["none", "auto"])
def test_speed_without_a_fitting_sampler_is_that_of_the_search(
    run: Run, listed: Path, sampler: str
) -> None:
    # auto: the bundled sampler, which learnt other classes, so that `classify` leaves it out
    result = run(
        *("bench", "--speed", listed.parent / "v0.mp4", "--device", "cpu", "--repeats", "1"),
        *("--classifier", listed.parent / "f.safetensors", "--format", "json"),
        *("--visual-sampler", sampler, "--audio-sampler", "none"),
    )
    assert result.returncode == 0, result.stderr
    (one,) = json.loads(result.stdout)["runs"]
    stages = {row["stage"]: row for row in one["stages"]["rows"]}
    assert not [name for name in stages if name.startswith("sampler ")]
    assert stages["pictures"]["per_second"] > 0
    assert {"read pictures of a search", "pictures"} <= {
        row["part"] for row in one["capacity"]["rows"]
    }
    assert "SCSampler is the search" in " ".join(one["ends"]["notes"])
