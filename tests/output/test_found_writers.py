"""The result of `find` in every format, to streams, files and pipes."""

import csv
import io
import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from scsampler_cli.errors import OutputError
from scsampler_cli.output.find_result import FindResult
from scsampler_cli.output.found_writers import CSV_COLUMNS, save_found, write_found
from scsampler_cli.output.writers import FORMATS
from tests.output.finding import CLIPS, found, result

NASTY = "\x1b[2J\u202e=a\nb\udcff.mp4"


def written(each: FindResult, form: str) -> str:
    stream = io.StringIO(newline="")
    write_found(each, form, stream)
    return stream.getvalue()


def test_the_table() -> None:
    assert written(result(), "table").splitlines() == [
        "a dog jumps into water",
        "  rank  similarity       start         end   file",
        "     1       0.400     0:13.50     0:15.33   a/dive.mp4",
        "     2       0.300  3:49:21.00  3:49:25.00   b/long.mp4",
        "     3      -0.062     0:02.00     0:04.00   a/dive.mp4",
        "  3 found clips, the best of 2 videos; 1 video failed",
        "  model hf:example/clip (model.safetensors, sha256 abababababab)",
        "  vectors: 1 video computed now, 1 kept from before",
        "  time embed 1.25 s, rank 0.01 s",
        "  note: one video has no sound",
    ]


def test_a_model_with_probabilities_has_a_column_for_them() -> None:
    clips = (found(1, "v.mp4", 0, 1, probability=0.125), found(2, "v.mp4", 20, 21, probability=0))
    lines = written(result(clips=clips), "table").splitlines()
    assert lines[1:4] == [
        "  rank  similarity  probability       start         end   file",
        "     1       0.400        12.5%     0:00.00     0:01.00   v.mp4",
        "     2       0.300         0.0%     0:20.00     0:21.00   v.mp4",
    ]


def test_nothing_found_is_said() -> None:
    lines = written(result(clips=(), failures=()), "table").splitlines()
    assert lines[:2] == ["a dog jumps into water", "  no found clips in 2 videos"]


def test_where_every_video_fails_the_table_says_only_that() -> None:
    nothing: dict[str, Any] = {"model": {}, "settings": {}, "versions": {}, "timings_s": {}}
    failed = result(clips=(), videos=0, embedded=0, notes=(), **nothing)
    assert written(failed, "table").splitlines() == [
        "a dog jumps into water",
        "  no found clips in 0 videos; 1 video failed",
    ]


@pytest.mark.parametrize("form", ["table", "csv"])
def test_no_name_and_no_sentence_steers_a_terminal(form: str) -> None:
    clips = (found(1, NASTY, 0, 1),)
    text = written(result(clips=clips, sentence=NASTY, notes=(NASTY,)), form)
    assert not set("\x1b\u202e\udcff") & set(text)
    assert "\\x1b[2J\\u202e=a\\nb\\udcff.mp4" in text
    # heading and row; in the table also the sentence and four lines below
    assert len(text.splitlines()) == {"csv": 2, "table": 8}[form]


def test_a_long_sentence_is_broken_between_words() -> None:
    lines = written(result(sentence="a brown dog jumps " * 12), "table").splitlines()
    heading = lines[: lines.index("  rank  similarity       start         end   file")]
    assert len(heading) == 3
    assert max(map(len, heading)) <= 80
    assert " ".join(heading).split() == ["a", "brown", "dog", "jumps"] * 12


def test_json_is_the_record() -> None:
    each = result(sentence="ein Hund springt, 犬")
    text = written(each, "json")
    assert json.loads(text) == each.record()
    assert "犬" in text
    assert text.endswith("}\n")


def test_json_lines_have_a_line_for_each_found_clip_with_its_sentence() -> None:
    lines = [json.loads(line) for line in written(result(), "jsonl").splitlines()]
    sentence = {"sentence": "a dog jumps into water"}
    assert lines == [{**sentence, **clip.record()} for clip in CLIPS]
    assert written(result(clips=()), "jsonl") == ""


def test_csv_has_a_row_for_each_found_clip() -> None:
    rows = list(csv.DictReader(io.StringIO(written(result(), "csv"), newline="")))
    assert rows[0] == {
        "sentence": "a dog jumps into water",
        "rank": "1",
        "path": "a/dive.mp4",
        "start_s": "13.5",
        "end_s": "15.333333",
        "similarity": "0.4",
        "probability": "",
        "clip": "3",
        "clips": "4",
        "picture_s": "13.5",
    }
    assert [row["rank"] for row in rows] == ["1", "2", "3"]
    assert rows[1]["picture_s"] == ""
    assert written(result(clips=()), "csv") == ",".join(CSV_COLUMNS) + "\n"


def test_csv_has_no_formula() -> None:
    formula = result(clips=(found(1, "=1+1.mp4", 0, 1),), sentence="=cmd()")
    row = next(csv.DictReader(io.StringIO(written(formula, "csv"))))
    # the apostrophe marks text; "./" names the same file
    assert row["sentence"] == "'=cmd()"
    assert row["path"] == "./=1+1.mp4"


def test_a_name_that_is_not_utf8_comes_back_from_json(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.mp4")
    for form in ("json", "jsonl"):
        target = tmp_path / f"x.{form}"
        save_found(result(clips=(found(1, name, 0, 1),)), form, target, stdout=io.StringIO())
        data = json.loads(target.read_bytes())
        clip = data["clips"][0] if form == "json" else data
        assert os.fsencode(clip["path"]) == b"caf\xe9.mp4"


def test_a_file_of_csv_is_marked_and_standard_output_is_not(tmp_path: Path) -> None:
    stdout = io.StringIO(newline="")
    save_found(result(), "csv", tmp_path / "x.csv", stdout=stdout)
    data = (tmp_path / "x.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbfsentence,rank,")
    assert data.count(b"\r\n") == data.count(b"\n") == 4
    assert stdout.getvalue() == ""
    save_found(result(), "csv", None, stdout=stdout)
    assert stdout.getvalue().startswith("sentence,rank,")
    assert "\r" not in stdout.getvalue()


@pytest.mark.parametrize("form", FORMATS)
def test_a_file_and_a_pipe_get_the_same_as_a_stream(tmp_path: Path, form: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append((tmp_path / "pipe").read_bytes()))
    reader.start()
    save_found(result(), form, tmp_path / "pipe", stdout=io.StringIO())
    reader.join()
    assert read == [written(result(), form).encode()]
    save_found(result(), form, tmp_path / "file", stdout=io.StringIO())
    text = (tmp_path / "file").read_text(encoding="utf-8-sig")
    assert text == written(result(), form)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "pipe"]


@pytest.mark.parametrize("form", FORMATS)
def test_a_full_disk_is_an_error_that_names_the_file(form: str) -> None:
    with pytest.raises(OutputError, match="/dev/full"):
        save_found(result(), form, Path("/dev/full"), stdout=io.StringIO())


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="nowhere"):
        save_found(result(), "json", tmp_path / "nowhere" / "x.json", stdout=io.StringIO())
