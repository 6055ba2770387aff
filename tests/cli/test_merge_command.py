"""`scsampler merge`, from the command line."""

import csv
import json
import os
from pathlib import Path
from typing import Any

import pytest

from scsampler_cli.batch.journal import encode_line
from tests.cli.running import DEMO, Run, check_failure
from tests.output.test_writers import BAD, CLASSIFY

Record = dict[str, Any]


def part(path: Path, *records: Record) -> Path:
    path.write_bytes(b"".join(map(encode_line, records)))
    return path


def good(path: str, run: str = "a" * 16, **more: Any) -> Record:
    return {**CLASSIFY, "path": path, "run": run, **more}


def test_parts_become_one_output_in_any_format(run: Run, tmp_path: Path) -> None:
    parts = [
        part(tmp_path / "1.jsonl", good("a"), good("b")),
        part(tmp_path / "2.jsonl", good("c")),
    ]
    merged = run("merge", *parts)
    assert merged.returncode == 0, merged.stderr
    assert merged.stdout == "".join(path.read_text() for path in parts)
    assert merged.stderr == "note: 3 records of 2 parts: 3 tagged\n"
    for name in ("all.json", "all.csv", "all.txt", "all.jsonl"):
        assert run("merge", *parts, "-o", tmp_path / name, "-q").stderr == ""
    assert [r["path"] for r in json.loads((tmp_path / "all.json").read_text())] == ["a", "b", "c"]
    with (tmp_path / "all.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["path"], row["label2"]) for row in rows] == [
        ("a", "surfing"),
        ("b", "surfing"),
        ("c", "surfing"),
    ]
    assert "archery" in (tmp_path / "all.txt").read_text()
    assert (tmp_path / "all.jsonl").read_text() == merged.stdout


def test_holes_are_listed_for_the_next_run_and_the_output_is_in_the_order_asked_for(
    run: Run, tmp_path: Path
) -> None:
    folder = tmp_path / "videos"
    folder.mkdir()
    for name in ("a.mp4", "b.mp4", "c.mkv", "d.mp4"):
        (folder / name).touch()
    records = [good(str(folder / "d.mp4")), good("stranger.mp4"), good(str(folder / "a.mp4"))]
    made = run(
        "merge",
        part(tmp_path / "1.jsonl", *records),
        "--inputs",
        folder,
        "--holes",
        tmp_path / "holes.txt",
    )
    assert made.returncode == 3
    assert [Path(json.loads(line)["path"]).name for line in made.stdout.splitlines()] == [
        "a.mp4",
        "d.mp4",
        "stranger.mp4",
    ]
    assert (tmp_path / "holes.txt").read_text() == f"{folder / 'b.mp4'}\n{folder / 'c.mkv'}\n"
    assert made.stderr.splitlines() == [
        "note: 1 record of files that are not among --inputs, put last",
        f"note: {folder / 'b.mp4'}: no record",
        f"note: {folder / 'c.mkv'}: no record",
        "note: 3 records of 1 part: 3 tagged; 2 files without a record",
    ]
    listed = run(
        "merge",
        tmp_path / "1.jsonl",
        "--inputs",
        "-",
        "-o",
        "/dev/null",
        stdin=f"{folder / 'd.mp4'}\nstranger.mp4\n",
    )
    assert listed.returncode == 0
    some = run("merge", tmp_path / "1.jsonl", "--inputs", folder, "--glob", "a*", "-o", "/dev/null")
    assert some.returncode == 0
    again = run(
        "classify",
        "-",
        *DEMO,
        "--format",
        "jsonl",
        "-q",
        stdin=(tmp_path / "holes.txt").read_text(),
    )
    assert [Path(json.loads(line)["path"]).name for line in again.stdout.splitlines()] == [
        "b.mp4",
        "c.mkv",
    ]


def test_holes_whose_names_have_line_ends_are_apart_by_nul(run: Run, tmp_path: Path) -> None:
    odd = os.fsdecode(b"new\nline \xff.mp4")
    made = run(
        "merge",
        part(tmp_path / "1.jsonl"),
        "--inputs",
        odd,
        "--inputs",
        "b.mp4",
        "--holes",
        tmp_path / "holes",
    )
    assert made.returncode == 3
    assert (tmp_path / "holes").read_bytes() == b"new\nline \xff.mp4\0b.mp4\0"


def test_many_holes_are_counted_and_the_log_has_them_all(run: Run, tmp_path: Path) -> None:
    wanted = "".join(f"{i}.mp4\n" for i in range(30))
    log = tmp_path / "merge.log"
    made = run(
        "merge",
        part(tmp_path / "1.jsonl", good("x")),
        "--inputs",
        "-",
        "--log-file",
        log,
        stdin=wanted,
    )
    assert made.returncode == 3
    assert made.stderr.count(": no record\n") == 20
    assert "note: 10 more without a record" in made.stderr
    assert "note: no file of --inputs has a record" in made.stderr
    assert log.read_text().count(": no record\n") == 30


def test_what_is_double_cut_mixed_or_waiting_is_told(run: Run, tmp_path: Path) -> None:
    first = part(tmp_path / "1.jsonl", good("a"), {**BAD, "path": "b"}, good("c"))
    second = part(tmp_path / "2.jsonl", good("a", timings_s={}), good("b", run="b" * 16))
    second.write_bytes(second.read_bytes() + b'{"schema": "scsam')
    (tmp_path / "1.jsonl.waiting").write_bytes(encode_line(good("d")))
    made = run("merge", first, second)
    assert made.returncode == 0
    assert [json.loads(line)["path"] for line in made.stdout.splitlines()] == ["a", "b", "c"]
    assert made.stderr.splitlines() == [
        f"note: {second} ends in an incomplete line, which is left out",
        f"note: {first}.waiting has records of a run that did not end; resume that run, and "
        "they are in its output",
        "note: made with 2 different settings, weights or versions; by the field run: "
        f"{'a' * 16} 2 records, {'b' * 16} 1 record",
        f"note: b: records differ, the one of {second} is kept",
        "note: 3 records of 2 parts: 3 tagged; 1 left out as repetitions, 1 left out for another "
        "record of the same file",
    ]


def test_a_failed_record_is_counted_and_the_exit_code_says_so(run: Run, tmp_path: Path) -> None:
    made = run("merge", part(tmp_path / "1.jsonl", good("a"), BAD))
    assert made.returncode == 3
    assert made.stderr == "note: 2 records of 1 part: 1 tagged, 1 failed\n"


def test_unsure_videos_are_counted_and_the_output_is_named(run: Run, tmp_path: Path) -> None:
    unsure = good("b", label=None, confident=False, confidence=0.2)
    parts = [
        part(tmp_path / "1.jsonl", good("a", label="archery", confident=True), unsure),
        # a record of an earlier version, which does not say it
        part(tmp_path / "2.jsonl", good("c")),
    ]
    made = run("merge", *parts, "-o", tmp_path / "all.jsonl")
    assert made.returncode == 0, made.stderr
    expected = f"note: 3 records of 2 parts: 2 tagged, 1 unsure -> {tmp_path / 'all.jsonl'}\n"
    assert made.stderr == expected
    assert json.loads((tmp_path / "all.jsonl").read_text().splitlines()[1]) == unsure


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        ([], 2, "no file to merge is named"),
        (["1.jsonl", "--holes", "x"], 2, "--holes has no effect without --inputs"),
        (["1.jsonl", "--glob", "*"], 2, "--glob has no effect without --inputs"),
        (["1.jsonl", "-o", "1.jsonl"], 2, "both input and output"),
        (["1.jsonl", "--inputs", "v.mp4", "-o", "x.csv", "--holes", "x.csv"], 2, "named twice"),
        (["1.jsonl", "-o", "x.edl"], 2, "edl has one file for each video"),
        (["1.jsonl", "none.jsonl"], 1, "not there"),
        (["1.jsonl", "text"], 1, "line 1 of"),
        (["1.jsonl", "-o", "no/where.jsonl"], 1, "there is no folder"),
    ],
)
def test_what_cannot_be_merged_is_said(
    run: Run, tmp_path: Path, arguments: list[str], code: int, word: str
) -> None:
    part(tmp_path / "1.jsonl", good("a"))
    (tmp_path / "text").write_text("text\n")
    placed = [
        str(tmp_path / a) if not a.startswith("-") and a not in ("*", "v.mp4") else a
        for a in arguments
    ]
    check_failure(run("merge", *placed), code, word)
    assert not (tmp_path / "x").exists()
    assert (tmp_path / "1.jsonl").read_bytes() == encode_line(good("a"))
