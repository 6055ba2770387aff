"""Clips for editors and players, from the command line."""

import shutil
from pathlib import Path

import av
import pytest

from tests.cli.running import DEMO, Run, check_failure

LOOK = [*DEMO, "--strategy", "uniform", "--k", "2"]


def test_one_video_goes_to_standard_output_or_to_a_file_by_its_suffix(
    run: Run, videos: Path, tmp_path: Path
) -> None:
    printed = run("classify", videos / "loud.mp4", *LOOK, "--format", "srt")
    assert printed.returncode == 0, printed.stderr
    assert printed.stdout.startswith("1\n00:00:00,")
    assert printed.stdout.count(" --> ") == 2
    for name in ("cuts.edl", "cuts.ffmeta"):
        written = run(
            "score",
            videos / "loud.mp4",
            *LOOK[2:],
            "--visual-sampler",
            "none",
            "-o",
            tmp_path / name,
        )
        assert (written.returncode, written.stdout) == (0, ""), written.stderr
    assert "001  LOUD     B     C        00:00:00:" in (tmp_path / "cuts.edl").read_text()
    with av.open(str(tmp_path / "cuts.ffmeta"), format="ffmetadata") as container:
        titles = [chapter["metadata"]["title"] for chapter in container.chapters()]
    assert len([title for title in titles if title.startswith("uniform")]) == 2


def test_several_videos_go_to_a_folder_that_keeps_their_tree(
    run: Run, videos: Path, tmp_path: Path
) -> None:
    shutil.copytree(videos, tmp_path / "videos")
    (tmp_path / "videos" / "bad.mp4").write_text("this is text")
    made = run(
        "classify", tmp_path / "videos", *LOOK, "--format", "edl", "-o", f"{tmp_path}/new/cuts/"
    )
    assert made.returncode == 3, made.stderr
    assert made.stderr.count("error: ") == 1
    found = sorted(
        str(p.relative_to(tmp_path / "new" / "cuts")) for p in (tmp_path / "new").rglob("*.*")
    )
    assert found == ["loud.mp4.edl", "sub/silent.mkv.edl"]
    assert " V     C " in (tmp_path / "new" / "cuts" / "sub" / "silent.mkv.edl").read_text()


@pytest.mark.parametrize("output", [[], ["-o", "cuts.srt"], ["-o", "no_folder"]])
def test_several_videos_in_one_place_are_refused(run: Run, videos: Path, output: list[str]) -> None:
    check_failure(
        run("classify", videos, *LOOK, "--format", "srt", *output),
        2,
        "srt has one file for each video",
    )


def test_a_failed_video_leaves_nothing(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.mp4").touch()
    (tmp_path / "cuts").mkdir()
    for output in (tmp_path / "cuts" / "bad.edl", tmp_path / "cuts"):
        check_failure(
            run("classify", tmp_path / "bad.mp4", *LOOK, "--format", "edl", "-o", output),
            1,
            "is empty",
        )
    assert list((tmp_path / "cuts").iterdir()) == []


def test_two_videos_of_one_name_keep_their_folders_and_no_video_is_written_over(
    run: Run, videos: Path, tmp_path: Path
) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        shutil.copy(videos / "loud.mp4", tmp_path / name / "x.mp4")
    both = [
        "score",
        tmp_path / "a" / "x.mp4",
        tmp_path / "b" / "x.mp4",
        "--format",
        "srt",
        "-o",
        f"{tmp_path}/cuts/",
    ]
    assert run(*both).returncode == 0
    assert sorted(
        p.relative_to(tmp_path).as_posix() for p in (tmp_path / "cuts").rglob("*.srt")
    ) == [
        "cuts/a/x.mp4.srt",
        "cuts/b/x.mp4.srt",
    ]
    shutil.copy(videos / "loud.mp4", tmp_path / "a" / "x.mp4.srt")
    over = ["score", tmp_path / "a", "--glob", "*", "--format", "srt", "-o", tmp_path / "a"]
    check_failure(run(*over), 2, "both input and output")


def test_commands_without_clips_refuse_them(run: Run, videos: Path) -> None:
    check_failure(
        run("extract", videos / "loud.mp4", "--records", "x.edl"), 2, "extract selects none"
    )
    check_failure(
        run("classify", "--list-classifiers", "--format", "srt"),
        2,
        "is a format for the clips of a video",
    )
    check_failure(run("classify", videos / "loud.mp4", "--resume", "-o", "x.edl"), 2, "--resume")
    assert run("weights", "--format", "edl").returncode == 2
