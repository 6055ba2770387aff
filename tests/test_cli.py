"""The command line as a user meets it: outputs, exit codes, hints. Real videos, real networks."""

import contextlib
import csv
import fcntl
import io
import json
import os
import pty
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from scsampler_cli.classifiers.networks import build
from scsampler_cli.weightfile import write_weights
from tests.synthetic import pan, tone, write_video

Run = Callable[..., subprocess.CompletedProcess[str]]
DEMO = ["--classifier", "demo", "--device", "cpu"]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def run(cache: Path) -> Run:
    """Run scsampler as a process of its own, far from the checkout."""

    def call(*arguments: str | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(cache), "XDG_CACHE_HOME": str(cache), "COLUMNS": "80"}
        command = [sys.executable, "-m", "scsampler_cli", *map(str, arguments)]
        return subprocess.run(
            command, input=stdin, capture_output=True, text=True, timeout=300, env=environment, cwd=cache, check=False
        )

    return call


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of two videos, one of them silent."""
    folder = tmp_path_factory.mktemp("videos")
    write_video(folder / "loud.mp4", pan(80, 3, 0, 96, 128), audio=tone(3.2, 800))
    (folder / "sub").mkdir()
    write_video(folder / "sub" / "silent.mkv", pan(50, 0, 2, 96, 128), codec="mpeg4")
    return folder


def check_failure(result: subprocess.CompletedProcess[str], code: int, word: str) -> None:
    """One line of error, one hint, no traceback, nothing on stdout."""
    assert result.returncode == code, result.stderr
    lines = result.stderr.strip().splitlines()
    assert lines[-2].startswith("error: ")
    assert word in lines[-2]
    assert lines[-1].startswith("hint: ")
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


def test_the_demo_names_the_class_and_finds_the_action(run: Run) -> None:
    result = run("classify", "--demo", "--k", "10", "--format", "json")
    assert result.returncode == 0, result.stderr
    record = json.loads(result.stdout)
    assert record["tags"][0]["label"] == record["demo"]["label"]
    assert len(record["clips"]) == 10
    assert record["demo"]["clips_in_action"] >= 8
    assert "10 clips taken lie in those stretches" in result.stderr
    assert [clip["why"].split()[0] for clip in record["clips"]] == ["visual"] * 8 + ["audio"] * 2
    assert all(clip["visual"] is not None and clip["audio"] is not None for clip in record["clips"])


def test_a_record_is_complete_and_the_same_every_time(run: Run, videos: Path) -> None:
    records = [
        json.loads(run("classify", videos / "loud.mp4", *DEMO, "--k", "3", "--format", "json").stdout) for _ in range(2)
    ]
    for record in records:
        assert set(record.pop("timings_s")) == {"index", "score", "classify"}
    assert records[0] == records[1]
    record = records[0]
    assert record["schema"] == "scsampler.classify/1"
    assert record["video"]["frames"] == 80
    assert record["video"]["clips"] == 5
    assert record["video"]["audio"]["codec"] == "aac"
    assert [clip["start_s"] for clip in record["clips"]] == [clip["first_frame"] / 25 for clip in record["clips"]]
    assert all(clip["end_s"] - clip["start_s"] == pytest.approx(0.64) for clip in record["clips"])
    assert len(record["tags"]) == 5
    assert record["classifier"]["weights"] == "demo_classifier.safetensors"
    assert len(record["classifier"]["sha256"]) == 64
    assert [sampler["input"] for sampler in record["samplers"]] == ["md", "rgbr", "mel"]
    assert record["settings"]["selection"]["strategy"] == "av-union-list"
    assert {"torch", "av", "ffmpeg", "scsampler"} <= set(record["versions"])


def test_a_folder_gives_one_record_a_video_and_notes_on_stderr(run: Run, videos: Path, tmp_path: Path) -> None:
    out = tmp_path / "tags.jsonl"
    result = run("classify", videos, *DEMO, "-o", out)
    assert result.returncode == 0, result.stderr
    assert result.stdout == ""
    records = [json.loads(line) for line in out.read_text().splitlines()]
    assert [Path(record["path"]).name for record in records] == ["loud.mp4", "silent.mkv"]
    assert any("no sound" in note for note in records[1]["notes"])
    assert "no sound" in result.stderr


def test_a_bad_file_is_one_record_and_the_rest_goes_on(run: Run, videos: Path, tmp_path: Path) -> None:
    shutil.copytree(videos, tmp_path / "mixed")
    (tmp_path / "mixed" / "bad.mp4").write_text("this is text")
    result = run("classify", tmp_path / "mixed", *DEMO, "--format", "jsonl")
    assert result.returncode == 3
    records = [json.loads(line) for line in result.stdout.splitlines()]
    assert [record["status"] for record in records] == ["error", "ok", "ok"]
    assert records[0]["error"]["type"] == "VideoError"
    assert records[0]["error"]["hint"]
    assert result.stderr.count("error: ") == 1


def test_a_list_on_standard_input_and_csv(run: Run, videos: Path) -> None:
    result = run("classify", "-", *DEMO, "--format", "csv", "--strategy", "uniform", stdin=f"{videos / 'loud.mp4'}\n")
    assert result.returncode == 0, result.stderr
    (row,) = csv.DictReader(io.StringIO(result.stdout))
    assert row["status"] == "ok"
    assert float(row["probability1"]) > 0


def test_the_table_is_for_80_columns(run: Run, videos: Path) -> None:
    result = run("classify", videos / "loud.mp4", *DEMO, "--top", "3")
    assert result.returncode == 0
    assert "5 of 5 clips taken" in result.stdout
    assert max(map(len, result.stdout.splitlines()[1:])) <= 80
    assert "\x1b" not in result.stdout + result.stderr


@pytest.mark.parametrize(
    "strategy",
    [
        "av-intersect-list",
        "av-convex-list",
        "av-convex-score",
        "visual",
        "audio",
        "random",
        "uniform",
        "dense",
        "empirical",
    ],
)
def test_every_strategy_runs(run: Run, videos: Path, tmp_path: Path, strategy: str) -> None:
    (tmp_path / "histogram.txt").write_text("1\n2\n1\n")
    extra = ["--histogram", tmp_path / "histogram.txt"] if strategy == "empirical" else []
    result = run("score", videos / "loud.mp4", "--visual-sampler", "demo", "--audio-sampler", "demo", "--k", "2",
                 "--strategy", strategy, "--format", "json", *extra)  # fmt: skip
    assert result.returncode == 0, result.stderr
    clips = json.loads(result.stdout)["clips"]
    taken = [clip for clip in clips if clip["taken"]]
    assert len(taken) == (5 if strategy == "dense" else 2)
    assert sorted(clip["rank"] for clip in clips) == [1, 2, 3, 4, 5]
    assert sorted(clip["rank"] for clip in taken) == list(range(1, len(taken) + 1))


def test_scores_are_the_same_from_the_video_and_from_its_features(run: Run, videos: Path, tmp_path: Path) -> None:
    samplers = ["--visual-sampler", "demo", "--audio-sampler", "demo"]
    made = run("extract", videos / "loud.mp4", "-o", tmp_path / "loud.scf", "--render", "2", "--format", "json")
    assert made.returncode == 0, made.stderr
    record = json.loads(made.stdout)
    assert record["inputs"] == ["if", "md", "rgbr", "mel"]
    assert (tmp_path / "loud.2.png").read_bytes().startswith(b"\x89PNG")
    direct = json.loads(run("score", videos / "loud.mp4", *samplers, "--format", "json").stdout)
    stored = json.loads(run("score", tmp_path / "loud.scf", *samplers, "--format", "json").stdout)
    assert direct["clips"] == stored["clips"]
    assert direct["video"] == stored["video"]


def test_features_that_were_not_extracted_are_missed(run: Run, videos: Path, tmp_path: Path) -> None:
    run("extract", videos / "loud.mp4", "-o", tmp_path / "x.scf", "--what", "md")
    samplers = ["--visual-sampler", "demo", "--audio-sampler", "demo"]
    check_failure(run("score", tmp_path / "x.scf", *samplers), 1, "the sampler needs rgbr")


def test_a_folder_is_extracted_into_a_folder(run: Run, videos: Path, tmp_path: Path) -> None:
    result = run("extract", videos, "-o", tmp_path / "out", "--what", "md,mel", "--format", "jsonl")
    assert result.returncode == 0, result.stderr
    found = sorted(str(p.relative_to(tmp_path / "out")) for p in (tmp_path / "out").rglob("*.scf"))
    assert found == ["loud.mp4.scf", "sub/silent.mkv.scf"]


def test_a_clip_stride_scores_every_nth_clip(run: Run, videos: Path) -> None:
    result = run("score", videos / "loud.mp4", "--visual-sampler", "demo", "--audio-sampler", "none", "--clip-stride", "2",
                 "--format", "json")  # fmt: skip
    assert [clip["clip"] for clip in json.loads(result.stdout)["clips"]] == [0, 2, 4]


# -- what goes wrong ------------------------------------------------------------------------------------------------------


def test_missing_file(run: Run) -> None:
    check_failure(run("classify", "nowhere.mp4", *DEMO), 1, "No such file")


def test_a_single_failure_is_a_record_too(run: Run, tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("text")
    for name in ("nowhere.mp4", "text.mp4"):
        result = run("classify", tmp_path / name, *DEMO, "--format", "json")
        assert result.returncode == 1
        assert json.loads(result.stdout)["status"] == "error"


def test_folder_without_videos(run: Run, tmp_path: Path) -> None:
    check_failure(run("classify", tmp_path, *DEMO), 1, "no video in this folder")


@pytest.mark.parametrize(("content", "word"), [(b"plain text\n" * 99, "not a video"), (b"", "0 bytes")])
def test_text_or_nothing_under_a_videos_name(run: Run, tmp_path: Path, content: bytes, word: str) -> None:
    (tmp_path / "x.mp4").write_bytes(content)
    check_failure(run("classify", tmp_path / "x.mp4", *DEMO), 1, word)


def test_audio_only(run: Run, tmp_path: Path, videos: Path) -> None:
    import av

    with av.open(str(tmp_path / "a.wav"), "w") as box:
        track = box.add_stream("pcm_s16le", rate=8000, layout="mono")
        block = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.int16), "s16", "mono")
        block.sample_rate = 8000
        box.mux(track.encode(block))
    check_failure(run("classify", tmp_path / "a.wav", *DEMO), 1, "no picture")


def test_truncated(run: Run, videos: Path, tmp_path: Path) -> None:
    data = (videos / "loud.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(data[: len(data) // 2])
    check_failure(run("classify", tmp_path / "cut.mp4", *DEMO), 1, "not a video")


def test_a_truncated_stream_is_tagged_as_far_as_it_goes(run: Run, videos: Path, tmp_path: Path) -> None:
    data = (videos / "sub" / "silent.mkv").read_bytes()
    (tmp_path / "cut.mkv").write_bytes(data[: len(data) * 3 // 4])
    result = run("classify", tmp_path / "cut.mkv", *DEMO, "--format", "json")
    assert result.returncode == 0, result.stderr
    assert 1 <= json.loads(result.stdout)["video"]["clips"] <= 3


def test_corrupt_weights(run: Run, videos: Path, tmp_path: Path) -> None:
    (tmp_path / "w.safetensors").write_bytes(b"garbage" * 50)
    check_failure(run("classify", videos / "loud.mp4", "--classifier", tmp_path / "w.safetensors"), 1, "damaged")
    bad = run("classify", videos / "loud.mp4", *DEMO, "--visual-sampler", tmp_path / "w.safetensors")
    check_failure(bad, 1, "damaged")


def test_unknown_classifier(run: Run, videos: Path) -> None:
    check_failure(run("classify", videos / "loud.mp4", "--classifier", "mc4"), 2, "unknown classifier 'mc4'")


def test_k_visual_above_k(run: Run, videos: Path) -> None:
    check_failure(run("classify", videos / "loud.mp4", "--k", "2", "--k-visual", "5"), 2, "k_visual 5")


def test_empirical_without_histogram(run: Run, videos: Path) -> None:
    check_failure(run("classify", videos / "loud.mp4", "--strategy", "empirical"), 2, "histogram")


def test_no_video(run: Run) -> None:
    check_failure(run("classify", "--k", "3"), 2, "no video was named")


@pytest.mark.parametrize("arguments", [["--strategy", "best"], ["--k", "0"], ["--format", "xml"], ["--nonsense"]])
def test_usage_errors_of_options_exit_2(run: Run, videos: Path, arguments: list[str]) -> None:
    result = run("classify", videos / "loud.mp4", *arguments)
    assert result.returncode == 2
    assert "Traceback" not in result.stderr


def test_an_output_that_cannot_be_written(run: Run, videos: Path, tmp_path: Path) -> None:
    result = run("classify", videos / "loud.mp4", *DEMO, "-o", tmp_path / "no" / "tags.jsonl")
    check_failure(result, 1, "cannot write")


def test_a_device_that_is_not_there(run: Run, videos: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    check_failure(run("classify", videos / "loud.mp4", "--classifier", "demo", "--device", "cuda"), 2, "no CUDA")


def test_debug_shows_the_traceback(run: Run, tmp_path: Path) -> None:
    (tmp_path / "x.mp4").write_text("text")
    result = run("classify", tmp_path / "x.mp4", *DEMO, "--debug")
    assert result.returncode == 1
    assert "Traceback" in result.stderr


def test_a_reader_that_leaves_is_no_error(run: Run, videos: Path, cache: Path) -> None:
    command = f"'{sys.executable}' -m scsampler_cli score '{videos}/loud.mp4' --visual-sampler demo | true"
    result = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, cwd=cache, check=False, timeout=120
    )
    assert "Traceback" not in result.stderr


# -- models ---------------------------------------------------------------------------------------------------------------


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
    result = run("classify", videos / "loud.mp4", "--classifier", "r3d_18", "--weights", tmp_path / "mine.pth", "--labels",
                 tmp_path / "labels.txt", "--k", "1", "--visual-sampler", "demo", "--audio-sampler", "none",
                 "--format", "json")  # fmt: skip
    assert result.returncode == 0, result.stderr
    record = json.loads(result.stdout)
    assert {tag["label"] for tag in record["tags"]} == {"run", "jump", "swim"}
    assert record["classifier"]["weights"] == "mine.pth"
    assert [sampler["input"] for sampler in record["samplers"]] == ["md", "rgbr"]


def test_the_list_of_classifiers(run: Run) -> None:
    result = run("classify", "--list-classifiers")
    assert result.returncode == 0
    assert {"demo", "actions6", "mc3_18", "r3d_18", "r2plus1d_18"} <= {
        line.split()[0] for line in result.stdout.splitlines()
    }


def test_train_then_classify_then_bench(run: Run, tmp_path: Path) -> None:
    """A user's own two classes, from a CSV file to tags: a pan to the right against a pan downwards."""
    rows = ["path,label,split"]
    for i in range(4):
        for label, (dx, dy) in {"right": (4, 0), "down": (0, 4)}.items():
            write_video(tmp_path / f"{label}{i}.mp4", pan(64, dx, dy, 64, 96, seed=10 * i + dx))
            rows.append(f"{label}{i}.mp4,{label},{'val' if i == 3 else 'train'}")
    (tmp_path / "data.csv").write_text("\n".join(rows) + "\n")
    weights = tmp_path / "md.safetensors"
    trained = run("train", tmp_path / "data.csv", "--target", "md", "--arch", "shufflenet26", "-o", weights, "--epochs", "15",
                  "--batch-size", "16")  # fmt: skip
    assert trained.returncode == 0, trained.stderr
    summary = json.loads(trained.stdout)
    assert summary["labels"] == ["down", "right"]
    assert summary["accuracy"] >= 0.75
    assert trained.stderr.count("epoch ") == 15
    write_weights(
        tmp_path / "c.safetensors",
        build("tiny3d", 2).state_dict(),
        {"kind": "classifier", "arch": "tiny3d", "labels": ["down", "right"],
         "spec": {"frames": 16, "stride": 1, "resize": 36, "crop": [32, 32], "mean": [0.5] * 3, "std": [0.5] * 3}},
    )  # fmt: skip
    result = run("bench", tmp_path / "data.csv", "--classifier", tmp_path / "c.safetensors", "--visual-sampler", weights,
                 "--audio-sampler", "none", "--k", "2", "--json")  # fmt: skip
    assert result.returncode == 0, result.stderr
    rows_found = {row["strategy"]: row for row in json.loads(result.stdout)}
    assert rows_found["dense"]["clips_per_video"] == 4
    assert rows_found["av-union-list"]["clips_per_video"] == 2
    assert rows_found["oracle"]["accuracy"] >= max(rows_found["dense"]["accuracy"], rows_found["uniform"]["accuracy"])
    assert rows_found["dense"]["videos"] == 2


def test_train_refuses_what_it_cannot_use(run: Run, tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text("path,label\na.mp4,only\n")
    check_failure(run("train", tmp_path / "one.csv", "-o", tmp_path / "w.safetensors"), 1, "not enough")
    check_failure(run("train", tmp_path / "one.csv"), 2, "no weight file was named")
    check_failure(run("train", "-o", "w.safetensors", "--epochs", "1"), 2, "either a CSV file or --demo")


def on_terminal(cache: Path, *arguments: str | Path, stdout: int | None = None) -> tuple[str, str]:
    """(stdout, what a terminal of 80 x 24 gets); stdout goes to the terminal too unless it is a pipe."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(cache), "XDG_CACHE_HOME": str(cache), "TERM": "xterm"}
    process = subprocess.Popen(
        [sys.executable, "-m", "scsampler_cli", *map(str, arguments)],
        stdin=subprocess.DEVNULL, stdout=slave if stdout is None else stdout, stderr=slave, cwd=cache, env=environment,
    )  # fmt: skip
    os.close(slave)
    shown = b""
    with contextlib.suppress(OSError):  # Linux reports the end of a terminal as an error
        while block := os.read(master, 4096):
            shown += block
    os.close(master)
    printed = "" if process.stdout is None else process.stdout.read().decode()
    assert process.wait(timeout=60) == 0
    return printed, shown.decode()


def test_a_terminal_gets_bars_and_a_pipe_pure_results(videos: Path, cache: Path) -> None:
    printed, shown = on_terminal(cache, "classify", videos, *DEMO, "--format", "jsonl", stdout=subprocess.PIPE)
    assert len([json.loads(line) for line in printed.splitlines()]) == 2
    assert "looking" in shown
    assert "files" in shown
    assert "schema" not in shown


def test_bars_do_not_run_into_results(videos: Path, cache: Path) -> None:
    _, shown = on_terminal(cache, "classify", videos / "loud.mp4", *DEMO)
    before_table = shown[: shown.index(str(videos))]
    assert "looking" in before_table
    assert before_table.endswith(("\x1b[2K", "\x1b[1A\x1b[2K", "\r", "\n")), repr(before_table[-40:])


def test_an_output_never_overwrites_an_input(run: Run, videos: Path, tmp_path: Path) -> None:
    copy = tmp_path / "mine.mp4"
    shutil.copy(videos / "loud.mp4", copy)
    for command in ("classify", "score", "extract"):
        check_failure(run(command, copy, "-o", copy), 2, "both input and output")
    assert copy.read_bytes() == (videos / "loud.mp4").read_bytes()


def test_an_interrupt_leaves_with_130_and_what_was_written(videos: Path, cache: Path, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for i in range(300):
        (folder / f"{i:03d}.mp4").symlink_to(videos / "loud.mp4")
    out = tmp_path / "tags.jsonl"
    command = [sys.executable, "-m", "scsampler_cli", "classify", str(folder), *DEMO, "-o", str(out)]
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, cwd=cache, env={**os.environ, "COLUMNS": "80"}
    )
    while not out.exists() or out.read_text().count("\n") < 2:
        assert process.poll() is None
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert all(json.loads(line)["status"] == "ok" for line in out.read_text().splitlines())
