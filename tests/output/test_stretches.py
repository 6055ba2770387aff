"""Segments, or touching clips of one label, as stretches; and the formats that are made of them."""

import io
from fractions import Fraction
from typing import Any

import pytest

from scsampler_cli.output.clip_record import SelectedClip
from scsampler_cli.output.cuts import edl, ffmetadata, srt
from scsampler_cli.output.records import ClassifyResult
from scsampler_cli.output.segment import Segment
from scsampler_cli.output.stretches import exact_stretches, left_out, stretches
from scsampler_cli.output.writers import CutWriter
from tests.output.cuts.making import clip, record

FORMATS = (edl.render, srt.render, ffmetadata.render)


def spans(made: dict[str, Any]) -> list[tuple[float, float, str | None]]:
    return [(float(s.start), float(s.end), s.label) for s in stretches(made)]


def segment(start: float, end: float, label: str, *, probability: float = 0.9) -> dict[str, Any]:
    times = {"start_s": start, "end_s": end}
    return {**times, "label": label, "probability": probability, "clips": [3, 9]}


def with_background(*clips: dict[str, Any]) -> dict[str, Any]:
    return {**record(*clips), "classifier": {"background": "background"}}


def test_times_are_exactly_those_of_the_record() -> None:
    (found,) = stretches(record(clip(7, 0.1, 123456.789012)))
    assert (found.start, found.end) == (Fraction(1, 10), Fraction(123456789012, 10**6))
    assert found.clips == (7,)


def test_text_is_one_line_and_says_what_is_known() -> None:
    def text(**more: object) -> str:
        return stretches(record(clip(0, 0.0, 1.0, **more)))[0].text

    assert text() == "archery 75% (visual 0.500)"
    assert text(audio=1.0, packets=0.25) == "archery 75% (visual 0.500, audio 1.000, packets 0.250)"
    assert text(visual=None, label="a\nb\x1b") == "a\\nb\\x1b 75%"


def test_clips_of_one_label_that_touch_or_overlap_are_one_stretch() -> None:
    made = record(
        clip(5, 3.2, 3.84),
        clip(1, 0.64, 1.28, probability=0.25, visual=None, audio=0.5),
        clip(0, 0.0, 0.64),
        clip(2, 1.2, 1.84, probability=0.5, visual=1.0),
        clip(3, 1.84, 2.48, label="bowls"),
        clip(4, 2.48, 3.12),
    )
    assert spans(made) == [
        (0.0, 1.84, "archery"),
        (1.84, 2.48, "bowls"),
        (2.48, 3.12, "archery"),
        (3.2, 3.84, "archery"),
    ]
    first = stretches(made)[0]
    assert first.text == "archery 50% (visual 0.750, audio 0.500)"
    assert first.probability == pytest.approx(0.5)
    assert first.clips == (0, 1, 2)


def test_the_segments_of_a_record_go_before_its_clips() -> None:
    made = {
        **record(clip(0, 0.0, 0.64)),
        "segments": [segment(1.5, 9.25, "archery"), segment(12.0, 20.5, "bowls", probability=0.5)],
    }
    assert spans(made) == [(1.5, 9.25, "archery"), (12.0, 20.5, "bowls")]
    assert [s.text for s in stretches(made)] == ["archery 90%", "bowls 50%"]
    assert stretches(made)[0].clips == (3, 9)
    for render in FORMATS:
        text = render(made)
        assert text.index("archery 90%") < text.index("bowls 50%")
        assert "75%" not in text


def test_no_segment_gives_valid_files_without_an_entry() -> None:
    made = {**record(clip(0, 0.0, 0.64)), "segments": []}
    assert stretches(made) == []
    assert edl.render(made) == "TITLE: v.mp4\nFCM: NON-DROP FRAME\n\n"
    assert srt.render(made) == ""
    assert ffmetadata.render(made) == ";FFMETADATA1\n"


def test_clips_of_background_are_left_out_and_counted() -> None:
    dark = {"label": "background", "probability": 0.97}
    made = with_background(clip(0, 0.0, 0.64), clip(1, 0.64, 1.28, **dark), clip(2, 1.28, 1.92))
    assert spans(made) == [(0.0, 0.64, "archery"), (1.28, 1.92, "archery")]
    assert left_out(made) == "1 of 3 clips shows background and is left out"
    for render in FORMATS:
        assert "background" not in render(made)
    # without a background class it is a label as any other
    other = record(clip(1, 0.64, 1.28, **dark))
    assert (spans(other), left_out(other)) == ([(0.64, 1.28, "background")], "")
    all_dark = with_background(clip(0, 0.0, 0.64, **dark), clip(5, 3.2, 3.84, **dark))
    assert left_out(all_dark) == "2 of 2 clips show background and are left out"
    # segments never show background
    assert left_out({**all_dark, "segments": []}) == ""


def test_an_unsure_video_says_so_and_clips_that_were_not_decoded_stay_apart() -> None:
    made = record(
        clip(0, 0.0, 0.64),
        clip(1, 0.64, 1.28, label=None, probability=None),
        clip(2, 1.28, 1.92, label=None, probability=None, visual=None),
    )
    assert [s.text for s in stretches(made)] == [
        "archery 75% (visual 0.500)",
        "not decoded (visual 0.500)",
    ]
    assert stretches(made)[1].probability is None
    unsure = {**made, "label": None, "confident": False}
    assert stretches(unsure)[0].text == "unsure: archery 75% (visual 0.500)"
    assert stretches(unsure)[0].label == "archery"


def test_touching_clips_of_a_score_have_the_best_reason() -> None:
    scored = []
    for number, rank in enumerate((3, 1, 9)):
        known = clip(number, number * 0.64, number * 0.64 + 0.64, why=f"visual #{rank}", rank=rank)
        del known["label"], known["probability"]
        scored.append({**known, "taken": rank < 9})
    (found,) = stretches(record(*scored))
    assert found.text == "visual #1 and 1 more (visual 0.500)"
    assert (found.label, found.probability, found.clips) == (None, None, (0, 1))


def test_exact_times_are_those_of_the_result() -> None:
    frame = Fraction(1001, 30000)
    clips = tuple(_selected(number, frame) for number in (1, 0, 4))
    result = ClassifyResult(
        "v.mp4", (("archery", 0.9),), clips,
        video={"start_s": 0.0, "duration_s": 10.0}, decode_errors=0, frames_missing=0,
        classifier={}, samplers=[], settings={}, notes=(), timings_s={}, versions={},
    )  # fmt: skip
    found = exact_stretches(result.record(), result.clips)
    assert [(s.start, s.end) for s in found] == [(0, 32 * frame), (64 * frame, 80 * frame)]
    # a record has microseconds
    assert stretches(result.record())[0].end != 32 * frame

    segments = (Segment(frame, 99 * frame, "archery", probability=0.9, clips=(0,)),)
    record_of = {**result.record(), "segments": [segments[0].record()]}
    (one,) = exact_stretches(record_of, result.clips, segments)
    assert (one.start, one.end, one.text) == (frame, 99 * frame, "archery 90%")


def _selected(number: int, frame: Fraction) -> SelectedClip:
    return SelectedClip(
        number, 16 * number * frame, 16 * (number + 1) * frame,
        first_frame=16 * number, frames=16, visual=0.5, audio=None,
        reason="visual #1", label="archery", probability=0.9,
    )  # fmt: skip


def test_a_file_of_cuts_comes_with_a_note_on_what_is_left_out() -> None:
    notes: list[str] = []
    stdout = io.StringIO()
    writer = CutWriter("srt", {"v.mp4": None}, None, stdout=stdout, on_note=notes.append)
    writer.write(with_background(clip(0, 0.0, 0.64, label="background"), clip(1, 0.64, 1.28)))
    assert notes == ["v.mp4: 1 of 2 clips shows background and is left out"]
    assert stdout.getvalue().count("-->") == 1
    writer.write(record(clip(0, 0.0, 0.64)))
    assert len(notes) == 1
