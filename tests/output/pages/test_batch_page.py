"""The index as text: every video in it, escaped, the same every time."""

import json
import pickle
import re
from typing import Any

import pytest

from scsampler_cli.output.pages.batch_page import index_page
from scsampler_cli.output.pages.batch_row import Row, row_of
from tests.output.pages.reports import HOSTILE, Outline, Report, failed, named


def data_of(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return json.loads(found[1])


def test_a_row_says_what_the_record_says(report: Report) -> None:
    saliency = {"visual": [0.0, 0.5, 1.0, None], "audio": None}
    row = row_of({**report.record, "saliency": saliency, "notes": ["no sound"]}, "a.html")
    assert row.folder + row.name == report.record["path"]
    assert row.name == report.record["path"].split("/")[-1]
    assert row.page == "a.html"
    assert row.ok
    assert row.tags[0] == (
        report.record["tags"][0]["label"],
        report.record["tags"][0]["probability"],
    )
    assert (row.selected, row.clips, row.duration_s) == (4, len(report.clips), 20.0)
    assert row.best_s == report.record["clips"][0]["start_s"]
    assert (row.visual, row.audio) == ("0iz-", None)
    assert row.notes == ("no sound",)


def test_a_score_record_has_a_row_of_its_best_clip(report: Report) -> None:
    row = row_of(report.scored, None)
    assert row.tags == ()
    assert row.selected == 4
    assert row.best_s == next(clip["start_s"] for clip in report.clips if clip["rank"] == 1)


def test_a_failure_has_a_row_with_error_and_hint() -> None:
    row = row_of(failed("/videos/bad.mp4"), None)
    assert not row.ok
    assert (row.error, row.hint, row.page) == ("not a video", "is it one?", None)


def test_rows_travel_between_processes_and_are_small(report: Report) -> None:
    row = row_of(
        {**report.record, "saliency": {"visual": [0.5] * 60, "audio": [0.25] * 60}}, "a.html"
    )
    assert pickle.loads(pickle.dumps(row)) == row
    assert len(pickle.dumps(row)) < 1_000


def test_counts_and_tags_stand_on_top(report: Report) -> None:
    rows = [
        row_of(report.record, "a.html"),
        row_of(report.record, "b.html"),
        row_of(failed("/videos/bad.mp4"), None),
    ]
    page = index_page(rows, "scsampler classify videos/")
    assert "3 videos" in Outline(page).shown
    assert "2 tagged, 1 failed" in Outline(page).shown
    assert "scsampler classify videos/" in page
    label = report.record["tags"][0]["label"]
    name = f'<span><bdi>{label}</bdi> <span class="soft">2</span>'
    assert f'data-tag="{label}" aria-pressed="false">{name}' in page


def test_without_a_script_every_video_is_listed_with_its_link(report: Report) -> None:
    rows = [
        row_of(report.record, "pages/a.html"),
        row_of(failed("/videos/bad.mp4"), "pages/b.html"),
    ]
    listed = index_page(rows, "").split("<noscript>")[1].split("</noscript>")[0]
    assert re.findall('href="([^"]+)"', listed) == ["pages/a.html", "pages/b.html"]
    assert report.record["tags"][0]["label"] in listed
    assert "failed: not a video" in listed


@pytest.mark.parametrize("path", HOSTILE, ids=range(len(HOSTILE)))
def test_no_name_adds_anything_to_the_index(report: Report, path: str) -> None:
    def page_of(path: str) -> str:
        return index_page(
            [row_of(named(report.record, path), "a.html"), row_of(failed(path, path, path), None)],
            path,
        )

    harmless, page = page_of("/videos/a.mp4"), page_of(path)
    page.encode()
    assert Outline(page).elements == Outline(harmless).elements
    assert Outline(page).attributes == Outline(harmless).attributes
    assert page.count("<!--") == 0
    assert page.count("</script") == 2
    assert len(data_of(page)["rows"]) == 2


def test_a_page_whose_name_has_a_colon_is_no_other_scheme() -> None:
    row = Row("", "a.mp4", "javascript:alert(1).html", ok=True)
    assert data_of(index_page([row], ""))["rows"][0][2] == "./javascript:alert(1).html"
    assert 'href="./javascript:alert(1).html"' in index_page([row], "")


def test_columns_that_no_video_has_are_left_out(report: Report) -> None:
    record = {**report.scored, "saliency": {"visual": None, "audio": None}}
    assert data_of(index_page([row_of(record, None)], ""))["columns"] == [
        "path", "status", "duration", "clips", "best", "notes"
    ]  # fmt: skip


def test_an_index_of_nothing_is_a_page() -> None:
    assert "0 videos" in index_page([], "scsampler classify empty/")


def test_the_same_rows_give_the_same_bytes(report: Report) -> None:
    rows = [row_of(report.record, "a.html"), row_of(failed("/videos/bad.mp4"), None)]
    assert index_page(rows, "x") == index_page(rows, "x")
