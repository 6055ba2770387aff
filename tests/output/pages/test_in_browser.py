"""The pages in a real browser: they draw, react to keys and pointer, and load nothing."""

import io
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageStat
from playwright.sync_api import Browser, BrowserContext, Page, expect

from scsampler_cli.output.pages.batch_page import index_page
from scsampler_cli.output.pages.batch_row import row_of
from scsampler_cli.output.pages.video_page import video_page
from scsampler_cli.output.records import ClassifyResult
from scsampler_cli.output.stretches import stretches
from tests.output.pages.reports import HOSTILE, Report, failed, long_record, made_clips, named

Open = Callable[..., Page]
LABELS = ("spinning", "shaking", "Ölbohren", "ΟΔΟΣ", "strasse")


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Open a page from a file; afterwards there are no errors, and no other requests."""
    contexts: list[BrowserContext] = []
    problems: list[str] = []

    def call(content: str, **how: Any) -> Page:
        path = tmp_path / f"page {len(contexts)}.html"
        path.write_bytes(content.encode())
        calm = {
            "reduced_motion": "reduce"
        }  # a smooth scroll that is cut short on a busy machine ends anywhere
        contexts.append(
            browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **calm, **how})
        )
        page = contexts[-1].new_page()
        page.set_default_timeout(20_000)
        page.on("console", lambda message: problems.append(message.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("dialog", lambda dialog: problems.append(dialog.message))
        page.on(
            "request",
            lambda r: (
                None if r.url.startswith((path.as_uri(), "data:")) else problems.append(r.url)
            ),
        )
        page.goto(path.as_uri())
        return page

    yield call
    for context in contexts:
        context.close()
    assert problems == []


@pytest.fixture(scope="module")
def video(report: Report) -> str:
    return video_page(
        {**report.record, "notes": ["a note"]}, report.clips, report.pictures, back="index.html"
    )


@pytest.fixture(scope="module")
def index(report: Report) -> str:
    """200 videos; every tenth failed."""
    return index_page(
        [*map(row_of, *zip(*(made_row(report, i) for i in range(200)), strict=True))], "scsampler"
    )


def made_row(report: Report, number: int) -> tuple[dict[str, Any], str | None]:
    path = f"/videos/{number % 7}/clip_{number}.mp4"
    if number % 10 == 3:
        return failed(path, f"broken at #{number}."), None
    curve = [(number + i) % 60 / 60 for i in range(60)]
    tag = {"label": LABELS[number % 5], "probability": number / 200}
    changed = {
        "path": path,
        "tags": [tag],
        "saliency": {"visual": curve, "audio": curve if number % 2 else None},
    }
    notes = ["no sound: the picture alone"] if number % 2 == 0 else []
    seconds = {**report.record["video"], "duration_s": (number * 37 % 200) / 2}
    return {**report.record, **changed, "notes": notes, "video": seconds}, f"pages/{number}.html"


def shot(page: Page) -> Image.Image:
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


def brightness(page: Page) -> float:
    return float(ImageStat.Stat(shot(page).convert("L")).mean[0])


def names(page: Page) -> list[str]:
    return page.locator("#rows .name").all_inner_texts()


def press(page: Page, key: str, times: int = 1) -> str:
    """Press a key on the chart; what is said then."""
    for _ in range(times):
        page.press("#track", key)
    return page.inner_text("#readout")


@pytest.mark.parametrize("which", ["video", "index"])
def test_light_and_dark_are_drawn_and_differ(
    opened: Open, request: pytest.FixtureRequest, which: str
) -> None:
    content = request.getfixturevalue(which)
    light, dark = opened(content, color_scheme="light"), opened(content, color_scheme="dark")
    assert len(shot(light).getcolors(1 << 20)) > 100
    assert len(shot(dark).getcolors(1 << 20)) > 100
    assert brightness(light) > 200
    assert brightness(dark) < 80
    dark.emulate_media(media="print")
    assert brightness(dark) > 200


@pytest.mark.parametrize(
    "path", ["/videos/a.mp4", f"/videos/{'long' * 60}.mp4"], ids=["short", "long"]
)
def test_a_phone_need_not_scroll_sideways(opened: Open, report: Report, path: str) -> None:
    record = named(report.record, path)
    rows = [row_of(record, "a.html"), row_of(failed(path, path), None)]
    for content in (
        video_page(record, report.clips, report.pictures, back="i.html"),
        index_page(rows, path),
        video_page(failed(path, path), [], {}),
    ):
        page = opened(
            content, viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True
        )
        page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
        assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_every_picture_decodes(opened: Open, video: str, report: Report) -> None:
    widths = opened(video).evaluate(
        "Promise.all([...document.images].map(i => i.decode().then(() => i.naturalWidth)))"
    )
    assert len(widths) == len(stretches(report.record)) + 5
    assert min(widths) > 0


def test_arrows_move_the_cursor_from_clip_to_clip(opened: Open, video: str, report: Report) -> None:
    page = opened(video)
    assert press(page, "Home").startswith("0:00.00–0:00.64 clip 0, ")
    told = press(page, "ArrowRight", 3)
    clip = report.clips[3]
    assert f"clip 3, visual {clip['visual']:.3f}, audio {clip['audio']:.3f}, combined" in told
    assert f"rank {clip['rank']} of {len(report.clips)}" in told
    assert "clip 2," in press(page, "ArrowLeft")
    assert f"clip {len(report.clips) - 1}," in press(page, "End", 2)
    assert page.get_attribute("#track", "aria-valuenow") == str(len(report.clips))
    assert page.get_attribute("#readout", "aria-live") == "polite"
    first = min(report.record["clips"], key=lambda clip: clip["clip"])
    press(page, "Home")
    told = press(page, "ArrowLeft") if first["clip"] == 0 else press(page, "Shift+ArrowRight")
    assert f"selected: {first['why']}, shows {first['label']}" in told
    assert "to read a clip" in press(page, "Escape")
    assert not page.is_visible("#cursor")


def test_a_search_is_read_clip_by_clip(opened: Open, searched: ClassifyResult) -> None:
    clips = [clip.record() for clip in searched.scored]
    page = opened(video_page(searched.record(), clips, {}))
    told = press(page, "Home")
    assert f"clip 0, confidence {clips[0]['confidence']:.3f}" in told
    assert "rank" not in told
    last = searched.clips[-1]
    while f"clip {last.clip}," not in told:
        before, told = told, press(page, "Shift+ArrowRight")
        assert told != before
    observed = searched.settings["selection"]["asked"][-1]["observed"]
    numbers = f"predicted {last.predicted:.3f}, observed {observed:.3f}"
    assert f"selected: search #8, {numbers}, shows {last.label}" in told


def test_a_search_is_drawn_and_fits_a_phone_in_the_dark(
    opened: Open, searched: ClassifyResult
) -> None:
    clips = [clip.record() for clip in searched.scored]
    how = {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark", "is_mobile": True}
    page = opened(video_page(searched.record(), clips, {}), **how)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    boxes = page.evaluate(
        "[...document.querySelectorAll('.order text')].map(n => n.getBoundingClientRect().toJSON())"
    )
    assert len(boxes) == len(searched.clips)
    for i, one in enumerate(boxes):
        for other in boxes[:i]:
            apart = one["left"] >= other["right"] or other["left"] >= one["right"]
            assert apart or one["top"] >= other["bottom"] - 4 or other["top"] >= one["bottom"] - 4
    lane = page.locator(".lane.confidence").bounding_box()
    assert lane is not None
    for dot in page.locator(".answers circle").all():
        box = dot.bounding_box()
        assert box is not None
        assert lane["y"] <= box["y"] + box["height"] / 2 <= lane["y"] + lane["height"]


def test_the_index_draws_what_a_search_believes(opened: Open, searched: ClassifyResult) -> None:
    page = opened(index_page([row_of(searched.record(), "v.html")], "scsampler"))
    highest = max(searched.record()["saliency"]["confidence"])
    label = page.get_attribute("#rows .spark", "aria-label") or ""
    assert float(label.removeprefix("confidence up to ")) == pytest.approx(highest, abs=0.02)
    assert page.locator("#rows .spark .confidence").count() == 1


def test_the_pointer_and_a_tap_move_the_cursor(opened: Open, video: str, report: Report) -> None:
    page = opened(video, has_touch=True)
    box = page.locator("#track").bounding_box()
    assert box is not None
    at, y = report.clips[10]["start_s"] + 0.3, box["y"] + 100
    page.mouse.move(box["x"] + box["width"] * at / 20, y)
    assert "clip 10," in page.inner_text("#readout")
    page.mouse.move(0, 0)
    assert "to read a clip" in page.inner_text("#readout")
    page.touchscreen.tap(box["x"] + box["width"] * at / 20, y)
    page.mouse.move(0, 0)
    assert "clip 10," in page.inner_text("#readout")
    cursor = page.locator("#cursor").bounding_box()
    assert cursor is not None
    assert cursor["x"] == pytest.approx(
        box["x"] + box["width"] * report.clips[10]["start_s"] / 20, abs=3
    )


def test_a_picture_leads_to_its_place_in_the_chart(
    opened: Open, video: str, report: Report
) -> None:
    page = opened(video)
    page.click("summary >> text=lowest ranks")
    worst = max(report.clips, key=lambda clip: clip["rank"])["clip"]
    page.click(f".card[data-clip='{worst}']")
    assert f"clip {worst}," in page.inner_text("#readout")
    assert page.locator(".card.current").get_attribute("data-clip") == str(worst)
    expect(page.locator("#track")).to_be_in_viewport()
    page.press(".item >> nth=0", "Enter")
    clip = page.get_attribute(".item >> nth=0", "data-clip")
    assert f"clip {clip}," in page.inner_text("#readout")
    # the next row is one key away
    assert page.evaluate("document.activeElement.className").startswith("item")


def test_forty_thousand_clips_stay_responsive(opened: Open, report: Report) -> None:
    clips = made_clips(40_000)
    page = opened(video_page(long_record(report.scored, clips), clips, {}))
    assert "clip 39999," in press(page, "End")
    assert "of 40,000" in page.inner_text("#readout")
    spent = page.evaluate(
        "(() => { const track = document.getElementById('track'), start = performance.now();"
        "const press = () => new KeyboardEvent('keydown', { key: 'ArrowLeft' });"
        "for (let i = 0; i < 100; i++) track.dispatchEvent(press());"
        "document.body.offsetHeight; return performance.now() - start; })()"
    )
    assert "clip 39899," in page.inner_text("#readout")
    assert spent < 1_000


def test_search_finds_paths_tags_errors_and_notes(opened: Open, index: str) -> None:
    page = opened(index)
    expect(page.locator("#shown")).to_have_text("200 videos")
    for query, found in (
        ("clip_17.", ["clip_17.mp4"]),
        ("BROKEN AT #53.", ["clip_53.mp4"]),
        ("#53. broken", ["clip_53.mp4"]),
    ):
        page.fill("#search", query)
        assert names(page) == found
    for query in ("SPINNING", "öLBOHREN", "οδος", "οδοσ", "STRAßE", "O\u0308lbohren"):
        page.fill("#search", query)
        expect(page.locator("#shown")).to_have_text(re.compile(r"^(40|20) of 200 videos$"))
    page.fill("#search", "no sound")
    expect(page.locator("#shown")).to_have_text("100 of 200 videos")
    page.fill("#search", "nowhere")
    expect(page.locator("#shown")).to_contain_text("nothing matches")


def test_keys_reach_and_clear_the_search(opened: Open, index: str) -> None:
    page = opened(index)
    page.keyboard.press("/")
    page.keyboard.type("clip_17.")
    assert names(page) == ["clip_17.mp4"]
    page.keyboard.press("Escape")
    assert page.input_value("#search") == ""
    expect(page.locator("#shown")).to_have_text("200 videos")


def test_filters_leave_what_they_say(opened: Open, index: str) -> None:
    page = opened(index)
    page.click("[data-status=failed]")
    expect(page.locator("#shown")).to_have_text("20 of 200 videos")
    assert page.locator("#rows .bad").count() == 20
    assert "Hint: is it one?" in page.inner_text("#rows")
    page.click("[data-status='']")
    page.click("[data-tag=shaking]")
    expect(page.locator("#shown")).to_have_text("40 of 200 videos")
    assert page.get_attribute("[data-tag=shaking]", "aria-pressed") == "true"
    page.click("[data-tag=shaking]")
    expect(page.locator("#shown")).to_have_text("200 videos")


def test_every_column_sorts_both_ways_and_the_unknown_come_last(opened: Open, index: str) -> None:
    page = opened(index)
    for key in (
        "path",
        "status",
        "tag",
        "probability",
        "duration",
        "clips",
        "best",
        "saliency",
        "notes",
    ):
        button = page.locator(f"[data-sort={key}]")
        heading = page.locator(f"th.{key}")
        button.press("Enter")
        assert heading.get_attribute("aria-sort") == "ascending"
        button.press("Enter")
        assert heading.get_attribute("aria-sort") == "descending"
        assert page.locator("th[aria-sort]").count() == 1
        if key not in ("path", "status"):
            assert "failed" not in page.locator("#rows tr").first.inner_text()
    page.click("[data-sort=path]")
    assert names(page)[:3] == ["clip_0.mp4", "clip_7.mp4", "clip_14.mp4"]
    page.click("[data-sort=probability]")
    page.click("[data-sort=probability]")
    assert names(page)[:2] == ["clip_199.mp4", "clip_198.mp4"]


def test_the_address_keeps_the_state(opened: Open, index: str) -> None:
    page = opened(index)
    page.fill("#search", "mp4 clip_1")
    page.click("[data-tag=shaking]")
    page.click("[data-sort=duration]")
    page.click("[data-sort=duration]")
    before = names(page)
    page.wait_for_url("**/*#q=mp4+clip_1&tag=shaking&sort=-duration")
    page.reload()
    assert names(page) == before
    assert page.input_value("#search") == "mp4 clip_1"
    assert page.get_attribute("th.duration", "aria-sort") == "descending"
    page.evaluate("location.hash = '#status=failed&sort=nonsense'")
    expect(page.locator("#shown")).to_have_text("20 of 200 videos")


def test_ten_thousand_rows_are_found_sorted_and_reached(opened: Open, report: Report) -> None:
    rows = [row_of(*made_row(report, i)) for i in range(10_000)]
    page = opened(index_page(rows, "scsampler"))
    assert page.locator("#rows tr").count() < 1_000
    start = time.perf_counter()
    page.fill("#search", "clip_9999.")
    assert names(page) == ["clip_9999.mp4"]
    page.fill("#search", "")
    page.click("[data-sort=path]")
    assert time.perf_counter() - start < 5
    for _ in range(3):
        page.locator("#more").scroll_into_view_if_needed()
        page.wait_for_timeout(50)
    assert page.locator("#rows tr").count() > 200


def test_a_row_leads_to_the_page_of_its_video(opened: Open, index: str) -> None:
    page = opened(index)
    page.fill("#search", "clip_17.")
    assert page.get_attribute("#rows a", "href") == "pages/17.html"


def test_hostile_names_are_shown_and_do_not_run(opened: Open, report: Report) -> None:
    rows = [row_of(named(report.record, path), "a.html") for path in HOSTILE]
    rows += [row_of(failed(path, path, path), None) for path in HOSTILE]
    page = opened(index_page(rows, HOSTILE[0]))
    assert page.title() == "Videos – scsampler"
    assert page.locator("#rows tr").count() == 2 * len(HOSTILE)
    assert page.locator("#rows img, #rows script").count() == 0
    assert "<script>document.title='ran'" in page.inner_text("#rows")
    for path in HOSTILE:
        page = opened(video_page(named(report.record, path), report.clips, {}, back="index.html"))
        press(page, "Home")
        press(page, "Shift+ArrowRight")
        assert page.title() not in ("ran", "1")
        assert page.locator("script").count() == 2


def test_without_scripts_all_is_there_but_the_cursor(
    opened: Open, video: str, index: str, report: Report
) -> None:
    page = opened(video, java_script_enabled=False)
    assert page.locator(".lane").count() == 5
    assert page.locator("img").count() == len(stretches(report.record)) + 5
    assert not page.is_visible("#track")
    page = opened(index, java_script_enabled=False)
    assert page.locator(".plain li").count() == 200
    assert page.locator(".plain a").count() == 180
    assert not page.is_visible("#controls")
