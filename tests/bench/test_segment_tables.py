"""The tables of segments, by hand."""

from dataclasses import replace

import numpy as np
import pytest

from scsampler_cli.bench.plan import Plan
from scsampler_cli.bench.run_data import Run
from scsampler_cli.bench.segment_tables import segment_tables
from scsampler_cli.bench.table import Row, Table
from scsampler_cli.bench.true_segments import with_true_segments
from scsampler_cli.datasets.segment_list import SegmentList, TrueSegment
from tests.bench.making import MD, run
from tests.bench.test_true_segments import LIST, A, B, made, timed


def tables(of_run: Run, k: int = 2) -> tuple[dict[str, Row], Table, Table]:
    first, second = segment_tables(of_run, Plan(k=k, draws=2)).shown
    return {row["key"]: row for row in first.rows}, first, second


def test_the_numbers_of_dense_answers_by_hand() -> None:
    """Video 1 has a in 1-3 and 4.6-5, video 2 nothing. The answers say a in 1-3 (0.9) and 5-6
    (0.9) of video 1, and in 2-3 (0.9) of video 2; all else is b, which has no true segment.

    The first one is right, at any IoU; the others are wrong: AP is 1/2. Of two true segments one
    is touched. All clips are asked: the middle of clip 4 is before 4.6, so one is touched by clips.
    """
    rows, table, _ = tables(with_true_segments(made(), LIST))
    row = rows["answers"]
    assert [row[f"map_{iou}"] for iou in (30, 50, 70)] == pytest.approx([50, 50, 50])
    assert row["touched"] == 50
    assert row["by_clips"] == 50
    assert row["clips"] == 4.5
    # four in video 1 and two in video 2
    assert row["segments"] == 3
    # each clip has an answer, a or b, so that the segments of both cover all of the videos
    assert row["covered"] == pytest.approx(100)
    assert table.notes[0].startswith("2 true segments in 2 videos, 26.7 % of their time;")
    assert "lacks 1 video, left out here" in table.notes[0]
    assert table.notes[1:] == ("a note of the list",)


def test_a_note_tells_runs_without_a_picture_of_each_clip() -> None:
    run = with_true_segments(made(), LIST)
    told = "and not one of each clip"
    assert told in tables(run)[1].notes[0]
    for features in ({"own_pictures": True, "picture_gap": None}, {"picture_gap": 0.0}):
        assert told not in tables(replace(run, settings={"features": features}))[1].notes[0]


def test_every_baseline_has_a_row() -> None:
    rows, table, _ = tables(with_true_segments(made(), LIST))
    assert {"saliency-mean", "even", "answers"} <= set(rows)
    assert "saliency-half" not in rows
    cells = [column.shown(rows["answers"]) for column in table.columns]
    assert cells[:4] == ["Dense, runs of one answer", "50.0", "50.0 [50-50]", "50.0"]
    assert rows["even"]["clips"] == 2


def test_a_stated_threshold_is_for_scores_by_background() -> None:
    scored = replace(MD, score="background")
    of_run = replace(made(), samplers=run((), (scored,)).samplers, networks=(scored,))
    rows, _, _ = tables(with_true_segments(of_run, LIST))
    assert rows["saliency-half"]["method"] == "visual only, saliency above 0.5"


def test_without_a_sampler_there_is_no_saliency() -> None:
    of_run = replace(made(), samplers=run((), ()).samplers)
    rows, _, _ = tables(with_true_segments(of_run, LIST))
    assert not [key for key in rows if key.startswith("saliency")]


def test_the_classes_of_the_first_method() -> None:
    listing = SegmentList(
        {"/v/1.mp4": (TrueSegment("a", 1, 3),), "/v/3.mp4": (TrueSegment("b", 0, 2),)}
    )
    _, first, second = tables(with_true_segments(made(), listing))
    assert second.title == f"Segments by class: {first.rows[0]['method']}"
    assert [(row["label"], row["true"]) for row in second.rows] == [("a", 1), ("b", 1)]


def test_without_any_action_there_are_no_numbers() -> None:
    rows, table, second = tables(with_true_segments(made(), SegmentList({"/v/1.mp4": ()})))
    assert rows["answers"]["map_50"] is None
    assert rows["answers"]["touched"] is None
    assert [column.shown(rows["answers"]) for column in table.columns][1:6] == ["-"] * 5
    assert second.rows == ()


def test_clips_touch_a_segment_by_their_middles() -> None:
    """Two parts of three clips: clips 1 and 4 are asked, with middles at 1.5 and 4.5 s."""
    spans = ((1.5, 1.6), (1.0, 1.5), (4.4, 4.51), (4.6, 6))
    listing = SegmentList({"/v/1.mp4": tuple(TrueSegment("b", *span) for span in spans)})
    of_run = run([timed(1, "/v/1.mp4", *[B] * 6)])
    rows, _, _ = tables(with_true_segments(of_run, listing))
    assert rows["even"]["by_clips"] == 50
    # all of the video is b
    assert rows["even"]["touched"] == 100


def test_a_clip_that_is_lost_is_in_no_row() -> None:
    nothing = (float("nan"), float("nan"))
    of_run = run([timed(0, "/v/1.mp4", nothing, A, B)])
    of_run = replace(
        of_run,
        videos=tuple(
            replace(each, scores={MD.name: np.array([0.9, 0.2, 0.1], np.float32)})
            for each in of_run.videos
        ),
    )
    listing = SegmentList({"/v/1.mp4": (TrueSegment("a", 1, 2),)})
    # K = 1 asks the clip that is lost: there is no tag
    rows, _, _ = tables(with_true_segments(of_run, listing), k=1)
    assert rows["saliency-mean"]["segments"] == 0
    assert rows["answers"]["map_70"] == 100


def test_every_segment_is_listed_with_its_overlap() -> None:
    """Of the first method, here the equal parts: their middle clips 1, 3 and 5 show a, b and a."""
    listing = SegmentList({"/v/1.mp4": (TrueSegment("a", 1, 3), TrueSegment("b", 5, 6))})
    of_run = replace(with_true_segments(made(), listing), samplers=run((), ()).samplers)
    of_run = replace(of_run, videos=of_run.videos[:1])
    found = segment_tables(of_run, Plan(k=3, draws=2)).found
    assert found is not None
    assert found.title == "Segments video by video: 3 equal parts"
    shown = [
        (row["kind"], row["label"], row["start_s"], row["end_s"], row["iou"]) for row in found.rows
    ]
    assert shown == [
        ("found", "a", 0, 2, 1 / 3),
        ("true", "a", 1, 3, 1 / 3),
        ("found", "b", 2, 4, 0),
        ("found", "a", 4, 6, 0),
        ("true", "b", 5, 6, 0),
    ]
    assert found.rows[0]["probability"] == pytest.approx(0.9)
