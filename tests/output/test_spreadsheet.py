"""CSV for spreadsheets: read back with Python's csv, byte for byte where it matters."""

import csv
import io
import os
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scsampler_cli.output.csv_rows import csv_columns
from scsampler_cli.output.csv_writer import CELL, cell
from scsampler_cli.output.writers import make_writer, open_writer
from tests.output.test_writers import BAD, CLASSIFY, SCORE

DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def row_of(record: dict[str, Any], command: str = "classify") -> dict[str, str]:
    stream = io.StringIO(newline="")
    make_writer("csv", stream, csv_columns(command, 5), single=False).write(record)
    return next(csv.DictReader(io.StringIO(stream.getvalue(), newline="")))


def test_a_file_begins_with_the_mark_that_excel_needs_and_ends_lines_as_rfc_4180(
    tmp_path: Path,
) -> None:
    with open_writer(
        "csv", tmp_path / "x.csv", io.StringIO(), columns=csv_columns("classify", 2), single=False
    ) as writer:
        for path in ("é日本.mp4", "b.mp4"):
            writer.write({**CLASSIFY, "path": path})
    data = (tmp_path / "x.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbfpath,status,label1,")
    assert data.count(b"\r\n") == data.count(b"\n") == 3
    assert data.count(b"\xef\xbb\xbf") == 1
    with (tmp_path / "x.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [row["path"] for row in csv.DictReader(file)] == ["é日本.mp4", "b.mp4"]


def test_standard_output_gets_neither() -> None:
    stdout = io.StringIO(newline="")
    with open_writer(
        "csv", None, stdout, columns=csv_columns("classify", 2), single=False
    ) as writer:
        writer.write(CLASSIFY)
    assert stdout.getvalue().startswith("path,status,")
    assert "\r" not in stdout.getvalue()


def test_a_named_pipe_gets_neither(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append((tmp_path / "pipe").read_bytes()))
    reader.start()
    with open_writer(
        "csv", tmp_path / "pipe", io.StringIO(), columns=csv_columns("classify", 1), single=False
    ):
        pass
    reader.join(timeout=10)
    assert read[0].startswith(b"path,status,label1")
    assert read[0].endswith(b"width,height\n")


@pytest.mark.parametrize("start", DANGEROUS)
def test_no_cell_begins_a_formula(start: str) -> None:
    text = f"{start}cmd|' /C calc'!A0"
    tags = [{"label": text, "probability": 0.5}]
    row = row_of(
        {**CLASSIFY, "path": text, "tags": tags, "notes": [text], "classifier": {"name": text}}
    )
    assert not [value for value in row.values() if value.startswith(DANGEROUS)]
    assert row["label1"].endswith("cmd|' /C calc'!A0")


def test_numbers_stay_numbers_also_negative_ones() -> None:
    late = {**SCORE["clips"][0], "start_s": -0.04, "visual": 1e-06}
    row = row_of({**SCORE, "clips": [late]}, "score")
    assert (row["start_s"], row["visual"], row["clip"]) == ("-0.04", "1e-06", "0")
    assert cell(-3) == -3


def test_a_row_is_a_line_whatever_is_in_a_name() -> None:
    record = {
        **CLASSIFY,
        "path": f"a\r\nb\x00c\x1b[2J{os.fsdecode(bytes([255]))}.mp4",
        "notes": ['say "x",\n=1'],
    }
    stream = io.StringIO(newline="")
    make_writer("csv", stream, csv_columns("classify", 2), single=False).write(record)
    text = stream.getvalue()
    assert text.count("\n") == 2
    text.encode("utf-8")
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert row["path"] == "a\\r\\nb\\x00c\\x1b[2J\\udcff.mp4"
    assert row["notes"] == 'say "x",\\n=1'


def test_a_cell_too_long_for_a_spreadsheet_is_cut_and_says_so() -> None:
    clips = [{"start_s": 0.64 * i, "end_s": 0.64 * (i + 1)} for i in range(5000)]
    row = row_of({**CLASSIFY, "clips": clips})
    whole = " ".join(f"{clip['start_s']:g}-{clip['end_s']:g}" for clip in clips)
    kept, said = row["clips"].split(" ... ")
    assert len(row["clips"]) == CELL
    assert whole.startswith(kept)
    assert said == f"(cut: {len(whole)} characters; JSON has them all)"


LONG = st.builds(
    lambda head, part, times: head + part * times,
    st.text(max_size=9),
    st.text(min_size=1, max_size=3),
    st.integers(5000, 40_000),
)


@given(st.text(max_size=50) | LONG)
def test_every_text_fits_a_cell_in_the_units_that_spreadsheets_count(text: str) -> None:
    shown = cell(text)
    assert isinstance(shown, str)
    assert len(shown.encode("utf-16-le")) // 2 <= CELL
    assert not shown.startswith(DANGEROUS)
    assert not set(shown) & {"\n", "\r", "\t", "\0"}


def test_every_row_has_the_same_columns() -> None:
    stream = io.StringIO(newline="")
    writer = make_writer("csv", stream, csv_columns("classify", 5), single=False)
    for record in (
        CLASSIFY,
        BAD,
        {**CLASSIFY, "tags": [], "saliency": {"visual": None}, "files": {"report": "r"}},
    ):
        writer.write(record)
    rows = list(csv.reader(io.StringIO(stream.getvalue(), newline="")))
    assert {len(row) for row in rows} == {len(csv_columns("classify", 5))}
    with_packets = {**SCORE["clips"][0], "packets": 0.25, "something": "new"}
    assert row_of({**SCORE, "clips": [with_packets]}, "score")["packets"] == "0.25"
