"""Pages of videos with segments, and of unsure ones: bars and rows by label, and grey dashes."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser

from scsampler_cli.output.pages import segment_lane
from scsampler_cli.output.pages.batch_page import index_page
from scsampler_cli.output.pages.batch_row import row_of
from scsampler_cli.output.pages.clips import PICTURED
from scsampler_cli.output.pages.curve import Span
from scsampler_cli.output.pages.video_page import pictured_clips, video_page
from scsampler_cli.output.pages.wording import doubt
from scsampler_cli.output.stretches import stretches
from tests.output.pages.reports import Outline, Report

SEGMENTS = (
    ("spinning", 1.92, 5.12, 0.9),
    ("a <b>", 5.12, 6.4, 0.55),
    ("spinning", 12.8, 19.2, 0.7),
)


def with_segments(report: Report, found: Any = SEGMENTS) -> dict[str, Any]:
    segments = [
        {
            "start_s": start,
            "end_s": end,
            "label": label,
            "probability": probability,
            "clips": list(range(round(start / 0.64), round(end / 0.64))),
        }
        for label, start, end, probability in found
    ]
    return {**report.record, "segments": segments}


def unsure(record: dict[str, Any], confidence: float = 0.23, least: float = 0.6) -> dict[str, Any]:
    answer = {**record["settings"]["answer"], "min_probability": least}
    settings = {**record["settings"], "answer": answer}
    changed = {"label": None, "confident": False, "confidence": confidence, "settings": settings}
    return {**record, **changed}


def test_every_segment_is_a_bar_as_high_as_its_probability(report: Report) -> None:
    page = video_page(with_segments(report), report.clips, report.pictures)
    lane = page[page.index('<div class="lane segments">') :]
    bars = re.findall(r'<path class="segment (l\d)" d="([^"]*)"', lane[: lane.index("</svg>")])
    # 20 s are 1000 units; 4 to 96 units are 1 to 0
    assert bars == [
        ("l0", "M96 13.2H256V96H96zM640 31.6H960V96H640z"),
        ("l1", "M256 45.4H320V96H256z"),
    ]
    assert '<span class="kind l1"><span class="key"></span><bdi>a &lt;b&gt;</bdi>' in lane
    # a bar of 1.28 of 20 s has room for a short label
    assert lane.count(">spinning</text>") == 2
    assert ">a &lt;b&gt;</text>" in lane
    wider = video_page(with_segments(report, [("a longer label", 0, 1.28, 0.5)]), report.clips, {})
    assert ">a longer label</text>" not in wider
    assert '<text x="100%" y="54%">0.5</text>' in lane
    assert "minutes:seconds" in lane


def test_every_segment_is_a_row_in_time_order_that_plays_it(report: Report) -> None:
    page = video_page(with_segments(report), report.clips, report.pictures, source="v.mp4")
    rows = re.findall(
        r'class="item (l\d)" href="([^"]*)" data-clip="(\d+)" data-from="(\d+)"', page
    )
    assert [(shade, href, begin) for shade, href, _, begin in rows] == [
        ("l0", "v.mp4#t=1.92", "1920"),
        ("l1", "v.mp4#t=5.12", "5120"),
        ("l0", "v.mp4#t=12.8", "12800"),
    ]
    for (_, _, clip, _), segment in zip(rows, with_segments(report)["segments"], strict=True):
        assert segment["start_s"] <= report.clips[int(clip)]["start_s"] < segment["end_s"]
    shown = Outline(page).shown
    assert "3 segments, 0:10.88 in all" in shown
    assert "Selected clips" not in shown
    assert "in a segment of" in page


def test_a_video_without_any_segment_says_so_and_shows_what_was_asked(report: Report) -> None:
    page = video_page(with_segments(report, ()), report.clips, report.pictures)
    shown = Outline(page).shown
    assert "No segments were found." in shown
    assert "no segments" in shown
    # all clips, also those that show background
    name = report.record["clips"][0]["label"]
    record = {**with_segments(report, ()), "classifier": {"background": name}}
    assert stretches({**record, "segments": None}) == []
    page = video_page(record, report.clips, report.pictures)
    rows = re.findall(r'class="item (\w*)" href="#timeline" data-clip="\d+"', page)
    # those of background are grey
    labels = [stretch.label for stretch in stretches(report.record)]
    assert rows == ["none" if label == name else "" for label in labels]
    assert page.count('alt="clip at') == len(rows) + 5


def test_a_thousand_segments_of_fifty_labels_give_a_page_of_bounded_size(report: Report) -> None:
    found = [(f"label {i % 50}", i / 50, (i + 1) / 50, i / 1000) for i in range(1000)]
    record = with_segments(report, found)
    assert len(pictured_clips(record, report.clips)) <= PICTURED + 5
    page = video_page(record, report.clips, report.pictures)
    assert sum(Outline(page).elements.values()) < 3_000
    assert "800 more are in the record." in page
    assert "and 26 more" in page
    assert len(set(segment_lane.colours([label for label, *_ in found]).values())) == 8


def test_the_first_picture_is_of_the_surest_segment(report: Report) -> None:
    record = with_segments(report)
    assert pictured_clips(record, report.clips)[0] in record["segments"][0]["clips"]
    assert pictured_clips(report.record, report.clips)[0] == report.record["clips"][0]["clip"]


def test_a_segment_outside_of_the_chart_stays_in_it() -> None:
    segments = [{"label": "a", "start_s": -5.0, "end_s": 50.0, "probability": None}]
    lane = segment_lane.lane(segments, Span(0, 10), y_axis="")
    assert 'd="M0 96H1000V96H0z"' in lane


@pytest.mark.parametrize(
    ("confidence", "least", "words"),
    [
        (0.23, 0.6, "confidence 23 %, below 60 %"),
        (0.5964, 0.6, "confidence 59.6 %, below 60.0 %"),
        (0.59996, 0.6, "confidence 59.996 %, below 60.000 %"),
        (0.943999, 0.944, "confidence 94.3999 %, below 94.4000 %"),
    ],
)
def test_the_doubt_has_as_many_digits_as_it_needs(
    report: Report, confidence: float, least: float, words: str
) -> None:
    found = doubt(unsure(report.record, confidence, least))
    assert found.replace("\u202f", " ") == words
    assert doubt(report.record) == ""


def test_an_unsure_video_says_so_before_anything_else(report: Report) -> None:
    page = video_page(unsure(report.record), report.clips, report.pictures)
    assert '<main class="unsure">\n<p class="verdict"><b class="doubt">unsure</b>' in page
    shown = Outline(page).shown.replace("\u202f", " ")
    assert "confidence 23 %, below 60 %" in shown
    # the tags stay
    assert report.record["tags"][0]["label"] in shown
    assert '<main class="unsure">' not in video_page(report.record, report.clips, {})


def test_an_older_record_is_sure(report: Report) -> None:
    names = ("confident", "confidence", "label")
    record = {name: value for name, value in report.record.items() if name not in names}
    assert '<main class="unsure">' not in video_page(record, report.clips, {})
    assert row_of(record, None).doubt == ""


def test_rows_of_segments_have_their_number_length_and_surest_second(report: Report) -> None:
    row = row_of(with_segments(report), "a.html")
    assert (row.segments, row.segments_s) == (3, pytest.approx(10.88))
    assert row.best_s == 1.92
    empty = row_of(with_segments(report, ()), "a.html")
    assert (empty.segments, empty.segments_s) == (0, 0)
    assert empty.best_s == report.record["clips"][0]["start_s"]


def test_the_index_filters_sorts_and_greys_unsure_videos(browser: Browser, report: Report) -> None:
    rows = [
        row_of({**with_segments(report), "path": "/v/sure.mp4"}, "a b.html"),
        row_of({**unsure(with_segments(report, ())), "path": "/v/unsure.mp4"}, "b.html"),
    ]
    html = index_page(rows, "scsampler")
    assert "1 tagged, 1 unsure" in Outline(html).shown
    assert "unsure (confidence 23\u202f%, below 60\u202f%)" in html
    page = browser.new_context().new_page()
    page.set_content(html)
    lines = page.locator("#rows tr")
    assert "confidence 23\u202f%, below 60\u202f%" in lines.nth(1).inner_text()
    assert lines.nth(1).get_attribute("class") == "unsure"
    # an unsure video counts for no tag
    assert page.inner_text(f"[data-tag={rows[0].tags[0][0]}]").split()[-1] == "1"
    page.click("[data-status=unsure]")
    assert page.locator("#rows .name").all_inner_texts() == ["unsure.mp4"]
    page.click("[data-status='']")
    page.click("[data-sort=status]")
    page.click("[data-sort=status]")
    assert page.locator("#rows .name").all_inner_texts() == ["unsure.mp4", "sure.mp4"]
    page.click("[data-sort=segments]")
    assert page.locator("#rows .name").all_inner_texts() == ["unsure.mp4", "sure.mp4"]
    # the second of the surest segment, on the page of the video
    assert page.locator("td.best a").last.get_attribute("href") == "a b.html#t=1.92"
    page.fill("#search", "unsure")
    assert page.locator("#rows .name").all_inner_texts() == ["unsure.mp4"]
    page.context.close()
