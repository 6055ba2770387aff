"""Exports of Label Studio as lists of videos."""

import json
from pathlib import Path
from typing import Any

import pytest

from scsampler_cli.datasets.label_studio import labelled_tasks
from scsampler_cli.datasets.label_studio_file import find_file
from scsampler_cli.datasets.labelled_parts import Part
from scsampler_cli.datasets.read_list import read
from scsampler_cli.errors import InputError
from tests.datasets.making import found, problems, touch, write
from tests.output.exchange.making import document, segment, tagged

# as `Converter.convert_to_json_min` of label-studio-sdk 2.1 writes it, with the slashes
# that it escapes
MIN = r"""[
{"video": "\/data\/local-files\/?d=clips\/a.mp4", "fps": 25.0, "title": "a film", "id": 7,
 "actions": [{"ranges": [{"start": 1, "end": 16}], "timelinelabels": ["bow"]},
             {"ranges": [{"start": 51, "end": 51}], "timelinelabels": ["arrow"]}],
 "tag": "archery", "annotator": 1, "annotation_id": 3, "created_at": "2026", "lead_time": 1.0},
{"video": "\/data\/local-files\/?d=clips\/b.mp4", "fps": 25.0, "id": 8,
 "tag": {"choices": ["surfing", "diving"]}, "annotator": 1, "annotation_id": 4},
{"video": "\/data\/local-files\/?d=clips\/c.mp4", "id": 9,
 "actions": [{"ranges": [{"start": 1, "end": 16}], "timelinelabels": ["bow"]},
             {"ranges": [{"start": 20, "end": 99}], "timelinelabels": ["arrow"]}],
 "annotator": 1, "annotation_id": 5}
]
"""


def region(label: str, first: int, last: int) -> dict[str, Any]:
    return {
        "id": f"{label}{first}",
        "from_name": "actions",
        "to_name": "video",
        "type": "timelinelabels",
        "value": {"ranges": [{"start": first, "end": last}], "timelinelabels": [label]},
    }


def choice(*labels: str) -> dict[str, Any]:
    value = {"choices": list(labels)}
    return {"from_name": "tag", "to_name": "video", "type": "choices", "value": value}


def task(number: int, data: dict[str, Any], *annotations: dict[str, Any]) -> dict[str, Any]:
    # labelstud.io/guide/export, "Label Studio JSON format of annotated tasks"
    return {"id": number, "data": data, "annotations": list(annotations), "predictions": []}


def annotation(*results: dict[str, Any], skipped: bool = False) -> dict[str, Any]:
    return {"id": 1, "result": list(results), "was_cancelled": skipped, "completed_by": 1}


def export(root: Path, *tasks: dict[str, Any]) -> Path:
    return write(root / "export.json", json.dumps(tasks))


def test_choices_and_parts_of_json_min(tmp_path: Path) -> None:
    touch(tmp_path, ["clips/a.mp4", "clips/b.mp4", "clips/c.mp4"])
    listing = read(write(tmp_path / "min.json", MIN), learnt=False)
    assert found(listing, tmp_path) == [
        ("clips/a.mp4", "archery", "train"),
        ("clips/b.mp4", "surfing", "train"),
        ("clips/c.mp4", "arrow", "train"),
    ]
    assert listing.notes == (
        "videos with several choices: 1; the first is used",
        "videos with parts of several labels: 1; the label of the longest time is used",
    )
    tasks = labelled_tasks(tmp_path / "min.json", [])
    # frames from 1 with both ends inside are frames from 0 to an end outside
    assert tasks[0].frames == (Part("bow", 0, 16), Part("arrow", 50, 51))
    assert tasks[0].parts_in_seconds() == (Part("bow", 0, 0.64), Part("arrow", 2.0, 2.04))
    # the rate at which frames were labelled is not known
    assert tasks[2].parts_in_seconds() is None


def test_choices_and_parts_of_json(tmp_path: Path) -> None:
    touch(tmp_path, ["a.mp4", "b.mp4", "c.mp4"])
    audio = {"type": "labels", "value": {"start": 1.5, "end": 4.0, "labels": ["bow"]}}
    path = export(
        tmp_path,
        task(1, {"video": "a.mp4", "split": "train"}, annotation(choice("archery"))),
        task(2, {"clip": "b.mp4", "split": "val", "fps": "25"}, annotation(region("bow", 1, 5))),
        task(3, {"video": "c.mp4", "group": "g", "title": "x"}, annotation(audio)),
    )
    listing = read(path, learnt=False)
    assert [(e.label, e.split, e.group) for e in listing.examples] == [
        ("archery", "train", ""),
        ("bow", "val", ""),
        ("bow", "train", "g"),
    ]
    tasks = labelled_tasks(path, [])
    assert tasks[1].parts_in_seconds() == (Part("bow", 0, 0.2),)
    assert tasks[2].parts_in_seconds() == (Part("bow", 1.5, 4.0),)


def test_the_first_annotation_that_was_not_skipped_counts(tmp_path: Path) -> None:
    touch(tmp_path, ["a.mp4", "b.mp4"])
    path = export(
        tmp_path,
        task(
            1,
            {"video": "a.mp4"},
            annotation(choice("diving"), skipped=True),
            annotation(choice("surfing")),
            annotation(choice("archery")),
        ),
        task(2, {"video": "b.mp4"}, annotation(skipped=True)),
    )
    listing = read(path, learnt=False)
    assert found(listing, tmp_path) == [("a.mp4", "surfing", "train")]
    assert listing.notes == (
        "videos that were annotated more than once: 1; the first annotation is used",
    )
    assert problems(listing) == ["export.json: task 2: b.mp4 has no annotation"]
    twice = '{"video": "a.mp4", "id": 1, "tag": "%s", "annotator": 1}'
    both = write(tmp_path / "min.json", f"[{twice % 'surfing'}, {twice % 'archery'}]")
    assert found(read(both, learnt=False), tmp_path) == found(listing, tmp_path)
    assert read(both, learnt=False).notes == listing.notes


def test_training_takes_no_label_as_background_and_whole_videos(tmp_path: Path) -> None:
    touch(tmp_path, ["a.mp4", "b.mp4"])
    path = export(
        tmp_path,
        task(1, {"video": "a.mp4", "fps": 25, "duration": 10}, annotation(region("bow", 1, 125))),
        task(2, {"video": "b.mp4"}, annotation()),
    )
    listing = read(path)
    assert found(listing, tmp_path) == [
        ("a.mp4", "bow", "train"),
        ("b.mp4", "background", "train"),
    ]
    parts, background = listing.notes
    assert parts.startswith("videos with labels of parts alone: 1 (on average 50% of a video);")
    assert background == "videos without a label: 1, taken as background"
    assert problems(read(path, learnt=False)) == ["export.json: task 2 (b.mp4) has no label"]


def test_tasks_of_ours_come_back_when_they_are_accepted(tmp_path: Path) -> None:
    touch(tmp_path, ["clips/a b.mp4"])
    found_segments = [segment(0.0, 0.64, "bow", 0.9), segment(2.0, 4.0, "arrow", 0.5)]
    text = document(
        "labelstudio", tagged(path="clips/a b.mp4", fps=29.97003, segments=found_segments)
    )
    (made,) = json.loads(text)
    (prediction,) = made["predictions"]
    path = export(tmp_path, task(1, made["data"], annotation(*prediction["result"])))
    assert found(read(path, learnt=False), tmp_path) == [("clips/a b.mp4", "arrow", "train")]
    (back,) = labelled_tasks(path, [])
    parts = back.parts_in_seconds()
    assert parts is not None
    # to the nearest frame
    assert [part.label for part in parts] == ["bow", "arrow"]
    assert [time for part in parts for time in part[1:]] == pytest.approx(
        [0.0, 0.64, 2.0, 4.0], abs=0.5 / 29.97
    )


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("clips/a.mp4", "clips/a.mp4"),
        ("a #1?.mp4", "a #1?.mp4"),
        ("other/machine/b.mp4", "b.mp4"),
        ("/data/local-files/?d=clips/a.mp4", "clips/a.mp4"),
        ("/data/local-files/?d=elsewhere%2Fb.mp4", "b.mp4"),
        ("http://localhost:8080/data/local-files/?d=clips/a.mp4", "clips/a.mp4"),
        # Label Studio puts a random number in front of the name of an uploaded file
        ("/data/upload/3/3d3ad63e-b.mp4", "b.mp4"),
        ("/data/upload/3/3d3ad63e-c.mp4", "3d3ad63e-c.mp4"),
        ("https://example.com/x/b.mp4?signature=1", "b.mp4"),
        ("s3://bucket/x/b.mp4", "b.mp4"),
    ],
)
def test_a_file_is_found_by_its_address(tmp_path: Path, address: str, name: str) -> None:
    touch(tmp_path, ["clips/a.mp4", "a #1?.mp4", "b.mp4", "3d3ad63e-c.mp4"])
    assert find_file(address, tmp_path) == str(tmp_path / name)
    absolute = f"/data/local-files/?d={str(tmp_path).lstrip('/')}/b.mp4"
    assert find_file(absolute, tmp_path / "clips") == str(tmp_path / "b.mp4")


def test_what_is_wrong_is_said_with_the_task(tmp_path: Path) -> None:
    done = annotation(choice("archery"))
    path = export(
        tmp_path,
        task(4, {"image": "a.png"}, done),
        task(5, {"left": "a.mp4", "right": "b.mp4"}, done),
        task(6, {"video": "gone.mp4"}, done),
        task(7, {"video": "%00.mp4"}, annotation(choice("x"))),
        {"data": {"video": "a.mp4"}},
    )
    path.write_text(path.read_text()[:-1] + ", 3]")
    assert problems(read(path, learnt=False)) == [
        "export.json: task 4: no column names a video",
        "export.json: task 5: 2 columns name a video",
        "export.json: task 5: a.mp4 has no annotation",
        "export.json: task 6: not a task",
        f"export.json: no such file: {tmp_path}/gone.mp4",
        f"export.json: no such file: {tmp_path}/%00.mp4",
    ]


def test_what_is_no_array_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no array of tasks"):
        read(write(tmp_path / "x.json", "{}"), "labelstudio")
    with pytest.raises(InputError, match="not JSON"):
        read(write(tmp_path / "x.json", '[{"video"'))
