"""The page of found clips: complete and escaped as text; in a real browser a click plays."""

import base64
import io
import re
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from scsampler_cli.artifacts.artifact_paths import relative_link
from scsampler_cli.output.find_result import FindResult
from scsampler_cli.output.found_clip import FoundClip
from scsampler_cli.output.pages.found_page import CARDS, found_page
from tests.output.finding import CLIPS, found, result
from tests.output.pages.reports import HOSTILE, Outline
from tests.synthetic import write_video

SOURCES = {"a/dive.mp4": "a/dive.mp4", "b/long.mp4": "../b/long%20%231.mp4"}
Show = Callable[..., Page]


def page_of(each: FindResult, **how: Any) -> str:
    return found_page(each.record(), how.pop("pictures", {}), how.pop("sources", SOURCES), **how)


def test_a_page_has_all_that_the_record_says() -> None:
    shown = Outline(page_of(result())).shown
    for words in (
        *("a dog jumps into water", "3 found clips, the best of 2 videos; 1 video failed"),
        *("0:13.50–0:15.33", "dive.mp4", "rank 1, similarity 0.400", "3:49:21.00–3:49:25.00"),
        *("one video has no sound", "c/bad.mp4: not a video", "hf:example/clip", "ab" * 32),
        *("top", "20", "8.1", "embed"),
    ):
        assert words in shown
    assert "rank 3, probability 12.5\u202f%" in page_of(
        result(clips=(found(3, "v.mp4", 0, 1, probability=0.125),))
    )


def test_without_the_script_a_card_is_a_link_to_the_times_of_its_clip() -> None:
    links = re.findall(r'<a class="card" href="([^"]+)"', page_of(result()))
    assert links == [
        "a/dive.mp4#t=13.5,15.333",
        "../b/long%20%231.mp4#t=13761,13765",
        "a/dive.mp4#t=2,4",
    ]
    assert '<figure id="player" hidden>' in page_of(result())


def test_pictures_are_those_of_the_ranks() -> None:
    page = page_of(result(), pictures={1: b"one", 3: b"three"})
    found = re.findall(r'src="data:image/jpeg;base64,([^"]+)" alt="([^"]+)"', page)
    assert [(base64.b64decode(data), alt) for data, alt in found] == [
        (b"one", "picture at 0:13.50"),
        (b"three", "picture at 0:02.00"),
    ]
    assert page.count("no picture") == 1


@pytest.mark.parametrize("sources", [{}, {"a/dive.mp4": None, "b/long.mp4": None}])
def test_videos_in_another_place_have_no_link_and_no_player(
    sources: dict[str, str | None],
) -> None:
    outline = Outline(page_of(result(), sources=sources))
    assert outline.elements["a"] == outline.elements["video"] == 0
    assert "3 of them cannot be played from this page" in outline.shown
    partly = Outline(page_of(result(), sources={"b/long.mp4": "b.mp4"}))
    assert partly.elements["video"] == 1
    assert "2 of them cannot be played" in partly.shown
    assert "cannot be played" not in Outline(page_of(result())).shown


def test_nothing_found_is_said() -> None:
    outline = Outline(page_of(result(clips=(), failures=())))
    assert "No clip was found." in outline.shown
    assert "no found clips in 2 videos" in outline.shown
    assert outline.elements["video"] == 0
    assert "failed" not in outline.shown


def test_the_page_of_ten_thousand_found_clips_has_the_best() -> None:
    clips = tuple(found(i, f"{i % 99}/v.mp4", i, i + 1) for i in range(1, 10_001))
    pictures = {clip.rank: bytes(1000) for clip in clips}
    page = page_of(result(clips=clips), pictures=pictures)
    outline = Outline(page)
    assert outline.elements["img"] == CARDS
    assert "rank 500," in outline.shown
    assert "rank 501," not in outline.shown
    assert "9,500 more are in the record." in outline.shown
    assert len(page) < 1_500_000


def test_videos_of_one_name_have_their_folders() -> None:
    clips = (found(1, "x/v.mp4", 0, 1), found(2, "y/v.mp4", 0, 1), found(3, "y/w.mp4", 0, 1))
    names = re.findall(r'<span class="seen"><bdi>([^<]+)', page_of(result(clips=clips)))
    assert names == ["x/v.mp4", "y/v.mp4", "w.mp4"]


def test_a_name_with_a_colon_is_no_address() -> None:
    page = page_of(result(clips=(found(1, "v", 0, 1),)), sources={"v": "javascript:alert(1)"})
    assert 'href="./javascript:alert(1)#t=0,1"' in page


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_and_sentences_are_text(name: str) -> None:
    clips = (found(1, name, 0, 1), found(2, f"x/{name}", 0, 1))
    hostile = result(clips=clips, sentence=name, notes=(name,), settings={name: name})
    outline = Outline(page_of(hostile, sources={name: name, f"x/{name}": None}))
    plain = Outline(page_of(result(clips=CLIPS[:2]), sources={"a/dive.mp4": "a.mp4"}))
    for element in ("script", "img", "b", "a", "span", "bdi"):
        assert outline.elements[element] == plain.elements[element], element
    assert outline.attributes == plain.attributes
    assert not set("\x00\x1b\u2028\u202e\udcff") & set(outline.shown)


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Videos of 12 s, whose brightness grows by 20 each second; one is blue, the other grey."""
    folder = tmp_path_factory.mktemp("archive")
    for name, channels in (("grey #1.mp4", (1, 1, 1)), ("blue.mp4", (0, 0, 1))):
        frames = [np.full((90, 160, 3), 20 * (i // 25), np.uint8) for i in range(300)]
        write_video(folder / name, [np.uint8(channels) * frame for frame in frames])
    return folder


@pytest.fixture
def show(browser: Browser, videos: Path) -> Iterator[Show]:
    """The page of found clips in these videos, beside them."""
    contexts = []

    def call(clips: tuple[FoundClip, ...], context: Any = None, **how: Any) -> Page:
        page_file = videos / "found.html"
        sources = {c.path: relative_link(videos / c.path, page_file) for c in clips}
        html = found_page(result(clips=clips).record(), {}, sources, **how)
        page_file.write_text(html, encoding="utf-8")
        contexts.append(browser.new_context(reduced_motion="reduce", **context or {}))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: pytest.fail(str(error)))
        page.goto(page_file.as_uri())
        return page

    yield call
    for context in contexts:
        context.close()


IN_TWO_VIDEOS = (
    found(1, "grey #1.mp4", Fraction(15, 2), Fraction(81, 10)),
    found(2, "blue.mp4", Fraction(5, 2), Fraction(31, 10)),
    found(3, "grey #1.mp4", 1, 2),
)


def colour(page: Page) -> tuple[int, ...]:
    """The colour of the frame in the player, above its controls."""
    drawn = Image.open(io.BytesIO(page.locator("#video").screenshot())).convert("RGB")
    pixel = drawn.getpixel((drawn.width // 2, drawn.height // 4))
    assert isinstance(pixel, tuple)
    return pixel


def wait_until_it_stops(page: Page, at: float) -> None:
    """The end of a clip, or a few frames later: a busy machine shows fewer frames."""
    page.wait_for_function("at => video.paused && video.currentTime >= at - 0.02", arg=at)
    assert page.evaluate("video.currentTime") < at + 0.85


def test_a_click_plays_from_the_start_of_the_clip_to_its_end_and_a_second_click_plays_on(
    show: Show,
) -> None:
    page = show(IN_TWO_VIDEOS)
    # nothing is loaded before
    assert page.evaluate("[video.networkState, video.readyState]") == [1, 0]
    page.evaluate(
        "video.addEventListener('seeked', () => { window.from = video.currentTime; }, {once: true})"
    )
    page.click(".card >> nth=0")
    wait_until_it_stops(page, 8.1)
    assert colour(page) == pytest.approx((160, 160, 160), abs=8)
    assert page.evaluate("window.from") == pytest.approx(7.5, abs=0.05)
    assert page.inner_text("#playing") == "grey #1.mp4, 0:07.50–0:08.10."
    page.click(".card >> nth=0")
    page.wait_for_function("() => !video.paused && video.currentTime > 9.2")
    # a third click begins again
    page.click(".card >> nth=0")
    wait_until_it_stops(page, 8.1)


def test_another_card_plays_the_other_video_by_key(show: Show) -> None:
    page = show(IN_TWO_VIDEOS)
    page.click(".card >> nth=2")
    wait_until_it_stops(page, 2)
    page.press(".card >> nth=1", "Enter")
    wait_until_it_stops(page, 3.1)
    assert colour(page) == pytest.approx((0, 0, 60), abs=8)
    assert page.evaluate("decodeURIComponent(video.src)").endswith("/blue.mp4")
    assert page.locator(".card[aria-current=true] .seen").all_inner_texts() == ["blue.mp4"]
    assert page.get_attribute("#open", "href").endswith("/blue.mp4#t=2.5,3.1")
    # the next card is one key away
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.querySelector('.seen').textContent") == (
        "grey #1.mp4"
    )


def test_the_controls_of_the_player_play_the_best_clip(show: Show) -> None:
    page = show(IN_TWO_VIDEOS)
    page.evaluate("video.play()")
    wait_until_it_stops(page, 8.1)


def test_after_the_viewer_went_elsewhere_it_plays_on(show: Show) -> None:
    page = show((found(1, "blue.mp4", 2, 5),))
    page.click(".card")
    page.wait_for_function("() => video.currentTime > 2.2")
    page.evaluate("video.currentTime = 4.5")
    page.wait_for_function("() => !video.paused && video.currentTime > 5.5")


def test_a_browser_that_counts_from_0_plays_a_file_that_begins_late(show: Show) -> None:
    clips = (found(1, "blue.mp4", 55, 56),)
    # to this browser the file begins at 0, to the record at 50 s
    page = show(clips, firsts={"blue.mp4": 50.0})
    page.click(".card")
    wait_until_it_stops(page, 6)


def test_a_file_that_begins_late_is_played_on_its_own_clock(show: Show, videos: Path) -> None:
    with av.open(str(videos / "blue.mp4")) as box, av.open(str(videos / "late.mkv"), "w") as out:
        stream = out.add_stream_from_template(box.streams.video[0])
        for packet in box.demux(box.streams.video[0]):
            if packet.dts is not None:
                packet.pts += round(5 / packet.time_base)
                packet.dts += round(5 / packet.time_base)
                packet.stream = stream
                out.mux(packet)
    page = show((found(1, "late.mkv", 8, 9),), firsts={"late.mkv": 5.0})
    page.click(".card")
    # Chromium keeps the clock of this file
    wait_until_it_stops(page, 9)


def test_a_video_that_cannot_be_played_says_so_and_the_others_play(
    show: Show, videos: Path
) -> None:
    (videos / "bad.mp4").write_bytes(b"no video" * 1000)
    page = show((found(1, "bad.mp4", 0, 1), found(2, "blue.mp4", 3, 4)))
    page.click(".card >> nth=0")
    expect(page.locator("#cannot")).to_contain_text("This browser cannot play the video")
    page.click(".card >> nth=1")
    wait_until_it_stops(page, 4)
    assert page.inner_text("#cannot") == ""


def test_a_phone_need_not_scroll_sideways_and_sees_the_player(show: Show) -> None:
    clips = tuple(found(i, "blue.mp4", i / 2, i / 2 + 1) for i in range(1, 21))
    phone = {"viewport": {"width": 375, "height": 667}, "is_mobile": True, "has_touch": True}
    page = show((*clips, found(21, "blue.mp4", 0, 1)), phone)
    assert page.evaluate("document.documentElement.scrollWidth") == 375
    page.tap(".card >> nth=20")
    expect(page.locator("#video")).to_be_in_viewport(ratio=0.9)
    page.wait_for_function("() => video.currentTime > 0.1")


def test_light_and_dark_differ(show: Show) -> None:
    grounds = [
        show(IN_TWO_VIDEOS, {"color_scheme": scheme}).evaluate(
            "getComputedStyle(document.body).backgroundColor"
        )
        for scheme in ("light", "dark")
    ]
    assert grounds == ["rgb(255, 255, 255)", "rgb(19, 22, 26)"]


def test_without_scripts_the_cards_are_there_and_the_player_is_not(show: Show) -> None:
    page = show(IN_TWO_VIDEOS, {"java_script_enabled": False})
    assert page.locator("a.card").count() == 3
    assert not page.is_visible("#player")
