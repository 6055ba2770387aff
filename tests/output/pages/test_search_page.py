"""Pages of a search: what was asked in which order, what was believed, and why it stopped."""

import re
from typing import Any

import pytest

from scsampler_cli.output.pages.batch_page import index_page
from scsampler_cli.output.pages.batch_row import row_of
from scsampler_cli.output.pages.search_course import MOST
from scsampler_cli.output.pages.video_page import video_page
from scsampler_cli.output.records import ClassifyResult
from tests.output.pages.reports import Outline, made_clips
from tests.output.searching import classified, level, write


def page_of(result: ClassifyResult) -> str:
    return video_page(result.record(), [clip.record() for clip in result.scored], {})


def cells(page: str) -> list[list[str]]:
    """The table of the selected clips, with its heading."""
    html = page[page.index('aria-label="selected clips"') :]
    rows = re.findall("<tr>(.*?)</tr>", html[: html.index("</table>")], re.DOTALL)
    return [
        [re.sub("<[^>]*>", "", cell) for cell in re.findall("<t[dh].*?</t[dh]>", row)]
        for row in rows
    ]


def test_the_table_has_what_was_asked_predicted_and_observed(searched: ClassifyResult) -> None:
    heading, *rows = cells(page_of(searched))
    assert heading == ["order", "time", "predicted", "observed", "shows", "reason"]
    assert [row[0] for row in rows] == [str(number) for number in range(1, 9)]
    for row, asked in zip(rows, searched.settings["selection"]["asked"], strict=True):
        predicted = asked["predicted"]
        assert row[2] == ("–" if predicted is None else f"{predicted:.3f}")
        assert row[3] == f"{asked['observed']:.3f}"
    assert [row[5] for row in rows] == [c.reason.partition(" #")[0] for c in searched.clips]
    assert {row[5] for row in rows} == {"evenly spaced", "search"}


def test_no_order_is_claimed_that_a_search_does_not_have(searched: ClassifyResult) -> None:
    page = page_of(searched)
    shown = Outline(page).shown
    assert "Scores of the selected clips, in the order in which they were asked" in shown
    assert "best first" not in shown
    assert "rank" not in shown
    assert "No visual scores" not in shown
    assert 'data-lane="confidence"' in page
    assert 'data-lane="combined"' not in page


def test_folded_pictures_are_of_the_least_confidence(searched: ClassifyResult) -> None:
    page = page_of(searched)
    cards = [
        int(clip) for clip in re.findall(r'class="card" href="#timeline" data-clip="(\d+)"', page)
    ]
    asked = [clip.clip for clip in searched.clips]
    believed = {clip.clip: clip.confidence for clip in searched.scored if clip.clip not in asked}
    assert cards == sorted(believed, key=lambda clip: believed[clip] or 0)


def test_the_chart_has_a_number_and_a_dot_for_each_answer(damaged: ClassifyResult) -> None:
    page = page_of(damaged)
    order = page[page.index('<div class="order">') :]
    numbers = re.findall(r"<text [^>]*>(\d+)</text>", order[: order.index("</svg>")])
    in_time = sorted(damaged.clips, key=lambda clip: clip.start)
    asked = [clip.clip for clip in damaged.clips]
    assert [int(number) - 1 for number in numbers] == [asked.index(c.clip) for c in in_time]
    assert "left out" not in order[: order.index("</div>")]
    # the clip that could not be decoded has no dot
    assert page.count("<circle ") == len(damaged.clips) - 1
    assert "could not be decoded" in page


def test_the_page_says_why_it_stopped_and_why_it_searched(stopped: ClassifyResult) -> None:
    settings = stopped.record()["settings"]
    selection = {**settings["selection"], "why": "strategy search: no sampler was trained for day"}
    record = {**stopped.record(), "settings": {**settings, "selection": selection}}
    shown = Outline(video_page(record, [clip.record() for clip in stopped.scored], {})).shown
    asked = len(stopped.clips)
    assert f"{asked} of 12 clips asked, at most 12; stopped: {selection['stopped']}." in shown
    assert "Strategy search: no sampler was trained for day." in shown
    assert "A background class does not count for the confidence." in shown


def test_the_page_says_how_clips_were_chosen(searched: ClassifyResult) -> None:
    later = "the one with the highest upper confidence bound after the answers before it"
    spaced = sum("evenly" in clip.reason for clip in searched.clips)
    page = page_of(searched)
    assert f"The first {spaced} clips are evenly spaced; each later clip is {later}." in page
    # with the scores of a sampler there are no evenly spaced clips
    record = searched.record()
    clips = [{**clip, "why": f"search #{n}"} for n, clip in enumerate(record["clips"], start=1)]
    page = video_page({**record, "clips": clips}, [], {})
    assert f"Each clip is {later}; its visual score counts, too." in page


def test_the_settings_do_not_repeat_the_asked_clips(searched: ClassifyResult) -> None:
    page = page_of(searched)
    assert "selection strategy" in page
    assert "selection asked" not in page


def test_a_video_of_one_clip_has_a_page(tmp_path_factory: pytest.TempPathFactory) -> None:
    result = classified(write(tmp_path_factory.mktemp("one") / "v.mp4", clips=1))
    page = page_of(result)
    assert [row[0] for row in cells(page)] == ["order", "1"]
    assert "nan" not in page
    # no clip was left that could have been asked
    assert "not asked" not in page


def test_a_record_without_scored_clips_lists_what_was_asked(searched: ClassifyResult) -> None:
    page = video_page(searched.record(), [], {})
    assert len(cells(page)) == 9
    assert "is not known" in Outline(page).shown


def test_ten_thousand_clips_of_which_a_thousand_were_asked_give_a_page_of_bounded_size(
    searched: ClassifyResult,
) -> None:
    page = video_page(*long_search(searched, clips=10_000, asked=1_000), {})
    assert page.count("<circle ") == MOST
    assert len(re.findall("<text ", page)) < MOST
    assert sum(Outline(page).elements.values()) < 6_500
    assert len(page) < 600_000
    assert "500 more are in the record" in page
    assert "Numbers without room are left out; the first 200 clips have numbers and dots." in page


def long_search(
    result: ClassifyResult, clips: int, asked: int
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A long record, and its scored clips; every tenth clip was asked, from the end."""
    order = list(range(clips - 1, -1, -10))[:asked]
    scored = []
    for clip in made_clips(clips, taken=0):
        taken = clip["clip"] in order
        believed = (clip["clip"] * 7919 % 101) / 101
        more = {"taken": taken, "why": "search" if taken else None, "confidence": believed}
        scored.append({**clip, "visual": None, "audio": None, **more})
    record = result.record()
    answers = [{"clip": clip, "predicted": 0.5, "observed": 0.25} for clip in order]
    taken = []
    for number, clip in enumerate(order, start=1):
        times = {key: scored[clip][key] for key in ("clip", "start_s", "end_s")}
        taken.append({**record["clips"][-1], **times, "why": f"search #{number}"})
    selection = {**record["settings"]["selection"], "k": asked, "asked": answers}
    video = {**record["video"], "clips": clips, "duration_s": scored[-1]["end_s"]}
    settings = {**record["settings"], "selection": selection}
    return {**record, "clips": taken, "video": video, "settings": settings}, scored


def test_an_early_end_of_another_strategy_is_on_its_page(stopped: ClassifyResult) -> None:
    record = stopped.record()
    selection = {**record["settings"]["selection"], "strategy": "visual"}
    clips = [{**clip, "why": f"visual #{n}"} for n, clip in enumerate(record["clips"], start=1)]
    changed = {**record, "clips": clips, "settings": {**record["settings"], "selection": selection}}
    shown = Outline(video_page(changed, [clip.record() for clip in stopped.scored], {})).shown
    assert "Scores of the selected clips, best first" in shown
    assert f"stopped: {selection['stopped']}." in shown


def test_the_row_of_a_search_has_its_best_answer_and_what_is_believed(
    searched: ClassifyResult, damaged: ClassifyResult
) -> None:
    for result in (searched, damaged):
        row = row_of(result.record(), "v.html")
        best = max((c for c in result.clips if c.label), key=lambda clip: level(clip.clip))
        assert row.best_s == float(best.start)
        assert row.confidence is not None
        assert len(row.confidence) == 60
    page = index_page([row_of(searched.record(), "v.html")], "scsampler")
    assert "confidence over time, 0 to 1" in Outline(page).shown
    assert '<button type="button" data-sort="saliency">Confidence</button>' in page


def test_an_index_of_searches_and_others_names_both(searched: ClassifyResult) -> None:
    record = searched.record()
    other = {**record, "saliency": {"visual": [0.5] * 60, "audio": None}}
    page = index_page([row_of(record, None), row_of(other, None)], "scsampler")
    assert "Saliency and confidence</button>" in page
