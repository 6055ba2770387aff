"""Results of a search in records, tables, rows and cuts: in which order, and what was believed."""

import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from scsampler_cli.output import clip_order, schemas, tables
from scsampler_cli.output.csv_rows import csv_columns, csv_rows
from scsampler_cli.output.cuts import edl, ffmetadata, srt
from scsampler_cli.output.records import ClassifyResult
from scsampler_cli.output.saliency_course import PARTS
from scsampler_cli.output.stretches import left_out
from tests.output.searching import BRIGHT, classified, level


def chosen(result: ClassifyResult) -> dict[str, Any]:
    return dict(result.settings["selection"])


def test_records_of_a_search_fit_the_schema(
    searched: ClassifyResult, stopped: ClassifyResult, damaged: ClassifyResult
) -> None:
    check = Draft202012Validator(schemas.schema("classify"))
    for result in (searched, stopped, damaged):
        assert [error.message for error in check.iter_errors(result.record())] == []


def test_confidence_over_time_is_what_is_believed_of_every_clip(searched: ClassifyResult) -> None:
    course = searched.record()["saliency"]
    assert course["visual"] is None
    assert len(course["confidence"]) == PARTS
    # twelve clips: five parts are one clip
    believed = [round(float(clip.confidence or 0), 3) for clip in searched.scored]
    assert course["confidence"][2::5] == believed
    answered = {clip.clip for clip in searched.clips}
    for clip in answered:
        assert believed[clip] == pytest.approx(level(clip) / 255, abs=0.12)


def test_other_strategies_have_no_confidence(scenes: Path) -> None:
    record = classified(scenes, k=3, strategy="uniform").record()
    assert set(record["saliency"]) == {"visual", "audio"}
    assert "asked" not in record["settings"]["selection"]


def test_the_table_lists_the_clips_in_the_order_in_which_they_were_asked(
    searched: ClassifyResult,
) -> None:
    lines = tables.render(searched.record()).splitlines()[1:]
    assert max(map(len, lines)) <= 80
    head = next(i for i, line in enumerate(lines) if "start       end" in line)
    assert lines[head - 1].endswith(
        "8 of 12 clips selected (5.1 s of 7.7 s), in the order of asking:"
    )
    assert lines[head].split() == ["start", "end", "predicted", "reason", "shows"]
    rows = [line.split() for line in lines[head + 1 : head + 9]]
    assert [float(row[0]) for row in rows] == [float(clip.start) for clip in searched.clips]
    shown = ["-" if c.predicted is None else f"{c.predicted:.3f}" for c in searched.clips]
    assert [row[2] for row in rows] == shown
    # of evenly spaced clips nothing is predicted
    assert [value == "-" for value in shown] == ["evenly" in c.reason for c in searched.clips]
    assert "best first" not in "".join(lines)


def test_the_table_draws_what_is_believed(searched: ClassifyResult) -> None:
    lines = tables.render(searched.record()).splitlines()
    (drawn,) = (line for line in lines if line.startswith("  confidence "))
    (marks,) = (line for line in lines if line.startswith("  selected "))
    course = drawn.removeprefix("  confidence ")
    assert len(course) == PARTS
    # the marks are under the parts of their clips
    below = marks[len(drawn) - PARTS :].ljust(PARTS)
    assert {i // 5 for i in range(PARTS) if below[i] == "^"} == {c.clip for c in searched.clips}


def test_the_table_says_how_many_were_asked_and_why_it_stopped(stopped: ClassifyResult) -> None:
    asked = len(chosen(stopped)["asked"])
    said = (
        f" {asked} of 12 clips asked, at most 12; stopped: {chosen(stopped)['stopped']} {asked} of"
    )
    assert said in " ".join(tables.render(stopped.record()).split())


def test_the_table_gives_the_reason_for_the_strategy(searched: ClassifyResult) -> None:
    record = searched.record()
    why = "strategy search: no sampler was trained for day"
    record["settings"]["selection"] = {**chosen(searched), "why": why}
    assert f"  {why}\n" in tables.render(record)


def test_a_clip_that_could_not_be_decoded_is_counted(damaged: ClassifyResult) -> None:
    assert [e["clip"] for e in chosen(damaged)["asked"] if e["observed"] is None] == [6]
    text = tables.render(damaged.record())
    assert "  12 of 12 clips asked, 1 of them could not be decoded\n" in text


@pytest.mark.parametrize("strategy", ["uniform", "random", "dense"])
def test_baselines_are_in_time_order(scenes: Path, strategy: str) -> None:
    record = classified(scenes, k=4, strategy=strategy).record()
    starts = [clip["start_s"] for clip in record["clips"]]
    assert starts == sorted(starts)
    length = 7.7 if strategy == "dense" else 2.6
    assert f"selected ({length} s of 7.7 s), in time order:" in tables.render(record)


def test_the_table_counts_what_lies_in_two_clips_once(scenes: Path) -> None:
    record = classified(scenes, k=3, strategy="uniform").record()
    for number, clip in enumerate(record["clips"]):
        clip |= {"start_s": 1.0 + 0.5 * number, "end_s": 2.0 + 0.5 * number}
    assert "3 of 12 clips selected (2.0 s of 7.7 s), " in tables.render(record)


def test_the_best_answers_come_first_where_the_best_is_wanted(
    searched: ClassifyResult, damaged: ClassifyResult
) -> None:
    for result in (searched, damaged):
        best = clip_order.best_first(result.record())
        assert sorted(c["clip"] for c in best) == sorted(c.clip for c in result.clips)
        decoded = [c["clip"] for c in best if c["label"] is not None]
        assert decoded == sorted(decoded, key=level, reverse=True)
        # clips without an answer are last
        assert all(c["label"] is None for c in best[len(decoded) :])


def test_observed_confidence_does_not_count_background(searched: ClassifyResult) -> None:
    dark = next(clip for clip in searched.clips if clip.clip not in BRIGHT)
    observed = clip_order.answers(searched.record())[dark.clip]["observed"]
    assert dark.label == "night"
    assert observed < (dark.probability or 0)


def test_rows_of_a_spreadsheet_say_how_many_were_asked_and_why(
    searched: ClassifyResult, stopped: ClassifyResult
) -> None:
    columns = csv_columns("classify", 1)
    before = ["background", "error"]
    at = columns.index("background")
    assert columns[at : at + 5] == [*before, "strategy", "asked", "stopped"]
    (row,), (early,) = csv_rows(searched.record()), csv_rows(stopped.record())
    assert (row["strategy"], row["asked"], row["stopped"]) == ("search", 8, None)
    assert (early["asked"], early["stopped"]) == (len(stopped.clips), chosen(stopped)["stopped"])


def test_cuts_of_a_search_are_in_time_order_and_show_no_background(
    searched: ClassifyResult,
) -> None:
    record = searched.record()
    bright = sorted(
        (clip for clip in searched.clips if clip.clip in BRIGHT), key=lambda clip: clip.clip
    )
    shown = [f"day {clip.probability:.0%}" for clip in bright]
    assert len(shown) == 2
    assert left_out(record) == "6 of 8 clips show background and are left out"
    comments = re.findall(r"^\* COMMENT: (.*%)$", edl.render(record), re.MULTILINE)
    assert comments == shown
    titles = re.findall(r"^title=([^-].*)$", ffmetadata.render(record), re.MULTILINE)
    assert titles == shown
    texts = re.findall(r"^\d+\n.* --> .*\n(.*)$", srt.render(record), re.MULTILINE)
    assert texts == shown


def test_sentences_are_wrapped_within_80_columns(searched: ClassifyResult) -> None:
    record = searched.record()
    why = "strategy search: no sampler was trained for " + ", ".join(["a long class name"] * 6)
    stopped = "the best tag would stay the same with a probability of 81%, after all of them"
    record["settings"]["selection"] = {**chosen(searched), "why": why, "stopped": stopped}
    text = tables.render(record)
    assert max(map(len, text.splitlines()[1:])) <= 80
    for sentence in (why, stopped):
        assert sentence in " ".join(text.split())
