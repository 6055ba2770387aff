"""Rows of `classify`: a video, a clip or a segment; and what they say of unsure videos."""

import csv
import io
from typing import Any

import pytest

from scsampler_cli.output.csv_rows import ROWS, csv_columns, csv_rows
from scsampler_cli.output.csv_writer import CsvWriter
from tests.output.test_writers import BAD, CLASSIFY

FACTS = {**CLASSIFY["video"], "fps": 25.0, "width": 320, "height": 240}
SURE = {
    **CLASSIFY,
    "path": "sure.mp4",
    "label": "archery",
    "confident": True,
    "confidence": 0.9,
    "video": FACTS,
}
UNSURE = {**SURE, "path": "unsure.mp4", "label": None, "confident": False, "confidence": 0.2}
FOUND = {
    **SURE,
    "segments": [
        {"start_s": 1.5, "end_s": 9.25, "label": "=bow", "probability": 0.75, "clips": [3, 9]},
        {"start_s": 12.0, "end_s": 20.5, "label": "surfing", "probability": 0.5, "clips": [20]},
    ],
}


def written(rows: str, *records: dict[str, Any]) -> list[dict[str, str]]:
    stream = io.StringIO(newline="")
    writer = CsvWriter(stream, csv_columns("classify", 2, rows), False, rows=rows)
    for record in records:
        writer.write(record)
    return list(csv.DictReader(io.StringIO(stream.getvalue(), newline="")))


def test_a_video_is_a_row_with_its_answer_and_its_size_at_the_end() -> None:
    assert csv_columns("classify", 2)[-7:] == [
        *("label", "confident", "confidence", "duration_s", "frame_rate", "width", "height")
    ]
    sure, unsure = written("video", SURE, UNSURE)
    assert list(sure.values())[-7:] == ["archery", "True", "0.9", "5.76", "25.0", "320", "240"]
    assert (unsure["label"], unsure["confident"], unsure["confidence"]) == ("", "False", "0.2")
    # the tags stay
    assert (unsure["label1"], unsure["probability1"]) == ("archery", "0.75")


def test_a_video_of_an_earlier_version_has_its_best_tag_as_the_label() -> None:
    (row,) = written("video", CLASSIFY)
    assert (row["label"], row["confident"], row["confidence"]) == ("archery", "True", "")
    assert (row["frame_rate"], row["duration_s"]) == ("", "5.76")


def test_a_clip_is_a_row_beside_the_label_of_its_video() -> None:
    later = {**CLASSIFY["clips"][0], "clip": 7, "label": None, "probability": None, "packets": 0.25}
    first, second, unsure = written(
        "clips", {**SURE, "clips": [CLASSIFY["clips"][0], later]}, UNSURE
    )
    assert first | {"decode_errors": "", "frames_missing": ""} == {
        "path": "sure.mp4", "status": "ok", "video_label": "archery", "confident": "True",
        "clip": "1", "start_s": "0.64", "end_s": "1.28", "first_frame": "16", "frames": "16",
        "visual": "0.5", "audio": "", "packets": "", "picture": "", "predicted": "",
        "why": "visual #1", "label": "archery", "probability": "0.75", "classifier": "demo",
        "decode_errors": "", "frames_missing": "", "error": "",
    }  # fmt: skip
    assert (second["clip"], second["label"], second["packets"]) == ("7", "", "0.25")
    # the clip has its own label in an unsure video
    assert (unsure["video_label"], unsure["confident"], unsure["label"]) == ("", "False", "archery")


def test_a_segment_is_a_row_and_no_video_is_lost() -> None:
    rows = written("segments", FOUND, {**UNSURE, "segments": []}, BAD)
    assert [(row["segment"], row["start_s"], row["end_s"], row["label"]) for row in rows[:2]] == [
        ("0", "1.5", "9.25", "'=bow"),
        ("1", "12.0", "20.5", "surfing"),
    ]
    assert [row["clips"] for row in rows[:2]] == ["3 9", "20"]
    assert rows[2] | {"decode_errors": "", "frames_missing": "", "classifier": ""} == {
        **dict.fromkeys(csv_columns("classify", 2, "segments"), ""),
        **{"path": "unsure.mp4", "status": "ok", "confident": "False"},
    }
    assert (rows[3]["status"], rows[3]["label"]) == ("error", "")
    assert rows[3]["error"]


@pytest.mark.parametrize("rows", ROWS)
def test_every_cell_has_a_column(rows: str) -> None:
    columns = set(csv_columns("classify", 2, rows))
    for record in (FOUND, {**UNSURE, "segments": []}, BAD):
        for row in csv_rows(record, rows):
            assert set(row) <= columns


def test_rows_are_of_classify_alone() -> None:
    assert csv_columns("score", 5, "segments") == csv_columns("score", 5)
