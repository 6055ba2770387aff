"""What a row of CSV is, from the command line."""

import csv
import io
from pathlib import Path

from tests.cli.running import DEMO, Run, check_failure
from tests.cli.test_merge_command import good, part
from tests.output.test_csv_rows import FOUND
from tests.output.test_writers import BAD, SCORE

LOOK = [*DEMO, "--strategy", "uniform", "--k", "2"]


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_row_is_a_video_or_a_clip(run: Run, videos: Path) -> None:
    (video,) = read(run("classify", videos / "loud.mp4", *LOOK, "--format", "csv").stdout)
    assert (video["label"], video["confident"]) == (video["label1"], "True")
    assert (int(video["width"]), int(video["height"])) > (0, 0)
    assert float(video["frame_rate"]) > 0
    made = run("classify", videos / "loud.mp4", *LOOK, "--format", "csv", "--rows", "clips")
    assert made.returncode == 0, made.stderr
    rows = read(made.stdout)
    assert [row["why"] for row in rows] == ["uniform", "uniform"]
    assert {row["video_label"] for row in rows} == {video["label"]}
    assert video["clips"].split()[0] == f"{rows[0]['start_s']}-{rows[0]['end_s']}"


def test_rows_without_csv_and_rows_of_segments_without_segments_are_refused(
    run: Run, videos: Path, tmp_path: Path
) -> None:
    video = videos / "loud.mp4"
    check_failure(run("classify", video, *LOOK, "--rows", "clips"), 2, "without records in csv")
    refused = run("classify", video, *LOOK, "--rows", "segments", "--format", "csv")
    check_failure(refused, 2, "have no rows of segments")
    records = part(tmp_path / "1.jsonl", good("a"))
    check_failure(run("merge", records, "--rows", "video"), 2, "without records in csv")
    refused = run("merge", records, "--rows", "segments", "-o", tmp_path / "all.csv")
    check_failure(refused, 2, "have no rows of segments")
    # nothing was written
    assert not (tmp_path / "all.csv").exists()
    scores = part(tmp_path / "2.jsonl", {**SCORE, "run": "a" * 16})
    check_failure(
        run("merge", scores, "--rows", "video", "--format", "csv"), 2, "on records of score"
    )


def test_merged_records_with_segments_are_a_row_a_segment(run: Run, tmp_path: Path) -> None:
    found = {**FOUND, "run": "a" * 16}
    records = part(tmp_path / "1.jsonl", found, {**BAD, "path": "bad.mp4"})
    rows = read(run("merge", records, "--format", "csv").stdout)
    assert [(row["status"], row["segment"]) for row in rows] == [
        *(("ok", "0"), ("ok", "1"), ("error", "")),
    ]
    (video, _) = read(run("merge", records, "--format", "csv", "--rows", "video").stdout)
    assert video["label1"] == "archery"
    # some without segments: a row a video, so that none looks as if it had no segment
    mixed = part(tmp_path / "2.jsonl", found, good("other.mp4"))
    rows = read(run("merge", mixed, "--format", "csv").stdout)
    assert [row["path"] for row in rows] == ["sure.mp4", "other.mp4"]
    assert "label1" in rows[0]
