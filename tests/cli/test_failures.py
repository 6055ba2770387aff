"""What goes wrong: one line, one hint, the right exit code."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from scsampler_cli.classifiers.networks import build
from scsampler_cli.model_zoo.weightfile import write_weights
from tests.cli.running import DEMO, Run, check_failure


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


@pytest.mark.parametrize(
    ("content", "word"), [(b"plain text\n" * 99, "not a video"), (b"", "0 bytes")]
)
def test_text_or_nothing_under_a_videos_name(
    run: Run, tmp_path: Path, content: bytes, word: str
) -> None:
    (tmp_path / "x.mp4").write_bytes(content)
    check_failure(run("classify", tmp_path / "x.mp4", *DEMO), 1, word)


def test_audio_only(run: Run, tmp_path: Path, videos: Path) -> None:
    import av

    with av.open(str(tmp_path / "a.wav"), "w") as box:
        track = box.add_stream("pcm_s16le", rate=8000, layout="mono")
        block = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.int16), "s16", "mono")
        block.sample_rate = 8000
        box.mux(track.encode(block))
    check_failure(run("classify", tmp_path / "a.wav", *DEMO), 1, "no video stream")


def test_truncated(run: Run, videos: Path, tmp_path: Path) -> None:
    data = (videos / "loud.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(data[: len(data) // 2])
    check_failure(run("classify", tmp_path / "cut.mp4", *DEMO), 1, "not a video")


def test_a_truncated_stream_is_tagged_as_far_as_it_goes(
    run: Run, videos: Path, tmp_path: Path
) -> None:
    data = (videos / "sub" / "silent.mkv").read_bytes()
    (tmp_path / "cut.mkv").write_bytes(data[: len(data) * 3 // 4])
    result = run("classify", tmp_path / "cut.mkv", *DEMO, "--format", "json")
    assert result.returncode == 0, result.stderr
    assert 1 <= json.loads(result.stdout)["video"]["clips"] <= 3


def test_corrupt_weights(run: Run, videos: Path, tmp_path: Path) -> None:
    (tmp_path / "w.safetensors").write_bytes(b"garbage" * 50)
    check_failure(
        run("classify", videos / "loud.mp4", "--classifier", tmp_path / "w.safetensors"),
        1,
        "damaged",
    )
    bad = run(
        "classify", videos / "loud.mp4", *DEMO, "--visual-sampler", tmp_path / "w.safetensors"
    )
    check_failure(bad, 1, "damaged")


def test_unknown_classifier(run: Run, videos: Path) -> None:
    check_failure(
        run("classify", videos / "loud.mp4", "--classifier", "mc4"), 2, "unknown classifier 'mc4'"
    )


def test_k_visual_above_k(run: Run, videos: Path) -> None:
    check_failure(
        run("classify", videos / "loud.mp4", "--k", "2", "--k-visual", "5"), 2, "k_visual 5"
    )


def test_empirical_without_histogram(run: Run, videos: Path) -> None:
    check_failure(run("classify", videos / "loud.mp4", "--strategy", "empirical"), 2, "histogram")


def test_no_video(run: Run) -> None:
    check_failure(run("classify", "--k", "3"), 2, "no video is named")


@pytest.mark.parametrize(
    "arguments", [["--strategy", "best"], ["--k", "0"], ["--format", "xml"], ["--nonsense"]]
)
def test_usage_errors_of_options_exit_2(run: Run, videos: Path, arguments: list[str]) -> None:
    result = run("classify", videos / "loud.mp4", *arguments)
    check_failure(result, 2, "it should be" if arguments[0] == "--k" else arguments[-1])
    assert len(result.stderr.splitlines()) == 2


def test_an_output_that_cannot_be_written(run: Run, videos: Path, tmp_path: Path) -> None:
    result = run("classify", videos / "loud.mp4", *DEMO, "-o", tmp_path / "no" / "tags.jsonl")
    check_failure(result, 1, "cannot write")


def test_a_device_that_is_not_there(run: Run, videos: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    check_failure(
        run("classify", videos / "loud.mp4", "--classifier", "demo", "--device", "cuda"),
        1,
        "no CUDA",
    )


def test_weights_that_give_no_numbers_are_not_blamed_on_the_video(
    run: Run, videos: Path, tmp_path: Path
) -> None:
    network = build("tiny3d", 2)
    torch.nn.init.constant_(network.fc.weight, float("nan"))
    spec = {
        "frames": 4,
        "stride": 1,
        "resize": 36,
        "crop": [32, 32],
        "mean": [0.5] * 3,
        "std": [0.5] * 3,
    }
    meta = {"kind": "classifier", "arch": "tiny3d", "labels": ["a", "b"], "spec": spec}
    write_weights(tmp_path / "nan.safetensors", network.state_dict(), meta)
    result = run(
        "classify",
        videos / "loud.mp4",
        "--classifier",
        tmp_path / "nan.safetensors",
        "--strategy",
        "uniform",
    )
    check_failure(result, 1, "not finite")


def test_a_feature_file_is_sent_to_score(run: Run, videos: Path, tmp_path: Path) -> None:
    run("extract", videos / "loud.mp4", "-o", tmp_path / "x.scf", "--what", "md")
    for command in (["classify", *DEMO], ["extract"]):
        result = run(command[0], tmp_path / "x.scf", *command[1:])
        check_failure(result, 1, "holds features, not a video")
        assert "scsampler score" in result.stderr


def test_an_output_is_checked_before_any_work(run: Run, videos: Path, tmp_path: Path) -> None:
    check_failure(run("classify", videos / "loud.mp4", *DEMO, "-o", tmp_path), 1, "it is a folder")
    check_failure(
        run("classify", videos / "loud.mp4", *DEMO, "-o", tmp_path / "no" / "x.json"),
        1,
        "there is no folder",
    )


def test_a_full_standard_output_is_one_clear_line(run: Run, videos: Path, cache: Path) -> None:
    program = f"'{sys.executable}' -m scsampler_cli"
    options = "--classifier demo --format json"
    command = f"{program} classify '{videos}/loud.mp4' {options} > /dev/full"
    result = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, cwd=cache, check=False, timeout=120
    )
    check_failure(result, 1, "No space left on device")


def test_a_cache_that_cannot_be_made_is_one_clear_line(cache: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "scsampler_cli", "classify", "--demo"],
        env={"HOME": "/dev/null", "PATH": "/usr/bin:/bin"},
        cwd=cache,
        capture_output=True,
        text=True,
        check=False,
    )
    check_failure(result, 1, "cannot write /dev/null/.cache")
    assert "XDG_CACHE_HOME" in result.stderr


def test_a_name_that_is_not_utf_8_harms_nothing(run: Run, videos: Path, tmp_path: Path) -> None:
    folder = tmp_path / "names"
    folder.mkdir()
    for name in (b"a.mp4", b"bad\xff.mp4", b"with\nline and \x1b[31m.mp4"):
        shutil.copy(videos / "loud.mp4", folder / os.fsdecode(name))
    out = tmp_path / "tags.jsonl"
    result = run("classify", folder, *DEMO, "--strategy", "uniform", "--k", "1", "-o", out)
    assert result.returncode == 0, result.stderr
    names = [
        Path(json.loads(line)["path"]).name for line in out.read_text(encoding="utf-8").splitlines()
    ]
    assert [os.fsencode(name) for name in names] == [
        b"a.mp4",
        b"bad\xff.mp4",
        b"with\nline and \x1b[31m.mp4",
    ]
    shown = run("classify", folder, *DEMO, "--strategy", "uniform", "--k", "1")
    assert "\x1b" not in shown.stdout
    assert "bad\\udcff.mp4" in shown.stdout


def test_debug_shows_the_traceback(run: Run, tmp_path: Path) -> None:
    (tmp_path / "x.mp4").write_text("text")
    result = run("classify", tmp_path / "x.mp4", *DEMO, "--debug")
    assert result.returncode == 1
    assert "Traceback" in result.stderr


def test_a_reader_that_leaves_is_no_error(run: Run, videos: Path, cache: Path) -> None:
    program = f"'{sys.executable}' -m scsampler_cli"
    command = f"{program} score '{videos}/loud.mp4' --visual-sampler demo | true"
    result = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, cwd=cache, check=False, timeout=120
    )
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("command", "code", "word"),
    [
        ("--help > /dev/full", 1, "No space left on device"),
        ("classify {video} --classifier demo >&-", 1, "standard output is closed"),
        ("classify - --classifier demo <&-", 1, "no input"),
        ("extract {video} -o -", 2, "not written to standard output"),
        ("extract {video} {video}/../sub/silent.mkv -o x.scf", 2, "one file for several videos"),
        ("classify {video} --classifier w.pth --weights w.pth", 2, "two weight files"),
    ],
)
def test_streams_and_files_that_cannot_serve(
    videos: Path, cache: Path, command: str, code: int, word: str
) -> None:
    (cache / "w.pth").write_bytes(b"x")
    line = f"'{sys.executable}' -m scsampler_cli " + command.format(video=f"'{videos}/loud.mp4'")
    result = subprocess.run(
        ["bash", "-c", line], capture_output=True, text=True, cwd=cache, check=False, timeout=120
    )
    check_failure(result, code, word)


def test_a_reader_that_leaves_the_help_is_no_error(cache: Path) -> None:
    line = f"set -o pipefail; '{sys.executable}' -m scsampler_cli classify --help | true"
    result = subprocess.run(
        ["bash", "-c", line], capture_output=True, text=True, cwd=cache, check=False, timeout=120
    )
    assert result.returncode in (0, 141)  # 0 where all was written before the reader left
    assert result.stderr == ""
