"""--frames of a batch: a folder for each video, and one list that has each line once."""

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.running import DEMO, Run, check_failure

QUICK = [*DEMO, "--strategy", "uniform", "-k", "2"]


@pytest.fixture
def many(videos: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "many"
    (folder / "below").mkdir(parents=True)
    shutil.copy(videos / "loud.mp4", folder / "a b#?.mp4")
    shutil.copy(videos / "loud.mp4", folder / "below" / "c.mp4")
    (folder / "broken.mp4").write_bytes(b"no video")
    return folder


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def listed(folder: Path, name: str = "manifest.jsonl") -> list[tuple[str, int]]:
    """(name of the video, frame) of each line of a list; the files exist."""
    found = lines(folder / name)
    assert all((folder / line["file"]).is_file() for line in found)
    return [(Path(line["video"]).name, line["frame"]) for line in found]


def test_one_video_has_its_folder_and_both_lists(run: Run, videos: Path, tmp_path: Path) -> None:
    more = ["--frames", tmp_path / "f", "--frames-each", "3", "--frames-size", "64"]
    result = run("classify", videos / "loud.mp4", *QUICK, *more, "--format", "json")
    assert result.returncode == 0, result.stderr
    record = json.loads(result.stdout)
    own = tmp_path / "f" / "loud.mp4" / "manifest.jsonl"
    assert record["files"] == {"frames": str(own)}
    assert record["frames"] == {"each": 3, "size": 64}
    assert len(lines(own)) == 6
    assert listed(tmp_path / "f") == [("loud.mp4", line["frame"]) for line in lines(own)]
    assert f"frames: {tmp_path / 'f' / 'manifest.jsonl'}" in result.stderr


@pytest.mark.parametrize("jobs", [1, 2])
def test_the_list_of_a_batch_has_the_videos_in_order(
    run: Run, many: Path, tmp_path: Path, jobs: int
) -> None:
    more = ["--frames", tmp_path / "f", "--jobs", jobs, "--as-finished"]
    result = run("classify", many, *QUICK, *more, "-o", tmp_path / "o.jsonl")
    assert result.returncode == 3
    found = listed(tmp_path / "f")
    assert [name for name, _ in found] == ["a b#?.mp4"] * 2 + ["c.mp4"] * 2
    assert (tmp_path / "f" / "below" / "c.mp4" / "manifest.jsonl").is_file()


def test_a_resumed_batch_has_each_line_once(run: Run, many: Path, tmp_path: Path) -> None:
    command = ["classify", many, *QUICK, "--frames", tmp_path / "f", "-o", tmp_path / "o.jsonl"]
    assert run(*command).returncode == 3
    whole = (tmp_path / "f" / "manifest.jsonl").read_bytes()
    # as if killed: one record and the list of the batch are missing, and one frame is half a file
    records = (tmp_path / "o.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "o.jsonl").write_text("".join(records[:1]))
    (tmp_path / "f" / "manifest.jsonl").unlink()
    (tmp_path / "f" / "below" / "c.mp4" / "manifest.jsonl").unlink()
    next((tmp_path / "f" / "below" / "c.mp4").glob("*.jpg")).unlink()
    resumed = run(*command, "--resume")
    assert "resuming: 1 of 3 files done before" in resumed.stderr
    assert (tmp_path / "f" / "manifest.jsonl").read_bytes() == whole
    # a list that was lost is made again, and so is one with other frames
    (tmp_path / "f" / "a b#?.mp4" / "manifest.jsonl").unlink()
    assert "1 record made again" in run(*command, "--resume").stderr
    assert (tmp_path / "f" / "manifest.jsonl").read_bytes() == whole
    more = run(*command, "--resume", "--frames-each", "2")
    assert "2 records made again" in more.stderr
    assert len(listed(tmp_path / "f")) == 8


def test_shards_have_lists_of_their_own(run: Run, many: Path, tmp_path: Path) -> None:
    (many / "broken.mp4").unlink()
    for shard in ("1/2", "2/2"):
        more = ["--frames", tmp_path / "f", "--shard", shard, "--format", "jsonl"]
        assert run("classify", many, *QUICK, *more).returncode == 0
    found = [
        video
        for name in ("manifest-1-of-2.jsonl", "manifest-2-of-2.jsonl")
        for video, _ in listed(tmp_path / "f", name)
    ]
    assert sorted(found) == ["a b#?.mp4"] * 2 + ["c.mp4"] * 2
    assert not (tmp_path / "f" / "manifest.jsonl").exists()


def test_a_folder_that_cannot_be_made_takes_nothing_from_the_tags(
    run: Run, videos: Path, tmp_path: Path
) -> None:
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "loud.mp4").write_text("a file")
    result = run(
        "classify", videos / "loud.mp4", *QUICK, "--frames", tmp_path / "f", "--format", "json"
    )
    assert result.returncode == 3, result.stderr
    record = json.loads(result.stdout)
    assert list(record["files_failed"]) == ["frames"]
    assert record["tags"]
    assert lines(tmp_path / "f" / "manifest.jsonl") == []


@pytest.mark.parametrize("option", ["-o", "--log-file"])
def test_the_list_of_a_video_is_not_another_output(
    run: Run, videos: Path, tmp_path: Path, option: str
) -> None:
    (tmp_path / "f" / "loud.mp4").mkdir(parents=True)
    taken = tmp_path / "f" / "loud.mp4" / "manifest.jsonl"
    words = [videos / "loud.mp4", *QUICK, "--frames", tmp_path / "f", option, taken]
    check_failure(run("classify", *words), 2, f"is named twice, by {option} and --frames")
    assert not list((tmp_path / "f").rglob("*.jpg"))


def test_the_folder_of_the_videos_is_refused(run: Run, many: Path) -> None:
    check_failure(run("classify", many, *QUICK, "--frames", many), 2, "both input and output")
