"""Choosing, training and comparing models."""

import json
from pathlib import Path

import torch

from scsampler_cli.classifiers.networks import build
from scsampler_cli.media.demo import LABELS
from scsampler_cli.model_zoo.weightfile import write_weights
from tests.cli.running import Run, check_failure
from tests.synthetic import pan, write_video


def test_auto_says_which_classifier_and_how_to_change_it(run: Run, videos: Path) -> None:
    result = run("classify", videos / "loud.mp4", "--format", "json")
    assert result.returncode == 0, result.stderr
    assert "--classifier" in result.stderr
    name = json.loads(result.stdout)["classifier"]["name"]
    assert f"classifier {name}" in result.stderr


def test_a_classifier_of_ones_own(run: Run, videos: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    torch.save(build("r3d_18", 3).state_dict(), tmp_path / "mine.pth")
    (tmp_path / "labels.txt").write_text("run\njump\nswim\n")
    result = run("classify", videos / "loud.mp4", "--classifier", "r3d_18",
                 "--weights", tmp_path / "mine.pth", "--labels", tmp_path / "labels.txt",
                 "--k", "1", "--visual-sampler", "demo", "--audio-sampler", "none",
                 "--format", "json")  # fmt: skip
    assert result.returncode == 0, result.stderr
    record = json.loads(result.stdout)
    assert {tag["label"] for tag in record["tags"]} == {"run", "jump", "swim"}
    assert record["classifier"]["weights"] == "mine.pth"
    assert [sampler["input"] for sampler in record["samplers"]] == ["md", "rgbr"]


def test_a_bare_state_dict_for_a_shipped_network(run: Run, videos: Path, tmp_path: Path) -> None:
    """The shipped file says architecture, geometry and labels; the given one has the numbers."""
    torch.manual_seed(0)
    torch.save({"state_dict": build("tiny3d", 6).state_dict()}, tmp_path / "plain.pth")
    result = run("classify", videos / "loud.mp4", "--classifier", "demo",
                 "--weights", tmp_path / "plain.pth", "--k", "1",
                 "--strategy", "uniform", "--format", "json")  # fmt: skip
    assert result.returncode == 0, result.stderr
    record = json.loads(result.stdout)
    assert record["classifier"]["weights"] == "plain.pth"
    assert {tag["label"] for tag in record["tags"]} < set(LABELS)
    assert record["settings"]["features"]["inputs"] == []  # uniform: no sampler looked


def test_labels_are_checked(run: Run, videos: Path, tmp_path: Path) -> None:
    (tmp_path / "twice.txt").write_text("\ufeffrun\njump\nrun\n", encoding="utf-8")
    result = run(
        "classify",
        videos / "loud.mp4",
        "--classifier",
        "r3d_18",
        "--labels",
        tmp_path / "twice.txt",
    )
    check_failure(result, 1, "'run' is listed twice")


def test_the_list_of_classifiers(run: Run) -> None:
    result = run("classify", "--list-classifiers")
    assert result.returncode == 0
    assert {"demo", "actions6", "mc3_18", "r3d_18", "r2plus1d_18"} <= {
        line.split()[0] for line in result.stdout.splitlines()
    }


def test_train_then_classify_then_bench(run: Run, tmp_path: Path) -> None:
    """Two classes of a user, from a CSV file to tags: a pan to the right and a pan downwards."""
    rows = ["path,label,split"]
    for i in range(4):
        for label, (dx, dy) in {"right": (4, 0), "down": (0, 4)}.items():
            write_video(tmp_path / f"{label}{i}.mp4", pan(64, dx, dy, 64, 96, seed=10 * i + dx))
            rows.append(f"{label}{i}.mp4,{label},{'val' if i == 3 else 'train'}")
    (tmp_path / "data.csv").write_text("\n".join(rows) + "\n")
    weights = tmp_path / "md.safetensors"
    trained = run(
        "train", tmp_path / "data.csv", "--target", "md", "--arch", "shufflenet26",
        "--init", "scratch", "-o", weights, "--epochs", "8", "--batch-size", "16",
        "--per-epoch", "320", "--schedule", "one-cycle", "--lr", "0.002",
    )  # fmt: skip
    assert trained.returncode == 0, trained.stderr
    summary = json.loads(trained.stdout)
    assert summary["labels"] == ["down", "right"]
    assert summary["clip_accuracy"] >= 0.75
    assert trained.stderr.count("epoch ") == 8
    write_weights(
        tmp_path / "c.safetensors",
        build("tiny3d", 2).state_dict(),
        {"kind": "classifier", "arch": "tiny3d", "labels": ["down", "right"],
         "spec": {"frames": 16, "stride": 1, "resize": 36, "crop": [32, 32],
                  "mean": [0.5] * 3, "std": [0.5] * 3}},
    )  # fmt: skip
    result = run("bench", tmp_path / "data.csv", "--classifier", tmp_path / "c.safetensors",
                 "--visual-sampler", weights, "--audio-sampler", "none", "--k", "2", "--timed", "0",
                 "--sheet", "0", "--format", "jsonl")  # fmt: skip
    assert result.returncode == 0, result.stderr
    rows_found = {row["key"]: row for row in map(json.loads, result.stdout.splitlines())}
    # the sampler was trained for these classes
    assert next(iter(rows_found)) == "visual"
    baselines = {"random", "uniform", "empirical", "dense", "oracle"}
    assert baselines | {"search", "search-prior", "diverse"} <= set(rows_found)
    assert rows_found["dense"]["clips"] == 4
    assert rows_found["visual"]["clips"] == 2
    assert rows_found["oracle"]["top1"] >= max(
        rows_found["dense"]["top1"], rows_found["uniform"]["top1"]
    )
    assert rows_found["dense"]["videos"] == 2
