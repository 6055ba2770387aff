"""What holds for every format of selected clips."""

from pathlib import Path

import pytest

from scsampler_cli.output.writers import _CUTS, CUT_FORMATS, FORMATS, format_for
from tests.output.cuts.making import clip, record

TAKEN = (
    clip(7, 12.5, 13.14, label="bow", why="visual #1"),
    clip(2, 1.28, 1.92, label="arrow", why="visual #2"),
)


@pytest.mark.parametrize("form", CUT_FORMATS)
def test_every_clip_that_was_taken_is_told_once_in_time_order(form: str) -> None:
    text = _CUTS[form](record(*TAKEN, sound=True))
    assert (text.count("arrow 75%"), text.count("bow 75%")) == (1, 1)
    assert text.index("arrow 75%") < text.index("bow 75%")
    assert text.endswith("\n")


@pytest.mark.parametrize("form", CUT_FORMATS)
def test_a_video_that_was_only_scored_tells_why_and_what_was_not_taken_is_left_out(
    form: str,
) -> None:
    scored = [{**known, "taken": known["clip"] == 2} for known in TAKEN]
    for known in scored:
        del known["label"], known["probability"]
    text = _CUTS[form](record(*scored)).replace("\\", "")  # by which some formats escape
    assert "visual #2" in text
    assert "visual #1" not in text


@pytest.mark.parametrize("form", CUT_FORMATS)
def test_no_clip_and_an_odd_name_are_no_trouble(form: str) -> None:
    assert isinstance(_CUTS[form](record()), str)
    odd = _CUTS[form](record(clip(0, 0.0, 0.64, label="a\nb\x1b[31m"), path="x\n\x1b\udcff.mp4"))
    assert "\x1b" not in odd
    assert "a\nb" not in odd
    odd.encode("utf-8")


def test_each_format_has_a_suffix_of_its_own() -> None:
    assert CUT_FORMATS.keys() == _CUTS.keys()
    assert len({*CUT_FORMATS.values(), *(f".{form}" for form in FORMATS)}) == len(
        CUT_FORMATS
    ) + len(FORMATS)
    assert {form: format_for(Path(f"x{suffix}")) for form, suffix in CUT_FORMATS.items()} == {
        f: f for f in CUT_FORMATS
    }
