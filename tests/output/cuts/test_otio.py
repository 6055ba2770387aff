"""Timelines, read by OpenTimelineIO itself."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from scsampler_cli.errors import DependencyError
from scsampler_cli.output.cuts.otio import render
from tests.output.cuts.making import clip, record


def opened(tmp_path: Path, known: dict[str, Any]) -> otio.schema.Timeline:
    path = tmp_path / "cuts.otio"
    path.write_text(render(known), encoding="utf-8")
    timeline = otio.adapters.read_from_file(str(path))
    assert isinstance(timeline, otio.schema.Timeline)
    return timeline


def frames(time_range: otio.opentime.TimeRange) -> tuple[int, int]:
    """(first frame, number of frames), which are whole."""
    values = time_range.start_time.value, time_range.duration.value
    assert values == tuple(map(int, values))
    return int(values[0]), int(values[1])


SEGMENTS = [
    {"start_s": 1.0, "end_s": 3.0, "label": "bow", "probability": 0.9, "clips": [2, 3]},
    {"start_s": 8.0, "end_s": 8.5, "label": "arrow", "probability": 0.5, "clips": [13]},
]


def test_segments_are_clips_of_the_media_file_with_markers(tmp_path: Path) -> None:
    path = tmp_path / "a b.mp4"
    known = record(clip(0, 0.0, 0.64), path=str(path), duration_s=60.0, sound=True)
    timeline = opened(tmp_path, {**known, "segments": SEGMENTS})
    picture, sound = timeline.tracks
    assert (picture.kind, sound.kind) == ("Video", "Audio")
    for track in (picture, sound):
        assert [frames(c.source_range) for c in track] == [(25, 50), (200, 13)]
        # they follow one another
        assert [frames(track.range_of_child(c)) for c in track] == [(0, 50), (50, 13)]
        for each in track:
            assert each.media_reference.target_url == path.as_uri()
            assert frames(each.media_reference.available_range) == (0, 1500)
    markers = [marker for c in picture for marker in c.markers]
    assert [frames(m.marked_range) for m in markers] == [(25, 50), (200, 13)]
    assert [(m.name, m.comment) for m in markers] == [("bow", "bow 90%"), ("arrow", "arrow 50%")]
    assert [dict(m.metadata["scsampler"])["probability"] for m in markers] == [0.9, 0.5]
    assert not any(c.markers for c in sound)


def test_without_segments_selected_clips_that_touch_are_one_clip(tmp_path: Path) -> None:
    clips = [clip(3, 1.92, 2.56), clip(2, 1.28, 1.92), clip(9, 5.76, 6.4)]
    timeline = opened(tmp_path, record(*clips))
    (track,) = timeline.tracks
    assert [frames(c.source_range) for c in track] == [(32, 32), (144, 16)]


@pytest.mark.parametrize(
    ("fps", "rate"),
    [
        (29.97003, Fraction(30000, 1001)),
        (23.976024, Fraction(24000, 1001)),
        (25.0, Fraction(25)),
        # no editor's rate, and still the video's own
        (15.0, Fraction(15)),
        (12.5, Fraction(25, 2)),
    ],
)
def test_the_rate_is_that_of_the_video_and_exact(
    tmp_path: Path, fps: float, rate: Fraction
) -> None:
    start, end = (round(float(frame / rate), 6) for frame in (1001, 2002))
    timeline = opened(tmp_path, record(clip(0, start, end), fps=fps))
    (each,) = timeline.tracks[0]
    # a rate of OpenTimelineIO is a floating-point number: the nearest one
    assert each.source_range.start_time.rate == float(rate)
    assert frames(each.source_range) == (1001, 1001)
    # no error grows with the number of the frame
    assert each.source_range.start_time.to_seconds() == pytest.approx(1001 / rate, abs=1e-12)


def test_frames_count_from_the_timecode_of_the_first_frame(tmp_path: Path) -> None:
    known = record(clip(0, 101.0, 102.0), start_s=100.0, fps=25.0, timecode="01:00:00:00")
    (each,) = opened(tmp_path, known).tracks[0]
    assert frames(each.media_reference.available_range)[0] == 90_000
    assert frames(each.source_range) == (90_025, 25)
    assert each.source_range.start_time.to_timecode() == "01:00:01:00"


def test_a_clip_has_at_least_one_frame_and_a_video_may_have_no_clip(tmp_path: Path) -> None:
    (each,) = opened(tmp_path, record(clip(0, 1.0, 1.001))).tracks[0]
    assert frames(each.source_range) == (25, 1)
    (track,) = opened(tmp_path, record()).tracks
    assert list(track) == []


def test_an_odd_name_is_a_valid_address(tmp_path: Path) -> None:
    (each,) = opened(tmp_path, record(clip(0, 0.0, 0.64), path="/x\n\udcff#.mp4")).tracks[0]
    assert each.media_reference.target_url == "file:///x%0A%FF%23.mp4"


def test_the_video_of_a_feature_file_is_not_known(tmp_path: Path) -> None:
    (each,) = opened(tmp_path, record(clip(0, 0.0, 0.64), path="a.scf")).tracks[0]
    assert each.media_reference.is_missing_reference
    assert frames(each.media_reference.available_range) == (0, 90_000)


def test_without_the_library_the_error_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("scsampler_cli.output.cuts.otio.find_spec", lambda name: None)
    with pytest.raises(DependencyError, match="OpenTimelineIO is not installed") as caught:
        render(record())
    assert caught.value.hint == "pip install 'scsampler[otio]'"
    assert caught.value.code == "package-missing"
