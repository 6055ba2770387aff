"""Every format, with none, one and several records, good and failed."""

import contextlib
import csv
import io
import json
import os
import threading
from pathlib import Path

import pytest

from scsampler_cli.errors import OutputError, SettingsError, VideoError
from scsampler_cli.output.csv_rows import csv_columns
from scsampler_cli.output.records import failure
from scsampler_cli.output.writers import FORMATS, format_for, make_writer, open_writer
from scsampler_cli.text import printable

CLASSIFY = {
    "schema": "scsampler.classify/1",
    "path": "=a,b.mp4",
    "status": "ok",
    "tags": [{"label": "archery", "probability": 0.75}, {"label": "surfing", "probability": 0.25}],
    "clips": [
        {
            "clip": 1,
            "start_s": 0.64,
            "end_s": 1.28,
            "first_frame": 16,
            "frames": 16,
            "visual": 0.5,
            "audio": None,
            "why": "visual #1",
            "label": "archery",
            "probability": 0.75,
        }
    ],
    "saliency": {"visual": [0.25] * 59 + [None], "audio": None},
    "video": {"clips": 9, "start_s": 0.0, "duration_s": 5.76},
    "classifier": {"name": "demo", "weights": "demo.safetensors", "sha256": "ab" * 32},
    "decode_errors": 1,
    "frames_missing": 2,
    "notes": ["no sound"],
    "timings_s": {"score": 0.5},
}
SCORE = {
    "schema": "scsampler.score/1",
    "path": "v.mp4",
    "status": "ok",
    "clips": [
        {
            "clip": i,
            "start_s": i * 0.64,
            "end_s": (i + 1) * 0.64,
            "first_frame": 16 * i,
            "visual": 0.1 * i,
            "audio": None,
            "rank": 3 - i,
            "taken": i == 2,
            "why": "visual #1" if i == 2 else None,
        }
        for i in range(3)
    ],
    "saliency": {"visual": [0.1] * 60, "audio": [1.0] * 60},
    "video": {"start_s": 0.0, "duration_s": 1.92},
    "decode_errors": 0,
    "frames_missing": 0,
    "notes": [],
}
COLUMNS = csv_columns("classify", 5)
BAD = failure("classify", "bad.mp4", VideoError("bad.mp4: not a video", hint="look"))


def written(form: str, records: list, command: str = "classify", single: bool = False) -> str:
    stream = io.StringIO(newline="")
    writer = make_writer(form, stream, csv_columns(command, 5), single=single)
    for record in records:
        writer.write(record)
    writer.close()
    return stream.getvalue()


@pytest.mark.parametrize("count", [0, 1, 3])
def test_json_is_an_array_of_any_length(count: int) -> None:
    assert json.loads(written("json", [CLASSIFY] * count)) == [CLASSIFY] * count


def test_json_of_a_single_input_is_an_object() -> None:
    assert json.loads(written("json", [CLASSIFY], single=True)) == CLASSIFY


def test_jsonl_is_one_record_a_line() -> None:
    lines = written("jsonl", [CLASSIFY, BAD]).splitlines()
    assert [json.loads(line) for line in lines] == [CLASSIFY, BAD]


def test_csv_has_one_row_a_video_and_no_formula() -> None:
    rows = list(csv.DictReader(io.StringIO(written("csv", [CLASSIFY, BAD]))))
    assert rows[0]["path"] == "./=a,b.mp4"  # the same file, and no formula
    assert (rows[0]["label1"], rows[0]["probability2"], rows[0]["label3"]) == (
        "archery",
        "0.25",
        "",
    )
    assert rows[0]["clips"] == "0.64-1.28"
    assert (rows[0]["decode_errors"], rows[0]["frames_missing"]) == ("1", "2")
    assert (rows[1]["status"], rows[1]["error"]) == ("error", "bad.mp4: not a video")


def test_csv_of_scores_has_one_row_a_clip() -> None:
    rows = list(csv.DictReader(io.StringIO(written("csv", [SCORE], "score"))))
    assert [row["rank"] for row in rows] == ["3", "2", "1"]
    assert [row["taken"] for row in rows] == ["False", "False", "True"]
    assert rows[0]["audio"] == ""


def test_tables_fit_80_columns_and_say_everything() -> None:
    text = written("table", [CLASSIFY, BAD]) + written("table", [SCORE], "score")
    assert max(map(len, text.splitlines())) <= 80
    for word in (
        "75.0%",
        "archery",
        "1 of 9 clips",
        "visual #1",
        "note: no sound",
        f"  visual   {'▃' * 59}\n",
        f"  audio    {'█' * 60}\n",
        "bad.mp4\n  error: not a video",
        "demo",
    ):
        assert word in text


@pytest.mark.parametrize("form", FORMATS)
def test_a_file_takes_its_name_when_it_is_complete(tmp_path: Path, form: str) -> None:
    target = tmp_path / "out.x"
    with open_writer(form, target, io.StringIO(), columns=COLUMNS, single=False) as writer:
        writer.write(CLASSIFY)
        assert not target.exists()
    assert "archery" in target.read_text()
    assert [p.name for p in tmp_path.iterdir()] == ["out.x"]


@pytest.mark.parametrize("form", FORMATS)
def test_an_unwritable_place_is_said(tmp_path: Path, form: str) -> None:
    with (
        pytest.raises(OutputError, match="cannot write"),
        open_writer(form, tmp_path / "no" / "out", io.StringIO(), columns=COLUMNS, single=False),
    ):
        pass


@pytest.mark.parametrize("form", FORMATS)
def test_a_full_disk_is_said_and_a_device_stays_a_device(form: str) -> None:
    with (
        pytest.raises(OutputError, match=r"/dev/full: No space left"),
        open_writer(
            form, Path("/dev/full"), io.StringIO(), columns=COLUMNS, single=False
        ) as writer,
    ):
        writer.write(CLASSIFY)
    assert Path("/dev/full").is_char_device()


@pytest.mark.parametrize("form", FORMATS)
def test_a_full_standard_output_is_said(form: str) -> None:
    full = Path("/dev/full").open("w")  # noqa: SIM115 (closing it fails too)
    with (
        pytest.raises(OutputError, match="cannot write the results"),
        open_writer(form, None, full, columns=COLUMNS, single=False) as writer,
    ):
        writer.write(CLASSIFY)
    with contextlib.suppress(OSError):
        full.close()


@pytest.mark.parametrize("form", FORMATS)
def test_a_pipe_is_written_and_stays_a_pipe(tmp_path: Path, form: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append((tmp_path / "pipe").read_text()))
    reader.start()
    with open_writer(
        form, tmp_path / "pipe", io.StringIO(), columns=COLUMNS, single=False
    ) as writer:
        writer.write(CLASSIFY)
    reader.join(timeout=10)
    assert "archery" in read[0]
    assert (tmp_path / "pipe").is_fifo()


def test_permissions_of_an_existing_file_are_kept(tmp_path: Path) -> None:
    target = tmp_path / "out.json"
    target.touch()
    target.chmod(0o600)
    with open_writer("json", target, io.StringIO(), columns=COLUMNS, single=False) as writer:
        writer.write(CLASSIFY)
    assert target.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("form", FORMATS)
def test_a_link_is_followed_within_its_folder_only(tmp_path: Path, form: str) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "near").symlink_to("real.txt")
    (tmp_path / "far").symlink_to("elsewhere/real.txt")
    with open_writer(
        form, tmp_path / "near", io.StringIO(), columns=COLUMNS, single=False
    ) as writer:
        writer.write(CLASSIFY)
    assert (tmp_path / "near").is_symlink()
    assert "archery" in (tmp_path / "real.txt").read_text()
    with (
        pytest.raises(OutputError, match="it is a link to"),
        open_writer(form, tmp_path / "far", io.StringIO(), columns=COLUMNS, single=False),
    ):
        pass
    assert not (tmp_path / "elsewhere" / "real.txt").exists()


@pytest.mark.parametrize("form", FORMATS)
def test_a_folder_is_no_output_and_nothing_is_left_behind(tmp_path: Path, form: str) -> None:
    with (
        pytest.raises(OutputError, match="it is a folder"),
        open_writer(form, tmp_path, io.StringIO(), columns=COLUMNS, single=False),
    ):
        pass
    with (
        pytest.raises(RuntimeError),
        open_writer(form, tmp_path / "x", io.StringIO(), columns=COLUMNS, single=False),
    ):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", FORMATS)
def test_a_name_that_is_not_utf_8_is_written_and_json_gives_it_back(
    tmp_path: Path, form: str
) -> None:
    name = os.fsdecode(b"bad\xff.mp4")
    target = tmp_path / "out"
    with open_writer(form, target, io.StringIO(), columns=COLUMNS, single=True) as writer:
        writer.write({**CLASSIFY, "path": name})
    text = target.read_text(encoding="utf-8")
    assert "bad\\udcff.mp4" in text
    if form.startswith("json"):
        assert json.loads(text)["path"] == name


def test_nothing_in_a_name_steers_the_terminal() -> None:
    assert (
        printable("a\x1b[31m\nb\u2028\udcff é 日本\u3000語")
        == "a\\x1b[31m\\nb\\u2028\\udcff é 日本\u3000語"
    )
    text = written("table", [{**CLASSIFY, "path": "a\nb\x1b[2J.mp4"}])
    assert text.startswith("a\\nb\\x1b[2J.mp4\n")


def test_csv_has_a_column_for_every_tag_asked_for() -> None:
    assert csv_columns("classify", 1)[2:5] == ["label1", "probability1", "clips"]
    assert "label12" in csv_columns("classify", 12)


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("a.json", "json"),
        ("a.JSONL", "jsonl"),
        ("a.csv", "csv"),
        ("a.txt", "table"),
        ("/dev/null", "table"),
    ],
)
def test_the_suffix_says_the_format(name: str, form: str) -> None:
    assert format_for(Path(name)) == form
    assert format_for(Path("/dev/null"), "jsonl") == "jsonl"


@pytest.mark.parametrize("name", ["a.xyz", "a", "a.jsonl.gz"])
def test_a_name_that_says_no_format_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match="names no format") as caught:
        format_for(Path(name))
    assert ".jsonl" in str(caught.value.hint)


def test_a_file_that_is_there_is_kept_if_asked(tmp_path: Path) -> None:
    target = tmp_path / "x.jsonl"
    for keeps in (False, True, True, False):
        with open_writer(
            "jsonl", target, io.StringIO(), columns=[], single=False, keep_existing=keeps
        ) as writer:
            writer.write({"keeps": keeps})
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "x.jsonl",
        "x.jsonl.old",
        "x.jsonl.old2",
    ]
    assert json.loads(Path(f"{target}.old").read_text()) == {"keeps": False}
    assert json.loads(Path(f"{target}.old2").read_text()) == {"keeps": True}
