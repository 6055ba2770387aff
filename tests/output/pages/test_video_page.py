"""The page of one video as text: complete, escaped, the same every time, of bounded size."""

import base64
import re
from typing import Any

import pytest

from scsampler_cli.output.pages.video_page import video_page
from scsampler_cli.output.stretches import stretches
from tests.output.pages.reports import (
    HOSTILE,
    Outline,
    Report,
    failed,
    long_record,
    made_clips,
    named,
)

TIMES = ("clip", "start_s", "end_s")


def page_of(report: Report, **changed: Any) -> str:
    return video_page(
        {**report.record, **changed}, report.clips, report.pictures, back="index.html"
    )


def test_a_page_has_all_that_the_record_says(report: Report) -> None:
    record = report.record
    page = page_of(report, notes=["a note"], ffmpeg=["what it said"], run="0123abcd")
    shown = Outline(page).shown
    for tag in record["tags"]:
        assert tag["label"] in shown
    for clip in record["clips"]:
        assert f"{clip['visual']:.3f}" in shown
        assert clip["why"] in shown
        assert f"{clip['label']} {clip['probability']:.1%}".replace("%", "\u202f%") in shown
    for text in (
        *("a note", "what it said", "0123abcd", "av-union-list", "4 of 4 selected clips lie where"),
        *(record["classifier"]["sha256"], record["samplers"][2]["weights"]),
        *(record["versions"]["torch"], record["path"]),
    ):
        assert text in shown
    assert all(f">{stage}</td>" in page for stage in record["timings_s"])
    assert 'href="index.html"' in page


def test_touching_clips_are_one_row_with_the_picture_of_the_surest(report: Report) -> None:
    rows = re.findall(
        r'<a class="item " href="#timeline" data-clip="(\d+)" data-from="(\d+)" data-to="(\d+)">'
        r'<img src="data:image/jpeg;base64,([^"]+)"',
        page_of(report),
    )
    found = stretches(report.record)
    assert 0 < len(found) <= len(report.record["clips"])
    surest = {clip["clip"]: clip["probability"] for clip in report.record["clips"]}
    for (clip, begin, end, picture), stretch in zip(rows, found, strict=True):
        assert int(clip) == max(stretch.clips, key=lambda number: surest[number])
        assert (int(begin), int(end)) == (1000 * stretch.start, 1000 * stretch.end)
        assert base64.b64decode(picture) == report.pictures[int(clip)]
    joined = {**report.clips[3], "why": "random", "label": "x", "probability": 0.5}
    clips = [{**joined, **{key: report.clips[n][key] for key in TIMES}} for n in (3, 4, 9)]
    shown = Outline(page_of(report, clips=clips)).shown
    assert "0:01.92–0:03.20, 2 clips" in shown
    assert "0:05.76–0:06.40" in shown


def test_the_worst_clips_are_pictures_the_last_rank_first(report: Report) -> None:
    cards = re.findall(r'class="card" href="#timeline" data-clip="(\d+)"', page_of(report))
    others = [clip for clip in report.clips if not clip["taken"]]
    others.sort(key=lambda clip: -clip["rank"])
    assert [int(clip) for clip in cards] == [clip["clip"] for clip in others[:5]]


@pytest.mark.parametrize("path", HOSTILE, ids=range(len(HOSTILE)))
def test_no_name_adds_anything_to_the_page(report: Report, path: str) -> None:
    harmless, page = (
        video_page(named(report.record, p), report.clips, report.pictures)
        for p in ("/videos/a.mp4", path)
    )
    page.encode()  # lone surrogates would not go into a file
    assert Outline(page).elements == Outline(harmless).elements
    assert Outline(page).attributes == Outline(harmless).attributes
    assert not {
        name for name in Outline(page).attributes if name.startswith("on") or name == "style"
    }
    assert page.count("<!--") == 0
    assert "\u202e" not in page


def test_the_same_record_gives_the_same_bytes(report: Report) -> None:
    assert page_of(report) == page_of(report)


def test_nothing_may_be_loaded_or_run_but_what_is_in_the_page(report: Report) -> None:
    page = page_of(report)
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert policy is not None
    assert policy[1].startswith(
        "default-src 'none'; img-src data:; media-src 'self' file:; style-src 'sha256-"
    )
    assert "unsafe" not in policy[1]
    assert not re.search(r'(?:src|href)="(?!data:|#|index\.html)', page)


def test_a_score_record_has_a_page_without_tags(report: Report) -> None:
    shown = Outline(video_page(report.scored, report.clips, report.pictures)).shown
    assert f"4 of {len(report.clips)} clips selected" in shown
    assert "Tags" not in shown
    assert "All videos" not in shown


def test_a_failed_video_has_its_error_and_hint() -> None:
    shown = Outline(video_page(failed("/videos/bad.mp4"), [], {}, back="index.html")).shown
    assert "not a video" in shown
    assert "is it one?" in shown
    assert "VideoError" in shown


@pytest.mark.parametrize("modality", ["visual", "audio"])
def test_a_modality_that_was_not_scored_has_no_lane(report: Report, modality: str) -> None:
    clips = [{**clip, modality: None} for clip in report.clips]
    record = {
        **report.record,
        "clips": [{**clip, modality: None} for clip in report.record["clips"]],
    }
    page = video_page(record, clips, report.pictures)
    assert f"No {modality} scores" in page
    assert f'data-lane="{modality}"' not in page
    # the rank by one modality is its curve again
    assert 'data-lane="combined"' not in page
    assert 'data-lane="combined"' in page_of(report)


def test_packets_have_a_lane_where_they_were_scored(report: Report) -> None:
    clips = [{**clip, "packets": 0.5 if clip["clip"] % 2 else None} for clip in report.clips]
    assert 'data-lane="packets"' in video_page(report.scored | {"clips": clips}, clips, {})


def test_one_clip_without_scores_and_pictures_has_a_page(report: Report) -> None:
    clip = {**made_clips(1, taken=1)[0], "visual": None, "audio": None}
    page = video_page(long_record(report.scored, [clip]), [clip], {})
    assert "1 of 1 clips selected" in Outline(page).shown
    assert "no picture" in page
    assert "nan" not in page


def test_a_record_without_scored_clips_says_so(report: Report) -> None:
    shown = Outline(video_page(report.record, [], {})).shown
    assert "The saliency of the clips is not known." in shown
    assert report.record["clips"][0]["why"] in shown


def test_a_clip_that_could_not_be_decoded_says_so(report: Report) -> None:
    clips = [{**report.record["clips"][0], "label": None, "probability": None}]
    assert "could not be decoded" in page_of(report, clips=clips)


@pytest.mark.parametrize("taken", [10, 40_000])
def test_forty_thousand_clips_give_a_page_of_bounded_size(report: Report, taken: int) -> None:
    clips = made_clips(40_000, taken)
    page = video_page(long_record(report.scored, clips), clips, {})
    drawn = re.findall(r'<path class="(?:line|area|band|taken)" d="([^"]*)"', page)
    assert max(map(len, drawn)) < 30_000
    assert sum(Outline(page).elements.values()) < 5_000
    assert len(page) < (1_100_000 if taken == 10 else 2_500_000)
