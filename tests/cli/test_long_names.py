"""Files that are made of a video and cannot be written: one of them fails, the rest goes on."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.running import DEMO, Run, check_failure

LOOK = [*DEMO, "--strategy", "uniform", "--k", "2"]


@pytest.fixture(scope="module")
def named(videos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three videos, one of them with the longest name that there is."""
    folder = tmp_path_factory.mktemp("named")
    for name in ("a.mp4", "b" * 251 + ".mp4", "c.mp4"):
        shutil.copy(videos / "loud.mp4", folder / name)
    return folder


def test_clips_of_the_other_videos_are_written(run: Run, named: Path, tmp_path: Path) -> None:
    made = run(
        "score",
        named,
        *LOOK[2:],
        "--visual-sampler",
        "none",
        "--format",
        "edl",
        "-o",
        f"{tmp_path}/cuts/",
    )
    assert made.returncode == 3, made.stderr
    assert sorted(path.name for path in (tmp_path / "cuts").iterdir()) == ["a.mp4.edl", "c.mp4.edl"]
    assert made.stderr.count("error: ") == 1
    assert f"{'b' * 251}.mp4" in made.stderr
    assert "File name too long" in made.stderr


def test_a_folder_or_a_full_disk_in_the_place_of_a_file_costs_that_file(
    run: Run, named: Path, tmp_path: Path
) -> None:
    (tmp_path / "a.mp4.srt").mkdir()
    (tmp_path / "c.mp4.srt").symlink_to("/dev/full")
    shutil.copy(named / "a.mp4", tmp_path / "d.mp4")
    inputs = [named / "a.mp4", named / "c.mp4", tmp_path / "d.mp4"]
    made = run(
        "score", *inputs, *LOOK[2:], "--visual-sampler", "none", "--format", "srt", "-o", tmp_path
    )
    assert made.returncode == 3, made.stderr
    assert (tmp_path / "d.mp4.srt").read_text().count(" --> ") == 2
    assert "it is a folder" in made.stderr
    assert "No space left" in made.stderr


def test_the_tags_stay(run: Run, named: Path, tmp_path: Path) -> None:
    pytest.importorskip("imageio_ffmpeg")
    names = ("report", "thumbnails", "reel")
    wanted = [
        "--report",
        tmp_path / "page.html",
        "--thumbnails",
        f"{tmp_path}/out/",
        "--reel",
        f"{tmp_path}/reels/",
    ]
    done = run("classify", named, *LOOK, "--format", "jsonl", *wanted)
    assert done.returncode == 3, done.stderr
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert [record["status"] for record in records] == ["ok"] * 3
    assert ["files_failed" in record for record in records] == [False, True, False]
    for name in names:
        failed = records[1]["files_failed"][name]
        assert (failed["type"], "File name too long" in failed["message"]) == ("OutputError", True)
        assert all(Path(record["files"][name]).is_file() for record in (records[0], records[2]))


def test_features_of_the_other_videos_are_written(run: Run, named: Path, tmp_path: Path) -> None:
    done = run("extract", named, "--what", "if", "-o", tmp_path / "features", "--format", "jsonl")
    assert done.returncode == 3, done.stderr
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert [record["status"] for record in records] == ["ok", "error", "ok"]
    assert records[1]["error"]["type"] == "OutputError"
    assert len(list((tmp_path / "features").iterdir())) == 2


def test_names_that_just_fit_are_written_with_all_beside_them(
    run: Run, videos: Path, tmp_path: Path
) -> None:
    video = tmp_path / ("v" * 247 + ".mp4")  # 251 bytes; with .scf, .srt or .jpg 255
    shutil.copy(videos / "loud.mp4", video)
    (tmp_path / "out").mkdir()
    assert run("extract", video, "--what", "if", "-o", tmp_path / "out").returncode == 0
    made = run(
        "classify",
        video,
        *LOOK,
        "--format",
        "srt",
        "--thumbnails",
        f"{tmp_path}/out",
        "-o",
        f"{tmp_path}/out/",
    )
    assert made.returncode == 0, made.stderr
    assert {path.suffix for path in (tmp_path / "out").iterdir()} == {".scf", ".srt", ".jpg"}
    records = tmp_path / ("r" * 249 + ".jsonl")
    done = run(
        "score", video, *LOOK[2:], "--visual-sampler", "none", "-o", records, "--resume", "-q"
    )
    assert (done.returncode, records.read_text().count("\n")) == (0, 1), done.stderr


@pytest.mark.parametrize(
    "options",
    [
        ["-o", "{}.jsonl"],
        ["-o", "{}.srt"],
        ["--report", "{}.html"],
        ["--log-file", "{}.log"],
        ["--classifier", "{}.onnx"],
    ],
    ids=lambda options: options[0] + options[1][2:],
)
def test_a_name_on_the_command_line_that_is_too_long_is_said(
    run: Run, videos: Path, options: list[str]
) -> None:
    result = run(
        "classify", videos / "loud.mp4", *LOOK[2:], *(text.format("y" * 300) for text in options)
    )
    check_failure(result, 1, "File name too long")


@pytest.mark.parametrize(
    "command",
    [
        ["classify", "{}/loud.mp4"],
        ["score", "{}/loud.mp4"],
        ["extract", "loud.mp4"],
        ["train", "{}"],
        ["bench", "{}"],
        ["merge", "a.jsonl"],
        ["classifiers"],
        ["weights"],
    ],
    ids=lambda command: command[0],
)
def test_a_working_folder_that_was_deleted_is_said(
    videos: Path, tmp_path: Path, command: list[str]
) -> None:
    (tmp_path / "gone").mkdir()
    inside = ["sh", "-c", 'cd "$1" && rmdir "$1" && shift && exec "$@"', "sh", tmp_path / "gone"]
    program = [sys.executable, "-m", "scsampler_cli", *(text.format(videos) for text in command)]
    result = subprocess.run(
        [*inside, *program], capture_output=True, text=True, timeout=60, check=False
    )
    check_failure(result, 1, "the working folder was deleted")
