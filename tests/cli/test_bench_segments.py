"""`scsampler bench --true-segments` as a process: measured, replayed, and what it refuses."""

import csv
import json
import shutil
from pathlib import Path

import pytest

from scsampler_cli.media.demo import write_demo_video
from tests.cli.running import DEMO, Run, check_failure

ROWS = (
    "path,label,start_s,end_s",
    "v0.mp4,spinning,2,5.5",
    "v0.mp4,spinning,1,0.5",
    "v1.mp4,shaking,0,3",
    "v1.mp4,juggling,3,4",
)


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A list of three short demo videos, and a list of segments of two of them."""
    folder = tmp_path_factory.mktemp("set")
    rows = ["path,label"]
    for i, label in enumerate(("spinning", "shaking", "sliding")):
        write_demo_video(folder / f"v{i}.mp4", label, 70 + i, seconds=7.0)
        rows.append(f"v{i}.mp4,{label}")
    (folder / "set.csv").write_text("\n".join(rows) + "\n")
    (folder / "segments.csv").write_text("\n".join(ROWS) + "\n")
    return folder / "set.csv"


@pytest.fixture(scope="module")
def report(run: Run, listed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report") / "out"
    result = run(
        *("bench", listed, *DEMO, "--true-segments", listed.parent / "segments.csv", "--k", "3"),
        *("--timed", "0", "--sheet", "0", "-o", folder),
    )
    assert result.returncode == 0, result.stderr
    assert "skipped: segments.csv:3: a segment from 1 to 0.5 s" in result.stderr
    assert "Segments, K = 3" in result.stdout
    return folder


def test_the_report_has_a_table_of_segments(report: Path) -> None:
    (one,) = json.loads((report / "report.json").read_text())["runs"]
    table = one["tables"]["segments"]
    assert table["notes"][0].startswith("2 true segments in 2 videos")
    assert "lacks 1 video, left out here" in table["notes"][0]
    assert table["notes"][1:] == [
        "rows of the list of segments that were left out: 1",
        "1 true segment left out: demo does not know the label 'juggling'",
    ]
    assert len(table["rows"]) >= 3
    for row in table["rows"]:
        assert 0 <= row["map_70"] <= row["map_50"] <= row["map_30"] <= 100
    dense = next(row for row in table["rows"] if row["key"] == "answers")
    assert dense["by_clips"] == 100
    with (report / "tables" / "run1_segments.csv").open() as file:
        assert [row["key"] for row in csv.DictReader(file)] == [r["key"] for r in table["rows"]]
    with (report / "tables" / "run1_found_segments.csv").open() as file:
        kinds = [row["kind"] for row in csv.DictReader(file)]
    assert kinds.count("true") == 2
    assert kinds.count("found") == 2 * table["rows"][0]["segments"]
    assert "Segments, K = 3" in (report / "report.html").read_text()


def test_a_replay_has_the_segments_of_the_report_or_of_another_list(
    run: Run, report: Path, listed: Path, tmp_path: Path
) -> None:
    old = json.loads((report / "report.json").read_text())["runs"]
    same = run("bench", "--replay", report, "--format", "json")
    assert same.returncode == 0, same.stderr
    assert json.loads(same.stdout)["runs"] == old
    # a list from elsewhere: its videos have the same names
    other = tmp_path / "other.csv"
    other.write_text("path,label,start_s,end_s\nv2.mp4,sliding,0,1\n")
    result = run("bench", "--replay", report, "--true-segments", other, "--format", "json")
    assert result.returncode == 0, result.stderr
    (run_of_other,) = json.loads(result.stdout)["runs"]
    table = run_of_other["tables"]["segments"]
    assert table["notes"][0].startswith("1 true segment in 1 video")
    # the name of the option in earlier versions
    former = run("bench", "--replay", report, "--segments", other, "--format", "json")
    assert json.loads(former.stdout)["runs"] == [run_of_other]
    assert "note: --segments is deprecated, write --true-segments" in former.stderr


def test_a_report_without_a_list_gets_one_later(
    run: Run, report: Path, listed: Path, tmp_path: Path
) -> None:
    """As one that was made without --true-segments."""
    shutil.copytree(report, tmp_path / "old")
    about = tmp_path / "old" / "known" / "run1" / "run.json"
    record = json.loads(about.read_text())
    for video in record["videos"]:
        video["segments"] = None
    about.write_text(json.dumps({**record, "segment_notes": []}))
    without = run("bench", "--replay", tmp_path / "old", "--format", "json")
    assert "segments" not in json.loads(without.stdout)["runs"][0]["tables"]
    segments = listed.parent / "segments.csv"
    again = run(
        "bench", "--replay", tmp_path / "old", "--true-segments", segments, "--format", "json"
    )
    old = json.loads((report / "report.json").read_text())["runs"]
    assert json.loads(again.stdout)["runs"] == old


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("z.mp4,spinning,0,1", "none of the videos is in the list of segments, which names"),
        ("v0.mp4,spinning,5,1", "names no video with its segments"),
    ],
)
def test_a_list_of_nothing_is_refused_before_anything_is_measured(
    run: Run, listed: Path, tmp_path: Path, row: str, words: str
) -> None:
    path = listed.parent / "wrong.csv"
    path.write_text(f"path,label,start_s,end_s\n{row}\n")
    result = run("bench", listed, *DEMO, "--true-segments", path, "-q", "-o", tmp_path / "out")
    assert result.returncode == 1
    assert words in result.stderr
    assert not (tmp_path / "out").exists()


def test_generated_videos_have_no_list(run: Run, listed: Path) -> None:
    result = run("bench", "--demo", "--true-segments", listed.parent / "segments.csv")
    check_failure(result, 2, "--true-segments has no effect with --demo")
