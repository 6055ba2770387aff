"""Joining JSON lines: what is kept, what is told, and how little memory it takes."""

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from scsampler_cli.batch.journal import encode_line
from scsampler_cli.batch.merge_runs import survey
from scsampler_cli.errors import InputError

Record = dict[str, Any]


def record(
    path: str, ok: bool = True, spent: float = 1.0, run: str | None = "a" * 16, **more: Any
) -> Record:
    made: Record = {
        "schema": "scsampler.classify/1",
        "path": path,
        "status": "ok" if ok else "error",
    }
    made |= (
        {"tags": [{"label": "x", "probability": 0.5}]} if ok else {"error": {"type": "VideoError"}}
    )
    return {**made, "timings_s": {"score": spent}, **({"run": run} if run else {}), **more}


def part(path: Path, *records: Record, end: bytes = b"") -> Path:
    path.write_bytes(b"".join(map(encode_line, records)) + end)
    return path


def test_parts_are_joined_in_their_order_and_come_out_as_they_were(tmp_path: Path) -> None:
    first, second = [record("b"), record("a", ok=False)], [record("\udcff é.mp4", value=0.1 + 0.2)]
    merged = survey([part(tmp_path / "1", *first), part(tmp_path / "2", *second)])
    assert list(merged.records()) == first + second
    assert (merged.failed, merged.command, merged.tags) == (1, "classify", 1)
    assert (merged.repeated, merged.differing, merged.halves) == (0, [], [])


def test_an_order_puts_its_records_first(tmp_path: Path) -> None:
    merged = survey([part(tmp_path / "1", *(record(name) for name in "dcba"))])
    assert [r["path"] for r in merged.records(["a", "z", "b", "a"])] == ["a", "b", "d", "c"]
    assert merged.holes(["a", "z", "b"]) == ["z"]


def test_records_that_differ_in_times_alone_are_one(tmp_path: Path) -> None:
    merged = survey(
        [part(tmp_path / "1", record("a")), part(tmp_path / "2", record("a", spent=2.0))]
    )
    assert list(merged.records()) == [record("a")]
    assert (merged.repeated, merged.differing) == (1, [])


@pytest.mark.parametrize(
    ("records", "kept"),
    [
        ([record("a", ok=False), record("a", n=1)], 1),
        ([record("a", n=0), record("a", ok=False)], 0),
        ([record("a", n=0), record("a", n=1)], 1),
        ([record("a", ok=False, n=0), record("a", ok=False, n=1)], 1),
        ([record("a", n=0), record("a", ok=False), record("a", n=2)], 2),
        ([record("a", ok=False), record("a", n=1), record("a", ok=False, n=2)], 1),
    ],
)
@pytest.mark.parametrize("apart", [True, False])
def test_of_records_that_differ_an_ok_one_wins_else_the_last(
    tmp_path: Path, records: list[Record], kept: int, apart: bool
) -> None:
    groups = [[r] for r in records] if apart else [records]
    parts = [
        part(tmp_path / str(i), *group, record(f"other {i}")) for i, group in enumerate(groups)
    ]
    merged = survey(parts)
    assert [r for r in merged.records() if r["path"] == "a"] == [records[kept]]
    assert merged.differing == ["a"] * (len(records) - 1)
    assert next(iter(merged.lines)) == "a"  # at the place of the first
    assert len(merged.lines) == 1 + len(parts)


@pytest.mark.parametrize("cut", [1, 10, 60, -1])
def test_half_a_line_is_told_and_left_out(tmp_path: Path, cut: int) -> None:
    half = encode_line(record("b"))[:-1][:cut]
    parts = [part(tmp_path / "1", record("a"), end=half), part(tmp_path / "2", record("c"))]
    merged = survey(parts)
    assert [r["path"] for r in merged.records()] == ["a", "c"]
    assert merged.halves == [parts[0]]


def test_zeros_that_a_lost_disk_leaves_are_half_a_line(tmp_path: Path) -> None:
    merged = survey([part(tmp_path / "1", record("a"), end=b"\0" * 100)])
    assert (list(merged.lines), merged.halves) == (["a"], [tmp_path / "1"])


def test_a_last_line_without_its_end_empty_lines_and_empty_parts_are_fine(tmp_path: Path) -> None:
    (tmp_path / "1").write_bytes(
        b"\n" + encode_line(record("a")) + b"\r\n" + encode_line(record("b")).rstrip(b"\n")
    )
    merged = survey([tmp_path / "1", part(tmp_path / "2")])
    assert [r["path"] for r in merged.records()] == ["a", "b"]
    assert merged.halves == []
    nothing = survey([tmp_path / "2"])
    assert (list(nothing.records()), nothing.command) == ([], None)


def test_runs_are_counted_of_what_is_kept(tmp_path: Path) -> None:
    records = [
        record("a"),
        record("b", run="b" * 16),
        record("c", run="b" * 16),
        record("d", run=None),
    ]
    merged = survey([part(tmp_path / "1", *records, record("a", run="c" * 16))])
    assert merged.runs == {"b" * 16: 2, "c" * 16: 1}


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("this is text\n", "line 2 of"),
        ('{"schema": "scsampler.classify/1", "path": "x"\n', "line 2 of"),
        ('[{"schema": "scsampler.classify/1"}]\n', "line 2 of"),
        (
            '{"schema": "scsampler.weights/1", "path": "w", "status": "ok"}\n',
            "is not the record of a video",
        ),
        (
            '{"schema": "scsampler.classify/1", "path": "v", "status": "ok", "segments": null}\n',
            "line 2 of .* is not the record of a video",
        ),
        (
            '{"schema": "scsampler.score/1", "path": "v", "status": "ok"}\n',
            "the lines before it are of scsampler.classify/1",
        ),
    ],
)
def test_what_is_no_record_of_the_same_command_ends_it(
    tmp_path: Path, text: str, word: str
) -> None:
    with pytest.raises(InputError, match=word) as error:
        survey([part(tmp_path / "1", record("a"), end=text.encode())])
    assert error.value.hint


def test_a_part_that_is_missing_or_a_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not there"):
        survey([tmp_path / "none"])
    with pytest.raises(InputError, match="not a file"):
        survey([tmp_path])


def test_a_part_that_shrinks_meanwhile_is_said(tmp_path: Path) -> None:
    merged = survey([part(tmp_path / "1", record("a"), record("b"))])
    part(tmp_path / "1", record("a"))
    with pytest.raises(InputError, match="has changed while it was read"):
        list(merged.records())


def test_records_are_not_held_in_memory(tmp_path: Path) -> None:
    long = [{"label": f"label {i}", "probability": 0.5} for i in range(100)]
    path = part(tmp_path / "1", *(record(f"archive/{i:06d}.mp4", tags=long) for i in range(3000)))
    assert path.stat().st_size > 10e6
    tracemalloc.start()
    merged = survey([path])
    count = sum(len(json.dumps(r)) > 3000 for r in merged.records())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 3000
    assert peak < 3e6  # some 400 bytes a record, and what one of them takes
