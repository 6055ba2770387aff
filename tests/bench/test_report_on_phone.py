"""The report in a real browser, on a phone: long values stand below their names."""

from dataclasses import replace
from pathlib import Path

from playwright.sync_api import Browser

from scsampler_cli.bench import report_page
from tests.bench.test_report import SUMMARY

SECTION = SUMMARY.sections[0]
NAME, VALUE = "a name of a network that is rather long, diverse, at most 20 clips", "word " * 200


def test_no_cell_is_taller_than_the_screen_and_the_page_does_not_scroll_sideways(
    browser: Browser, tmp_path: Path
) -> None:
    run = replace(SECTION.run, settings={NAME: VALUE, "command": "/a/path/" * 100})
    summary = replace(SUMMARY, sections=(replace(SECTION, run=run),))
    path = tmp_path / "report.html"
    path.write_text(report_page.render(summary, "now", "scsampler bench"))
    context = browser.new_context(viewport={"width": 375, "height": 700}, is_mobile=True)
    page = context.new_page()
    page.goto(path.as_uri())
    # engineering facts are folded away
    assert not page.is_visible("dl")
    page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
    assert page.evaluate("document.documentElement.scrollWidth") == 375
    heights = page.evaluate(
        "[...document.querySelectorAll('th, td, dt, dd')].map(e => e.offsetHeight)"
    )
    assert max(heights) < 700
    # a table that is too wide scrolls, by keyboard as well
    assert page.locator(".scroll:not([tabindex='0'])").count() == 0
    context.close()
