"""The player in a real browser: a click plays the video itself, or shows a still and says why."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import pytest
from playwright.sync_api import Browser, Page, expect

from scsampler_cli.artifacts.artifact_paths import relative_link
from scsampler_cli.output.pages.player import obstacle
from scsampler_cli.output.pages.video_page import video_page
from tests.output.pages.reports import Report

WEIRD = (
    b"a b#c?d%41&e=f;g+h.mp4",
    b"\"double\" 'single' <b>.mp4",
    b"not utf-8 \xff\xfe.mp4",
    b"data:text.mp4",
    "übung \u202e日本.mp4".encode(),
)
Show = Callable[..., Page]


@pytest.fixture
def show(browser: Browser, report: Report, tmp_path: Path) -> Iterator[Show]:
    """The page of a copy of the video, with how the browser and the record differ."""
    contexts = []

    def call(
        name: bytes = b"v.mp4", *, content: bytes | None = None, fragment: str = "", **changed: Any
    ) -> Page:
        folder = tmp_path / "videos here"
        folder.mkdir(exist_ok=True)
        path = folder / os.fsdecode(name)
        if content is None:
            shutil.copy(report.record["path"], path)
        else:
            path.write_bytes(content)
        target = tmp_path / "pages" / "v.html"
        target.parent.mkdir(exist_ok=True)
        record = {**report.record, "path": str(path), **changed}
        source = relative_link(path, target)
        html = video_page(record, report.clips, report.pictures, source=source)
        target.write_bytes(html.encode())
        contexts.append(browser.new_context(reduced_motion="reduce"))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: pytest.fail(str(error)))
        page.goto(target.as_uri() + fragment)
        return page

    yield call
    for context in contexts:
        context.close()


def click_at(page: Page, seconds: float) -> None:
    """Click the chart of the video of 20 s at a time."""
    box = page.locator("#track").bounding_box()
    assert box is not None
    page.locator("#track").click(position={"x": box["width"] * seconds / 20, "y": 80})


def wait_until_it_plays(page: Page, seconds: float) -> None:
    page.wait_for_function(
        "at => video.readyState > 1 && video.currentTime >= at && video.currentTime < at + 2",
        arg=seconds,
    )
    assert page.evaluate("[video.videoWidth, video.hidden]") == [320, False]


@pytest.mark.parametrize("name", WEIRD, ids=range(len(WEIRD)))
def test_a_click_on_the_chart_plays_a_file_of_any_name_at_that_second(
    show: Show, name: bytes
) -> None:
    page = show(name)
    # nothing is loaded before
    assert page.evaluate("[video.networkState, video.readyState]") == [1, 0]
    click_at(page, 15.5)
    wait_until_it_plays(page, 15.5)
    assert not page.evaluate("video.paused")
    expect(page.locator("#playhead")).to_be_visible()


def test_a_row_of_the_list_plays_from_its_start_by_key_and_is_marked(show: Show) -> None:
    page = show()
    row = page.locator(".item").last
    start = int(row.get_attribute("data-from") or 0) / 1000
    row.press("Enter")
    page.wait_for_function("at => video.currentTime >= at", arg=start)
    expect(page.locator(".item.playing")).to_have_count(1)
    assert page.get_attribute(".item.playing", "aria-current") == "true"


def test_enter_plays_at_the_cursor_and_space_pauses(show: Show) -> None:
    page = show()
    page.press("#track", "End")
    page.press("#track", "Enter")
    wait_until_it_plays(page, 18)
    page.press("#track", " ")
    assert page.evaluate("video.paused")
    page.press("#track", " ")
    assert not page.evaluate("video.paused")


def test_an_address_with_a_second_shows_its_frame_and_does_not_play(show: Show) -> None:
    page = show(fragment="#t=12.3")
    wait_until_it_plays(page, 12.3)
    assert page.evaluate("video.paused")
    assert page.inner_text("#readout").startswith("0:12.16–0:12.80")


def test_seconds_count_from_the_start_of_the_file(show: Show, report: Report) -> None:
    page = show(video={**report.record["video"], "file_start_s": -3.0}, fragment="#t=2")
    wait_until_it_plays(page, 5)


def test_a_file_that_begins_late_is_played_on_its_own_clock(
    show: Show, report: Report, tmp_path: Path
) -> None:
    late = tmp_path / "late.mkv"
    with av.open(report.record["path"]) as box, av.open(str(late), "w") as out:
        stream = out.add_stream_from_template(box.streams.video[0])
        for packet in box.demux(box.streams.video[0]):
            if packet.dts is not None:
                packet.pts += round(5 / packet.time_base)
                packet.dts += round(5 / packet.time_base)
                packet.stream = stream
                out.mux(packet)
    video = {**report.record["video"], "start_s": 5.0, "file_start_s": 5.0}
    page = show(b"v.mkv", content=late.read_bytes(), video=video, fragment="#t=12")
    # Chromium keeps the clock of the file; counted from 0, it would be 7
    wait_until_it_plays(page, 12)
    assert page.evaluate("video.duration") > 24


def test_a_file_that_the_browser_cannot_play_gives_the_picture_of_the_moment(show: Show) -> None:
    page = show(content=b"no video" * 1000)
    assert page.is_visible("#video")
    click_at(page, 10.5)
    expect(page.locator("#cannot")).to_contain_text("This browser cannot play the video")
    assert not page.is_visible("#video")
    assert page.evaluate("document.querySelector('#still img').naturalWidth") > 0
    for seconds in (3.0, 17.0):
        click_at(page, seconds)
        at = int(page.get_attribute("#still img", "data-at") or 0)
        every = page.evaluate("[...document.querySelectorAll('a img')].map(i => +i.dataset.at)")
        assert abs(at - 1000 * seconds) <= min(abs(one - 1000 * seconds) for one in every) + 20
    assert page.get_attribute("figcaption a", "href") == "../videos%20here/v.mp4"


def test_a_file_that_no_browser_plays_has_pictures_over_time_and_no_player(show: Show) -> None:
    page = show(b"v.avi")
    assert page.inner_text("#cannot").startswith("Browsers do not play .avi files. The picture")
    assert page.locator("#video").count() == 0
    assert page.locator("summary", has_text="Pictures over time").count() == 1
    click_at(page, 10.2)
    assert abs(int(page.get_attribute("#still img", "data-at") or 0) - 10_200) < 600
    assert "A click on the chart shows the picture" in show(b"w.avi").inner_text("#readout")


def test_without_scripts_a_row_opens_the_video_at_its_second(report: Report) -> None:
    page = video_page(report.record, report.clips, {}, source="a%20b.mp4")
    first = report.record["clips"][0]
    assert f'href="a%20b.mp4#t={first["start_s"]:g}"' in page
    assert '<video id="video" controls playsinline preload="none" width="320" height="240"' in page


@pytest.mark.parametrize(
    ("path", "codec", "why"),
    [
        ("a.MP4", "h264", ""),
        ("a.mkv", "av1", ""),
        ("stream", "vp9", ""),
        ("a.AVI", "h264", "Browsers do not play .avi files."),
        ("a.mp4", "mpeg2video", "Browsers do not play mpeg2video video."),
    ],
)
def test_what_no_browser_plays_is_known(path: str, codec: str, why: str) -> None:
    assert obstacle(path, codec) == why
