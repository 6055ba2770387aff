"""`scsampler train` as a process: faulty lists, Ctrl-C, kill, torchrun, the demo."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scsampler_cli.datasets.generated import demo_set
from scsampler_cli.model_zoo.weightfile import read_weights
from tests.cli.running import Run, check_failure
from tests.synthetic import pan, write_video

SMALL = [
    "--target",
    "rgbr",
    "--clip-frames",
    8,
    "--frame-stride",
    2,
    "--arch",
    "shufflenet26",
    "--init",
    "scratch",
    "--device",
    "cpu",
    "--precision",
    "fp32",
    "--batch-size",
    8,
    "--per-epoch",
    24,
    "--schedule",
    "step",
    "--lr",
    0.001,
]


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six good videos and four bad rows."""
    folder = tmp_path_factory.mktemp("listed")
    rows = ["path,label,split,group"]
    for i in range(3):
        for label, (dx, dy) in {"right": (4, 0), "down": (0, 4)}.items():
            write_video(folder / f"{label}{i}.mp4", pan(48, dx, dy, 64, 96, seed=9 * i + dx))
            rows.append(f"{label}{i}.mp4,{label},{'val' if i == 2 else 'train'},{label}{i}")
    (folder / "broken.mp4").write_text("no video")
    rows += [
        "missing.mp4,right,train,x",
        ",right,train,x",
        "right0.mp4,,train,x",
        "broken.mp4,down,train,x",
    ]
    path = folder / "list.csv"
    path.write_text("\n".join(rows) + "\n")
    (folder / "good.csv").write_text("\n".join(rows[:7]) + "\n")
    return path


def started(listed: Path, output: Path, *more: object) -> list[str]:
    words = [
        sys.executable,
        "-m",
        "scsampler_cli",
        "train",
        listed,
        *SMALL,
        "-o",
        output,
        "--cache",
        listed.parent / "cache",
    ]
    return [*map(str, words), *map(str, more)]


def run(listed: Path, output: Path, *more: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        started(listed, output, *more), capture_output=True, text=True, timeout=300, check=False
    )


def test_bad_rows_and_videos_are_named_skipped_and_counted(listed: Path, tmp_path: Path) -> None:
    result = run(listed, tmp_path / "w.safetensors", "--epochs", 2)
    assert result.returncode == 3, result.stderr
    summary = json.loads(result.stdout)
    assert summary["skipped"] == {"rows": 3, "videos": 1}
    assert summary["videos"] == {"train": 4, "val": 2}
    for line, word in (
        (8, "no such file"),
        (9, "path is empty"),
        # without a label it would be background, and it is listed with one
        (10, "listed before"),
        (11, "broken.mp4"),
    ):
        assert any(
            f"list.csv:{line}: " in said and word in said for said in result.stderr.splitlines()
        ), word
    assert "skipped: 3 rows of the list and 1 video" in result.stderr
    assert "epoch 2/2  loss " in result.stderr
    assert "Traceback" not in result.stderr
    records = [json.loads(line) for line in (tmp_path / "w.metrics.jsonl").read_text().splitlines()]
    assert [record["epoch"] for record in records] == [1, 2]
    assert {"loss", "clip_accuracy", "learning_rate", "seconds"} <= records[0].keys()


def test_resume_from_the_command_line_is_bit_identical(listed: Path, tmp_path: Path) -> None:
    run(listed, tmp_path / "four.safetensors", "--epochs", 4)
    run(listed, tmp_path / "two.safetensors", "--epochs", 2)
    result = run(listed, tmp_path / "two.safetensors", "--epochs", 4, "--resume")
    assert "epoch 3/4" in result.stderr
    assert "epoch 2/4" not in result.stderr
    digests = [
        read_weights(tmp_path / f"{name}.safetensors").metadata["sha256"]
        for name in ("four", "two")
    ]
    assert digests[0] == digests[1]


def test_ctrl_c_writes_a_checkpoint_from_which_training_goes_on(
    listed: Path, tmp_path: Path
) -> None:
    output = tmp_path / "w.safetensors"
    many = ["--epochs", 500, "--keep", "last"]
    process = subprocess.Popen(
        started(listed, output, *many), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    _wait_for(tmp_path / "w.metrics.jsonl", process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert out == ""
    assert "--resume continues from it" in err
    assert not output.exists()
    done = len((tmp_path / "w.metrics.jsonl").read_text().splitlines())
    result = run(listed, output, "--epochs", done + 1, "--keep", "last", "--resume")
    assert json.loads(result.stdout)["epochs"] == done + 1


@pytest.mark.slow
def test_killed_at_any_moment_it_resumes_from_the_last_epoch(listed: Path, tmp_path: Path) -> None:
    output = tmp_path / "w.safetensors"
    for attempt in range(3):
        more = [
            "--epochs",
            500,
            *(["--resume"] if (tmp_path / "w.safetensors.ckpt").exists() else []),
        ]
        process = subprocess.Popen(
            started(listed, output, *more),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        _wait_for(tmp_path / "w.metrics.jsonl", process)
        time.sleep(3 + 0.37 * attempt)
        process.kill()
        _, err = process.communicate()
        assert all(
            "broken.mp4" in line for line in err.splitlines() if line.startswith("error: ")
        ), err
        records = [
            json.loads(line) for line in (tmp_path / "w.metrics.jsonl").read_text().splitlines()
        ]
        assert [record["epoch"] for record in records] == list(range(1, len(records) + 1))
    result = run(listed, output, "--epochs", len(records) + 2, "--resume")
    assert json.loads(result.stdout)["epochs"] >= len(records) + 2
    assert list(tmp_path.glob("*.part")) == [], "what a killed run left half-written is overwritten"


def _wait_for(path: Path, process: subprocess.Popen[str]) -> None:
    for _ in range(3000):
        if path.exists() or process.poll() is not None:
            break
        time.sleep(0.1)
    if not path.exists():
        process.kill()
    assert path.exists(), process.communicate()[1]


def test_torchrun_trains_with_two_processes_and_one_voice(listed: Path, tmp_path: Path) -> None:
    output = tmp_path / "w.safetensors"
    words = started(listed, output, "--epochs", 2)[2:]
    result = subprocess.run(
        [
            sys.executable,
            "-m",
            "torch.distributed.run",
            "--standalone",
            "--nproc-per-node",
            "2",
            "-m",
            *words[0:],
        ],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    summary = json.loads(result.stdout)
    assert summary["epochs"] == 2
    assert summary["skipped"] == {"rows": 3, "videos": 1}
    assert result.stderr.count("epoch 1/2") == 1
    assert result.stderr.count("list.csv:8: ") == 1
    assert "find_unused_parameters" not in result.stderr, "torch's own advice"
    assert read_weights(output).metadata["input"] == "rgbr"


@pytest.mark.parametrize(
    ("words", "code", "word"),
    [
        (["train"], 2, "give either labelled videos or --demo"),
        (["train", "x.csv", "--target", "rgbr"], 2, "no weight file is named"),
        (["train", "nowhere.csv", "-o", "w.safetensors"], 1, "nowhere.csv"),
        (["train", ".", "-o", "w.pth"], 2, "does not end in .safetensors"),
        (
            ["train", ".", "-o", "w.safetensors", "--target", "mel", "--objective", "sal-rank"],
            2,
            "learns from the probabilities of a clip classifier",
        ),
        (
            ["train", ".", "-o", "w.safetensors", "--target", "joint"],
            2,
            "starts from trained samplers",
        ),
        (
            [
                "train",
                ".",
                "-o",
                "w.safetensors",
                "--target",
                "joint",
                "--init",
                "m",
                "--arch",
                "x",
            ],
            2,
            "for one network",
        ),
        (
            ["train", ".", "-o", "w.safetensors", "--target", "classifier", "--classifier", "demo"],
            2,
            "is for samplers",
        ),
        (
            ["train", ".", "--target", "classifier", "-o", "w.safetensors", "--size", "big"],
            2,
            "invalid size",
        ),
        (
            ["train", ".", "--target", "classifier", "-o", "w.safetensors", "--size", "96x128"],
            2,
            "sizes are WIDTHxHEIGHT, and this one is higher than wide",
        ),
        (["train", ".", "-o", "w.safetensors"], 1, "no"),
    ],
)
def test_what_cannot_be_trained_is_refused_in_one_line(
    run: Run, words: list[str], code: int, word: str
) -> None:
    check_failure(run(*words), code, word)


@pytest.mark.parametrize(
    ("more", "word"),
    [
        (["--target", "rgbr", "--init", "w.safetensors"], "is an input of this run"),
        (["--target", "rgbr", "--classifier", "w.safetensors"], "is an input of this run"),
        (
            ["--target", "joint", "--init", "w_mel.safetensors", "--init", "w.safetensors"],
            "is an input of this run",
        ),
        (["-o", "/proc/w.safetensors"], "cannot write"),
    ],
)
def test_an_output_that_cannot_or_must_not_be_written_is_refused_at_once(
    run: Run,
    listed: Path,
    more: list[str],
    word: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("w", "w_mel"):
        (tmp_path / f"{name}.safetensors").write_bytes(b"precious")
    words = [tmp_path / word if word.startswith("w") else word for word in more]
    check_failure(run("train", listed, "-o", tmp_path / "w.safetensors", *words), 1, word)
    assert (tmp_path / "w.safetensors").read_bytes() == b"precious"


@pytest.mark.parametrize("arch", ["resnet18", "foo"])
def test_an_architecture_that_the_input_does_not_have_is_told_before_anything_is_read(
    run: Run, listed: Path, tmp_path: Path, arch: str
) -> None:
    words = ["--target", "mel", "--arch", arch, "--cache", tmp_path / "cache", "--quiet"]
    result = run("train", listed.parent / "good.csv", "-o", tmp_path / "w.safetensors", *words)
    check_failure(result, 1, f"no sampler {arch!r} for input 'mel'")
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(
    "words", [["i3d_rgb", "--size", "112"], ["mvit_v2_s", "--size", "224", "--clip-frames", "8"]]
)
def test_clips_that_a_network_cannot_see_are_told_before_anything_is_read(
    run: Run, listed: Path, tmp_path: Path, words: list[str]
) -> None:
    cache = ["--cache", tmp_path / "cache", "--quiet"]
    result = run(
        "train",
        listed.parent / "good.csv",
        "-o",
        tmp_path / "w.safetensors",
        "--target",
        "classifier",
        *cache,
        "--arch",
        *words,
    )
    check_failure(result, 2, f"{words[0]} cannot take clips of")
    assert not (tmp_path / "cache").exists()


def test_one_class_is_refused(run: Run, listed: Path, tmp_path: Path) -> None:
    one = tmp_path / "one.csv"
    one.write_text(
        f"path,label\n{listed.parent / 'right0.mp4'},right\n{listed.parent / 'right1.mp4'},right\n"
    )
    check_failure(run("train", one, "-o", tmp_path / "w.safetensors"), 1, "1 class")


@pytest.mark.slow
def test_a_smaller_demo_gives_a_sampler_that_beats_uniform_and_dense(tmp_path: Path) -> None:
    """`train --demo` on a sixth of its videos, by motion; tested on new untrimmed videos."""
    examples = demo_set(
        tmp_path / "videos",
        4,
        1000,
        seconds=4,
        trimmed=True,
        split="train",
        progress=lambda *_: None,
    )
    examples += demo_set(
        tmp_path / "videos",
        2,
        3000,
        seconds=30,
        trimmed=False,
        split="train",
        progress=lambda *_: None,
    )
    examples += demo_set(
        tmp_path / "videos",
        2,
        4000,
        seconds=40,
        trimmed=False,
        split="val",
        progress=lambda *_: None,
    )
    rows = "".join(f"{example.path},{example.label},{example.split}\n" for example in examples)
    (tmp_path / "demo.csv").write_text("path,label,split\n" + rows)
    command = [
        sys.executable,
        "-m",
        "scsampler_cli",
        "train",
        tmp_path / "demo.csv",
        "--classifier",
        "demo",
        "--target",
        "md",
        "--arch",
        "shufflenet26",
        "--init",
        "scratch",
        "--epochs",
        5,
        "--per-epoch",
        1024,
        "--lr",
        0.002,
        "--schedule",
        "one-cycle",
        "--device",
        "cpu",
        "--cache",
        tmp_path / "cache",
        "-o",
        tmp_path / "md.safetensors",
    ]
    result = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, timeout=600, check=False
    )
    assert result.returncode == 0, result.stderr
    summary = json.loads(result.stdout)
    assert summary["videos"] == {"train": 36, "val": 12}
    for baseline in ("uniform", "dense"):
        assert summary["video_accuracy"] >= summary["baselines"][baseline] + 0.1, result.stderr
