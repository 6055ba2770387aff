"""The line at the end of a batch."""

import json
from pathlib import Path

import pytest

from scsampler_cli.cli.batch_counts import BatchCounts, end_line, is_unsure, shown_path
from scsampler_cli.cli.output_targets import output_path
from scsampler_cli.text import duration
from tests.cli.running import DEMO, Run


def test_each_record_counts_once() -> None:
    counts = BatchCounts("classify")
    for record in (
        {"status": "ok"},  # of an earlier version
        {"status": "ok", "confident": True},
        {"status": "ok", "confident": False, "label": None},
        {"status": "failed"},
        {"status": "ok", "confident": True, "files_failed": {"report": {}}},
    ):
        counts.add(record)
    assert counts.words() == "3 tagged, 1 unsure, 1 failed; 1 without a page, sheet or reel"
    assert counts.all_failed == 1
    assert not is_unsure({"status": "failed", "confident": False})


def test_numbers_of_0_are_left_out_except_the_first() -> None:
    assert BatchCounts("score", done=12).words() == "12 scored"
    assert BatchCounts("extract").words() == "0 extracted"
    counts = BatchCounts("classify", failed=2, kept=30, kept_failed=3, left=4, lost=1)
    assert counts.words() == (
        "0 tagged, 2 failed, 30 kept (3 of them failed), 4 not started; 1 not written"
    )
    assert counts.all_failed == 6


def test_the_line_names_the_results_unless_they_are_on_standard_output(tmp_path: Path) -> None:
    counts = BatchCounts("classify", done=11, unsure=1, failed=2)
    assert end_line(counts, 17.2, [None, None]) == "11 tagged, 1 unsure, 2 failed in 17 s"
    line = end_line(counts, 17.2, [None, Path("tags.jsonl")])
    assert line == "11 tagged, 1 unsure, 2 failed in 17 s -> tags.jsonl"
    both = end_line(BatchCounts("extract", done=2), 3.24, [tmp_path, Path("x.jsonl")])
    assert both == f"2 extracted in 3.2 s -> {tmp_path}/ and x.jsonl"
    assert shown_path(output_path("new/")) == "new/"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        *((0.04, "0.0 s"), (3.24, "3.2 s"), (17.3, "17 s"), (59.6, "1 min 0 s")),
        *((75.4, "1 min 15 s"), (3599.7, "1 h 0 min"), (7530.0, "2 h 5 min")),
    ],
)
def test_durations_have_at_most_two_units(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_a_batch_says_at_its_end_what_came_of_it(run: Run, videos: Path, tmp_path: Path) -> None:
    bad, out = tmp_path / "bad.mp4", tmp_path / "tags.jsonl"
    bad.write_bytes(b"not a video")
    result = run("classify", videos, bad, *DEMO, "-o", out)
    assert result.returncode == 3
    last = result.stderr.splitlines()[-1]
    assert last.startswith("2 tagged, 1 failed in ")
    assert last.endswith(f" s -> {out}")

    again = run("classify", videos, bad, *DEMO, "-o", out, "--resume")
    assert again.returncode == 3
    assert again.stderr.splitlines()[-1].startswith("0 tagged, 3 kept (1 of them failed) in ")

    # on standard output there is no place to name
    printed = run("score", videos, *DEMO[2:], "--visual-sampler", "demo", "--format", "jsonl")
    assert len([json.loads(line) for line in printed.stdout.splitlines()]) == 2
    last = printed.stderr.splitlines()[-1]
    assert last.startswith("2 scored in ")
    assert "->" not in last


def test_features_are_named_and_quiet_prints_nothing(
    run: Run, videos: Path, tmp_path: Path
) -> None:
    folder, log = tmp_path / "features", tmp_path / "log.txt"
    options = ("--what", "md", "--format", "jsonl")
    result = run("extract", videos, *options, "-o", f"{folder}/", "-q", "--log-file", log)
    assert result.returncode == 0
    assert result.stderr == ""
    # as with every other note
    assert "2 extracted in " in log.read_text()
    assert log.read_text().endswith(f" s -> {folder}/\n")


def test_a_single_file_has_no_such_line(run: Run, videos: Path, tmp_path: Path) -> None:
    result = run("classify", videos / "loud.mp4", *DEMO, "-o", tmp_path / "tags.jsonl")
    assert result.returncode == 0
    assert "tagged" not in result.stderr
