"""Tasks for Label Studio, checked against the format that it publishes."""

import json
from typing import Any

import jsonschema
import pytest

from scsampler_cli.errors import VideoError
from scsampler_cli.output.exchange.labelstudio_tasks import address
from scsampler_cli.output.records import failure
from tests.output.cuts.making import clip
from tests.output.exchange.making import document, segment, tagged

BAD = failure("classify", "bad.mp4", VideoError("bad.mp4: not a video", hint="look"))
# `TimelineLabelsTag.to_json_schema` of label-studio-sdk 2.1; its editor (TimelineRegion.js) takes
# whole numbers only
VALUE = {
    "type": "object",
    "properties": {
        "ranges": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "start": {"type": "integer", "minimum": 1},
                    "end": {"type": "integer", "minimum": 1},
                    "enabled": {"type": "boolean"},
                },
                "required": ["start", "end"],
            },
            # "one range per region" (labelstud.io/tags/timelinelabels)
            "minItems": 1,
            "maxItems": 1,
        },
        "timelinelabels": {"type": "array", "items": {"type": "string"}, "minItems": 1},
    },
    "required": ["ranges", "timelinelabels"],
}
# labelstud.io/guide/predictions, and `LabelInterface.validate_prediction` of label-studio-sdk:
# names of the tags, the type that belongs to the control tag, a score of 0 to 1
TASKS = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["data", "predictions"],
        "properties": {
            "data": {
                "type": "object",
                "required": ["video", "fps"],
                "properties": {
                    "video": {"type": "string"},
                    "fps": {"type": "number", "exclusiveMinimum": 0},
                },
            },
            "predictions": {
                "type": "array",
                "minItems": 1,
                "items": {
                    "type": "object",
                    "required": ["result"],
                    "properties": {
                        "model_version": {"type": "string"},
                        "score": {"type": "number", "minimum": 0, "maximum": 1},
                        "result": {
                            "type": "array",
                            "items": {
                                "type": "object",
                                "required": ["id", "from_name", "to_name", "type", "value"],
                                "properties": {
                                    "from_name": {"const": "actions"},
                                    "to_name": {"const": "video"},
                                    "type": {"const": "timelinelabels"},
                                    "value": VALUE,
                                },
                            },
                        },
                    },
                },
            },
        },
    },
}


def tasks(*records: dict[str, Any]) -> list[dict[str, Any]]:
    found = json.loads(document("labelstudio", *records))
    jsonschema.validate(found, TASKS)
    # "You must use different IDs" for all regions (labelstud.io/guide/predictions)
    names = [
        region["id"]
        for task in found
        for prediction in task["predictions"]
        for region in prediction["result"]
    ]
    assert len(set(names)) == len(names)
    return list(found)


def ranges(task: dict[str, Any]) -> list[tuple[str, int, int]]:
    return [
        (
            region["value"]["timelinelabels"][0],
            region["value"]["ranges"][0]["start"],
            region["value"]["ranges"][0]["end"],
        )
        for region in task["predictions"][0]["result"]
    ]


def test_segments_are_frames_from_1_with_both_ends_inside() -> None:
    found = tasks(
        tagged(segments=[segment(0.0, 0.64, "bow", 0.9), segment(2.0, 2.04, "arrow", 0.5)]),
        BAD,
        tagged(path="b.mp4", segments=[]),
    )
    assert ranges(found[0]) == [("bow", 1, 16), ("arrow", 51, 51)]
    assert [region["score"] for region in found[0]["predictions"][0]["result"]] == [0.9, 0.5]
    # a failed video has no task: there is nothing to label
    assert [task["data"]["video"] for task in found] == [
        "/data/local-files/?d=v.mp4",
        "/data/local-files/?d=b.mp4",
    ]


def test_the_frame_rate_is_in_the_task_and_exact() -> None:
    (task,) = tasks(
        tagged(clip(0, 1001 / 30, 2002 / 30, label="bow"), fps=29.97003, duration_s=100.0)
    )
    assert task["data"]["fps"] == 30000 / 1001
    assert ranges(task) == [("bow", 1001, 2000)]


def test_times_count_from_the_beginning_of_the_file() -> None:
    late = tagged(start_s=10.5, file_start_s=10.0, segments=[segment(11.0, 12.0, "bow", 0.9)])
    assert ranges(tasks(late)[0]) == [("bow", 26, 50)]


def test_an_unsure_video_has_a_prediction_without_regions() -> None:
    (task,) = tasks(tagged(clip(0, 0.0, 0.64), confident=False, confidence=0.25))
    assert task["predictions"][0]["result"] == []
    assert task["predictions"][0]["score"] == 0.25
    assert [task["data"][f"predicted_{name}"] for name in ("label", "probability")] == [None, 0.75]


def test_clips_of_background_are_left_out_with_a_note() -> None:
    known = tagged(clip(0, 0.0, 0.64, label="none"), clip(1, 0.64, 1.28, label="bow"))
    known["classifier"]["background"] = "none"
    notes: list[str] = []
    (task,) = json.loads(document("labelstudio", known, notes=notes))
    assert ranges(task) == [("bow", 17, 32)]
    assert notes == ["v.mp4: 1 of 2 clips shows background and is left out"]


def test_a_document_without_videos_is_valid() -> None:
    assert tasks() == tasks(BAD) == []


@pytest.mark.parametrize(
    ("path", "served"),
    [
        ("clips/a b#.mp4", "clips/a%20b%23.mp4"),
        ("./clips/a.mp4", "clips/a.mp4"),
        # bytes that are not UTF-8 stay the bytes that they are
        ("/clips/\udcff.mp4", "clips/%FF.mp4"),
    ],
)
def test_a_file_has_the_address_under_which_label_studio_serves_it(path: str, served: str) -> None:
    assert address(path) == f"/data/local-files/?d={served}"
