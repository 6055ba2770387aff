"""True segments of a run: which videos have them, on disk and back, and the tables of them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from scsampler_cli.bench import run_folder
from scsampler_cli.bench.plan import Plan
from scsampler_cli.bench.pooling import pooled
from scsampler_cli.bench.run_data import Run, VideoData
from scsampler_cli.bench.summary import summarise
from scsampler_cli.bench.true_segments import check_listed, check_usable, with_true_segments
from scsampler_cli.datasets.example import Problem
from scsampler_cli.datasets.segment_list import SegmentList, TrueSegment
from scsampler_cli.errors import InputError
from tests.bench.making import LABELS, run, video

PLAN = Plan(k=2, draws=2)
A, B = (0.9, 0.1), (0.2, 0.8)


def timed(target: int, path: str, *rows: tuple[float, float]) -> VideoData:
    """Clips of a second; the salient ones are those of `A`."""
    starts = np.arange(len(rows), dtype=float)
    made = video(target, rows, visual=[row[0] for row in rows], path=path)
    times = np.stack([starts, starts + 1], axis=1)
    return replace(made, times=times, seconds=float(len(rows)), labels=LABELS)


def made() -> Run:
    return run(
        [
            timed(0, "/v/1.mp4", B, A, A, B, B, A),
            timed(0, "/v/2.mp4", B, B, A),
            timed(1, "/v/3.mp4", B, B),
        ]
    )


LIST = SegmentList(
    {
        "/v/1.mp4": (TrueSegment("", 1, 3), TrueSegment("", 4.6, 5)),
        "/v/2.mp4": (),
        "/v/9.mp4": (TrueSegment("b", 0, 1),),
    },
    notes=("a note of the list",),
)


def test_videos_of_the_list_have_its_segments_and_others_have_none_known() -> None:
    of_run = with_true_segments(made(), LIST)
    first = (TrueSegment("a", 1, 3), TrueSegment("a", 4.6, 5))
    assert [each.true_segments for each in of_run.videos] == [first, (), None]
    assert of_run.segment_notes == ("a note of the list",)
    # the next list replaces them
    other = with_true_segments(of_run, SegmentList({"/v/3.mp4": (TrueSegment("b", 0, 1),)}))
    assert [each.true_segments for each in other.videos] == [
        None,
        None,
        (TrueSegment("b", 0, 1),),
    ]
    assert other.segment_notes == ()


def test_what_the_list_has_beyond_the_classifier_is_noted() -> None:
    segments = tuple(TrueSegment(label, 0, 1) for label in ("a", "x", "x", "A"))
    listing = SegmentList(
        {"/v/1.mp4": segments}, (Problem("s.csv", 2, "path is empty", code="list-row-invalid"),)
    )
    of_run = with_true_segments(made(), listing)
    assert of_run.videos[0].true_segments == segments[:1]
    assert of_run.segment_notes == (
        "rows of the list of segments that were left out: 1",
        "3 true segments left out: f does not know the label 'A', 'x'; did you mean 'a' by 'A'? "
        "labels are compared letter by letter",
    )


def test_background_is_no_action() -> None:
    with_background = replace(
        made(), videos=tuple(replace(each, background=1) for each in made().videos)
    )
    listing = SegmentList({"/v/1.mp4": (TrueSegment("b", 0, 1),)})
    assert with_true_segments(with_background, listing).videos[0].true_segments == ()


def test_segments_beyond_the_end_are_noted() -> None:
    """As where the times are frames, or milliseconds."""
    video = made().videos[0]
    end = video.seconds
    segments = (
        TrueSegment("a", 0, end + 0.5),
        TrueSegment("a", end - 1, end + 50),
        TrueSegment("a", end + 1, end + 9),
    )
    of_run = with_true_segments(made(), SegmentList({video.path: segments}))
    assert of_run.videos[0].true_segments == segments[:2]
    (note,) = of_run.segment_notes
    assert note.startswith("2 true segments beyond the end of the video, as ")
    assert "in seconds?" in note


def test_a_list_of_which_nothing_is_left_is_refused() -> None:
    run = with_true_segments(made(), SegmentList({"/v/1.mp4": (TrueSegment("x", 0, 1),)}))
    with pytest.raises(InputError, match="does not know the label 'x'") as caught:
        check_usable([run])
    assert caught.value.code == "segments-unusable"
    check_usable([run, with_true_segments(made(), LIST)])


def test_a_report_without_times_is_refused() -> None:
    old = replace(made(), videos=tuple(replace(each, times=None) for each in made().videos))
    with pytest.raises(InputError, match="earlier version") as caught:
        with_true_segments(old, LIST)
    assert caught.value.code == "segments-without-times"


def test_a_list_of_other_videos_is_refused() -> None:
    check_listed(LIST, ["/v/3.mp4", "/v/2.mp4"])
    with pytest.raises(InputError, match=r"which names /v/1\.mp4") as caught:
        check_listed(LIST, ["/v/3.mp4"])
    assert caught.value.code == "segments-unmatched"


def test_segments_come_back_from_disk_and_make_the_same_report(tmp_path: Path) -> None:
    of_run = with_true_segments(made(), LIST)
    run_folder.save([of_run], PLAN, tmp_path / "known")
    (again,) = run_folder.load(tmp_path / "known")
    assert [each.true_segments for each in again.videos] == [
        each.true_segments for each in of_run.videos
    ]
    assert [each.labels for each in again.videos] == [LABELS] * 3
    assert all(
        np.array_equal(ours.times, theirs.times)
        for ours, theirs in zip(of_run.videos, again.videos, strict=True)
    )
    record = summarise([again], PLAN).record()
    assert record == summarise([of_run], PLAN).record()
    assert {"segments", "segment_classes"} <= set(record["runs"][0]["tables"])


def test_a_run_without_a_list_has_no_table_of_segments(tmp_path: Path) -> None:
    run_folder.save([made()], PLAN, tmp_path / "known")
    (again,) = run_folder.load(tmp_path / "known")
    assert again.videos[0].true_segments is None
    assert "segments" not in summarise([again], PLAN).record()["runs"][0]["tables"]


@pytest.mark.parametrize("damage", ["cut", "short"])
def test_damaged_times_are_told(tmp_path: Path, damage: str) -> None:
    run_folder.save([made()], PLAN, tmp_path / "known")
    path = tmp_path / "known" / "run1" / "times.npy"
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:40])
    else:
        np.save(path, np.load(path)[:-1])
    with pytest.raises(InputError, match="damaged"):
        run_folder.load(tmp_path / "known")


def test_pooled_runs_keep_the_segments_of_their_videos() -> None:
    first = with_true_segments(made(), LIST)
    moved = tuple(replace(each, path="/w" + each.path[2:]) for each in made().videos)
    both = pooled([first, replace(made(), videos=moved)], "both")
    assert [each.true_segments is None for each in both.videos] == [False, False, *[True] * 4]
    assert both.segment_notes == first.segment_notes
    (section,) = summarise([both], PLAN).sections
    (table,) = [table for table in section.tables if table.key == "segments"]
    assert "The list of segments lacks 4 videos, left out here." in table.notes[0]
