"""Annotations of ActivityNet as lists of videos."""

import json
from pathlib import Path
from typing import Any

import pytest

from scsampler_cli.datasets.read_list import read
from scsampler_cli.errors import InputError
from tests.datasets.making import found, problems, touch, write


def listed(root: Path, **videos: dict[str, Any]) -> Path:
    # "taxonomy" and "version" are in the published files, too
    document = {"database": videos, "taxonomy": [], "version": "VERSION 1.3"}
    return write(root / "activity_net.json", json.dumps(document))


def video(subset: str, *parts: tuple[str, float, float], duration: float = 100) -> dict[str, Any]:
    annotations = [{"label": label, "segment": [start, end]} for label, start, end in parts]
    return {
        "subset": subset,
        "duration": duration,
        "resolution": "640x360",
        "url": "https://www.youtube.com/watch?v=x",
        "annotations": annotations,
    }


def test_a_video_has_the_label_of_its_annotations_and_the_split_of_its_subset(
    tmp_path: Path,
) -> None:
    names = ["bow/a.mp4", "v_b.mkv", "validation/c.webm", "training/arrow/v_d.mp4", "e.mp4"]
    touch(tmp_path, names)
    path = listed(
        tmp_path,
        a=video("training", ("bow", 0, 10), ("bow", 50, 60)),
        b=video("validation", ("arrow", 0, 99)),
        c=video("validation", ("arrow", 0, 99)),
        d=video("training", ("arrow", 0, 99)),
        e=video("testing"),
    )
    listing = read(path, learnt=False)
    assert found(listing, tmp_path) == [
        ("bow/a.mp4", "bow", "train"),
        ("v_b.mkv", "arrow", "val"),
        ("validation/c.webm", "arrow", "val"),
        ("training/arrow/v_d.mp4", "arrow", "train"),
    ]
    assert listing.notes == ("test split: 1 left out",)
    assert listing.problems == []
    # the folder of the videos may be elsewhere
    (tmp_path / "lists").mkdir()
    moved = path.rename(tmp_path / "lists" / "x.json")
    assert found(read(moved, root=tmp_path, learnt=False), tmp_path) == found(listing, tmp_path)


def test_of_several_labels_the_one_with_the_most_time_counts(tmp_path: Path) -> None:
    touch(tmp_path, ["a.mp4"])
    path = listed(tmp_path, a=video("", ("bow", 0, 10), ("arrow", 20, 26), ("arrow", 30, 36)))
    listing = read(path, learnt=False)
    assert [example.label for example in listing.examples] == ["arrow"]
    assert listing.notes == (
        "videos with parts of several labels: 1; the label of the longest time is used",
    )


def test_training_is_told_that_it_takes_whole_videos(tmp_path: Path) -> None:
    touch(tmp_path, ["a.mp4", "b.mp4", "c.mp4"])
    path = listed(
        tmp_path,
        # parts that overlap count once: 20 of 100 s
        a=video("training", ("bow", 0, 15), ("bow", 10, 20)),
        b=video("training", ("arrow", 0, 40)),
        # a trimmed video
        c=video("training", ("arrow", 0, 99)),
    )
    (note,) = read(path).notes
    assert note.startswith(
        "videos with labels of parts alone: 2 (on average 30% of a video); training takes the "
        "whole videos"
    )
    # a benchmark is about untrimmed videos
    assert read(path, learnt=False).notes == ()


def test_a_video_without_annotations_is_background_in_training_alone(tmp_path: Path) -> None:
    touch(tmp_path, ["a.mp4", "b.mp4"])
    path = listed(tmp_path, a=video("training", ("bow", 0, 99)), b=video("training"))
    learnt = read(path)
    assert found(learnt, tmp_path) == [("a.mp4", "bow", "train"), ("b.mp4", "background", "train")]
    assert learnt.background
    assert learnt.notes == ("videos without annotations: 1, taken as background",)
    assert problems(read(path, learnt=False)) == ["activity_net.json: b has no annotation"]


def test_what_is_wrong_is_said_with_the_id(tmp_path: Path) -> None:
    touch(tmp_path, ["ok.mp4"])
    path = listed(
        tmp_path,
        ok=video("training", ("bow", 0, 99), ("bow", 9, 9)),
        gone=video("training", ("bow", 0, 99)),
        dev=video("dev", ("bow", 0, 99)),
        text={"annotations": [{"label": "bow", "segment": ["0", "9"]}]},
        none={"annotations": [{"label": "", "segment": [0, 9]}]},
        list=[],
        word={"subset": "training", "annotations": "bow"},
    )
    listing = read(path)
    assert found(listing, tmp_path) == [("ok.mp4", "bow", "train")]
    said = problems(listing)
    assert len(said) == 7
    for words in (
        "ok: an annotation without a label or a segment: {'label': 'bow', 'segment': [9, 9]}",
        f"no such file: {tmp_path}/gone.*",
        "split 'dev' is neither train nor val",
        "text: an annotation without a label or a segment",
        "none: an annotation without a label or a segment",
        "not a video with its facts: 'list'",
        "word: annotations are no list: 'bow'",
    ):
        assert any(words in problem for problem in said), words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"results": {}}', 'no "database" of videos'),
        ('{"database": []}', 'no "database" of videos'),
        ('{"database": {"a"', "not JSON"),
        ('{"a": ' + "[" * 100_000, "not JSON"),
    ],
)
def test_what_is_no_list_is_one_error(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        read(write(tmp_path / "list.json", text))
    assert caught.value.code == "list-format-unknown"
