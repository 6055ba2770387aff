"""Several runs, each with its share of the files."""

import csv
import io
import json
import shutil
from pathlib import Path

import pytest

from scsampler_cli.batch.shards import Shard, in_shard
from tests.cli.running import Run, check_failure

SCORE = ["--strategy", "uniform", "--visual-sampler", "none", "--audio-sampler", "none", "--k", "1"]


def paths(file: Path) -> list[str]:
    return [json.loads(line)["path"] for line in file.read_text().splitlines()]


def other(path: Path) -> str:
    """The one of two shards that a file is not in."""
    return "2/2" if in_shard(path, Shard(1, 2)) else "1/2"


def test_shards_do_all_files_once_and_go_on_in_one_file(
    run: Run, videos: Path, tmp_path: Path
) -> None:
    out = tmp_path / "all.jsonl"
    for shard in ("1/2", "2/2"):
        done = run(
            "score", "-", *SCORE, "--shard", shard, "--resume", "-o", out, stdin=f"{videos}\n"
        )
        assert done.returncode == 0, done.stderr
        assert f"note: shard {shard}: " in done.stderr
        assert "of 2 files" in done.stderr
    assert sorted(paths(out)) == [str(videos / "loud.mp4"), str(videos / "sub" / "silent.mkv")]


@pytest.mark.parametrize("command", ["classify", "score", "extract"])
def test_an_empty_shard_is_a_valid_empty_output(run: Run, videos: Path, command: str) -> None:
    video = videos / "loud.mp4"
    for form in ("json", "jsonl", "csv", "table"):
        done = run(command, video, "--shard", other(video), "--format", form)
        assert done.returncode == 0, done.stderr
        assert "0 of 1 file" in done.stderr
        if form == "json":
            assert json.loads(done.stdout) == []
        elif form == "csv":
            assert list(csv.DictReader(io.StringIO(done.stdout))) == []
            assert done.stdout.startswith("path,status,")
        else:
            assert done.stdout == ""


def test_an_empty_shard_makes_an_empty_file_and_keeps_what_is_resumed(
    run: Run, videos: Path, tmp_path: Path
) -> None:
    video = videos / "loud.mp4"
    (tmp_path / "old.jsonl").write_text(
        '{"schema": "scsampler.score/1", "path": "x", "status": "ok"}\n'
    )
    before = (tmp_path / "old.jsonl").read_bytes()
    for name, more in (
        ("new.jsonl", []),
        ("old.jsonl", ["--resume"]),
        ("cuts/", ["--format", "srt"]),
    ):
        done = run("score", video, "--shard", other(video), "-o", f"{tmp_path}/{name}", *more)
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "new.jsonl").read_bytes() == b""
    assert (tmp_path / "old.jsonl").read_bytes() == before
    assert list((tmp_path / "cuts").iterdir()) == []


@pytest.mark.parametrize("text", ["0/4", "5/4", "x"])
def test_what_is_no_shard_is_a_usage_error(run: Run, videos: Path, text: str) -> None:
    check_failure(run("extract", videos, "--shard", text), 2, "invalid shard")


def test_files_of_one_name_have_the_same_place_in_whatever_shard_they_are(
    run: Run, videos: Path, tmp_path: Path
) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
        shutil.copy(videos / "loud.mp4", tmp_path / name / "x.mp4")
    together = [tmp_path / name / "x.mp4" for name in ("a", "b", "c")]
    for shard in ("1/2", "2/2"):
        assert (
            run(
                "extract", *together, "-o", tmp_path / "out", "--shard", shard, "-q", "--what", "md"
            ).returncode
            == 0
        )
    made = {
        path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.scf")
    }
    assert made == {"a/x.mp4.scf", "b/x.mp4.scf", "c/x.mp4.scf"}
