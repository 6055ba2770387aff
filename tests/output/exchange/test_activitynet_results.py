"""Results of ActivityNet, read as its published evaluation reads them."""

import json

import pytest

from scsampler_cli.errors import SettingsError, VideoError
from scsampler_cli.output.exchange.activitynet_results import check_ids, video_id
from scsampler_cli.output.records import failure
from tests.output.cuts.making import clip
from tests.output.exchange.making import document, segment, tagged

BAD = failure("classify", "bad.mp4", VideoError("bad.mp4: not a video", hint="look"))


def predictions(text: str, labels: set[str]) -> list[tuple[str, float, float, str, float]]:
    """(ID, start, end, label, score), by the steps of `_import_prediction` in
    Evaluation/eval_detection.py of github.com/activitynet/ActivityNet.
    """
    data = json.loads(text)
    # PREDICTION_FIELDS there; a missing one is "Please input a valid prediction file."
    assert {"results", "version", "external_data"} <= data.keys()
    # a label that the annotations lack is a KeyError there
    index = {label: label for label in labels}
    return [
        (
            video,
            float(result["segment"][0]),
            float(result["segment"][1]),
            index[result["label"]],
            result["score"],
        )
        for video, results in data["results"].items()
        for result in results
    ]


def test_segments_of_all_videos_are_in_one_document() -> None:
    first = tagged(
        clip(0, 0.0, 0.64),
        path="clips/a.mp4",
        segments=[segment(1.28, 7.5, "bow", 0.9), segment(9.0, 10.24, "arrow", 0.5)],
    )
    second = tagged(path="clips/b.mkv", segments=[])
    text = document("activitynet", first, BAD, second)
    assert predictions(text, {"bow", "arrow"}) == [
        ("a", 1.28, 7.5, "bow", 0.9),
        ("a", 9.0, 10.24, "arrow", 0.5),
    ]
    data = json.loads(text)
    assert data["version"] == "VERSION 1.3"
    # a failed video has no entry, one without segments an empty one
    assert list(data["results"]) == ["a", "b"]
    assert data["external_data"]["used"] is True
    assert f"demo (SHA-256 {'ab' * 32})" in data["external_data"]["details"]


def test_without_segments_touching_clips_of_a_label_are_one_result() -> None:
    clips = [
        clip(2, 1.28, 1.92, label="bow", probability=0.5),
        clip(1, 0.64, 1.28, label="bow", probability=1.0),
        clip(3, 1.92, 2.56, label="arrow", probability=0.25),
        clip(9, 5.76, 6.4, label=None, probability=None),
    ]
    assert predictions(document("activitynet", tagged(*clips)), {"bow", "arrow"}) == [
        ("v", 0.64, 1.92, "bow", 0.75),
        ("v", 1.92, 2.56, "arrow", 0.25),
    ]


def test_times_count_from_the_beginning_of_the_file() -> None:
    late = tagged(
        start_s=3600.5, file_start_s=3600.0, segments=[segment(3601.0, 3602.0, "bow", 0.9)]
    )
    assert predictions(document("activitynet", late), {"bow"}) == [("v", 1.0, 2.0, "bow", 0.9)]


def test_an_unsure_video_has_no_result() -> None:
    unsure = tagged(clip(0, 0.0, 0.64), confident=False, segments=[segment(0, 1, "bow", 0.2)])
    notes: list[str] = []
    assert json.loads(document("activitynet", unsure, notes=notes))["results"] == {"v": []}
    assert notes == ["v.mp4: unsure, and so without labels"]


def test_clips_of_background_are_left_out_with_a_note() -> None:
    known = tagged(clip(0, 0.0, 0.64, label="none"), clip(1, 0.64, 1.28, label="bow"))
    known["classifier"]["background"] = "none"
    notes: list[str] = []
    text = document("activitynet", known, notes=notes)
    assert predictions(text, {"bow"}) == [("v", 0.64, 1.28, "bow", 0.75)]
    assert notes == ["v.mp4: 1 of 2 clips shows background and is left out"]


def test_a_document_without_videos_is_valid() -> None:
    for records in ([], [BAD]):
        assert json.loads(document("activitynet", *records))["results"] == {}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("clips/a.b.mp4", "a.b"),
        # the names of files in which ActivityNet is distributed
        ("v_QOlSCBRmfWY.mp4", "QOlSCBRmfWY"),
        ("v_short.mp4", "v_short"),
    ],
)
def test_the_id_is_the_name_of_the_file_as_annotations_have_it(path: str, name: str) -> None:
    assert video_id(path) == name


def test_two_videos_with_one_id_are_refused() -> None:
    paths = ["x/a.mp4", "y/a.mkv"]
    with pytest.raises(SettingsError, match=r"x/a.mp4 and y/a.mkv both have the ID a"):
        check_ids(paths)
    with pytest.raises(SettingsError, match="both have the ID a"):
        document("activitynet", *(tagged(path=path) for path in paths))
