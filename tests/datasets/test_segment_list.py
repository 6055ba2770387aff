"""Lists of true segments: both forms, bad rows, and which video a row is about."""

import json
from pathlib import Path

import pytest

from scsampler_cli.datasets.segment_list import (
    SegmentList,
    Segments,
    TrueSegment,
    read_segments,
    segments_of,
)
from scsampler_cli.errors import InputError


def write(folder: Path, *rows: str, name: str = "segments.csv") -> Path:
    path = folder / name
    path.write_text("\n".join(rows) + "\n")
    return path


def test_a_row_is_a_segment(tmp_path: Path) -> None:
    listing = read_segments(
        write(
            tmp_path,
            "path,label,start_s,end_s,note",
            "b.mp4,surf,7.5,9,x",
            'b.mp4,"run, fast",1,3.25,',
            f"{tmp_path}/far/a.mp4,surf,0,1,",
        )
    )
    assert listing.segments == {
        f"{tmp_path}/b.mp4": (TrueSegment("run, fast", 1, 3.25), TrueSegment("surf", 7.5, 9)),
        f"{tmp_path}/far/a.mp4": (TrueSegment("surf", 0, 1),),
    }
    assert not listing.problems
    assert not listing.notes


def test_segments_with_labels_that_touch_stay_apart(tmp_path: Path) -> None:
    """Somebody marked them as two."""
    path = write(tmp_path, "path,label,start_s,end_s", "a.mp4,x,0,2", "a.mp4,x,2,4")
    assert len(read_segments(path).segments[f"{tmp_path}/a.mp4"]) == 2


def test_a_video_without_action_is_listed(tmp_path: Path) -> None:
    """Its predictions are wrong ones. A video that is not listed is not known at all."""
    path = write(tmp_path, "path,label,start_s,end_s", "a.mp4,,,", "b.mp4,,0,5", "c.mp4,x,0,1")
    assert read_segments(path).segments == {
        f"{tmp_path}/a.mp4": (),
        f"{tmp_path}/b.mp4": (),
        f"{tmp_path}/c.mp4": (TrueSegment("x", 0, 1),),
    }


def test_pieces_of_action_have_the_label_of_the_video(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "path,start_s,end_s,kind,source",
        "a/1.mp4,0.0,3.08,action,x.mp4",
        "a/1.mp4,3.08,5.48,other,y.mp4",
        "a/1.mp4,5.48,8,action,x.mp4",
        "a/1.mp4,8.0005,9.5,Action,x.mp4",
        "b/2.mp4,0,4,other,y.mp4",
    )
    listing = read_segments(path)
    assert listing.notes == ["pieces that follow another one directly: 1, joined with it"]
    first, second = f"{tmp_path}/a/1.mp4", f"{tmp_path}/b/2.mp4"
    assert segments_of(listing, {first: "swim", second: "run"}) == {
        first: (TrueSegment("swim", 0, 3.08), TrueSegment("swim", 5.48, 9.5)),
        second: (),
    }


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",x,0,1", "path is empty"),
        ("a.mp4,x,0", "columns: 3 instead of 4"),
        ("a.mp4,x,one,2", "start_s 'one' and end_s '2': not numbers of seconds"),
        ("a.mp4,x,,", "start_s '' and end_s '': not numbers of seconds"),
        ("a.mp4,x,2,2", "a segment from 2 to 2 s"),
        ("a.mp4,x,-1,2", "a segment from -1 to 2 s"),
        ("a.mp4,x,0,inf", "a segment from 0 to inf s"),
        ("a.mp4,x,nan,2", "a segment from nan to 2 s"),
        ("https://x.org/a.mp4,x,0,1", "a URL, and only local files are read: https://x.org/a.mp4"),
    ],
)
def test_a_bad_row_is_left_out_with_its_reason(tmp_path: Path, row: str, reason: str) -> None:
    listing = read_segments(write(tmp_path, "path,label,start_s,end_s", "z.mp4,x,0,1", row))
    assert [(each.line, each.what) for each in listing.problems] == [(3, reason)]
    assert listing.problems[0].code == "list-row-invalid"
    assert list(listing.segments) == [f"{tmp_path}/z.mp4"]


@pytest.mark.parametrize(
    ("rows", "code", "words"),
    [
        (("path,label", "a.mp4,x"), "segments-format-unknown", "unknown form"),
        (("path,start_s,end_s", "a.mp4,0,1"), "segments-format-unknown", "unknown form"),
        (("",), "segments-format-unknown", "unknown form"),
        (("path,label,start_s,end_s",), "segments-empty", "names no video"),
        (("path,label,start_s,end_s", "a.mp4,x,5,4"), "segments-empty", "segments.csv:2: a segm"),
    ],
)
def test_a_list_without_segments_is_an_error(
    tmp_path: Path, rows: tuple[str, ...], code: str, words: str
) -> None:
    with pytest.raises(InputError, match=words) as caught:
        read_segments(write(tmp_path, *rows))
    assert caught.value.code == code


def test_a_list_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.csv"):
        read_segments(tmp_path / "none.csv")


def test_a_video_is_found_through_links(tmp_path: Path) -> None:
    (tmp_path / "real.mp4").write_bytes(b"x")
    (tmp_path / "link.mp4").symlink_to("real.mp4")
    path = write(tmp_path, "path,label,start_s,end_s", "real.mp4,x,0,1", "b.mp4,x,0,1")
    link = str(tmp_path / "link.mp4")
    # the other row has the end of a path that is not this one
    labels = {link: "x", "/elsewhere/b.mp4": "x"}
    assert segments_of(read_segments(path), labels) == {link: (TrueSegment("x", 0, 1),)}


def listed(*names: str) -> SegmentList:
    segments: Segments = {name: (TrueSegment("x", 0, i + 1),) for i, name in enumerate(names)}
    return SegmentList(segments)


def test_a_list_of_another_folder_is_matched_by_the_ends_of_paths() -> None:
    listing = listed("/there/a/1.mp4", "/there/b/1.mp4", "/there/b/2.mp4")
    labels = {"/here/b/1.mp4": "x", "/here/a/1.mp4": "x", "/here/c/2.mp4": "x"}
    assert {
        video: segments[0].end_s for video, segments in segments_of(listing, labels).items()
    } == {
        "/here/a/1.mp4": 1,
        "/here/b/1.mp4": 2,
    }


def test_videos_that_the_list_does_not_tell_apart_have_no_segments() -> None:
    listing = listed("/there/1.mp4", "/there/2.mp4")
    labels = dict.fromkeys(("/here/a/1.mp4", "/here/b/1.mp4", "/here/b/2.mp4"), "x")
    assert list(segments_of(listing, labels)) == ["/here/b/2.mp4"]


def test_videos_that_no_list_has_are_left_out() -> None:
    assert segments_of(listed("/there/1.mp4"), {"/here/3.mp4": "x"}) == {}
    assert segments_of(listed("/there/1.mp4"), {}) == {}


def test_annotations_of_activitynet_are_segments(tmp_path: Path) -> None:
    database = {
        "a": {
            "subset": "validation",
            "annotations": [
                {"label": "surf", "segment": [7.5, 9]},
                {"label": "run", "segment": [1, 3.25]},
            ],
        },
        "b": {"subset": "training", "annotations": []},
        "c": {"subset": "testing", "annotations": []},
        "d": {"subset": "training", "annotations": [{"label": "run", "segment": [5, 4]}]},
    }
    (tmp_path / "v_a.mp4").touch()
    listing = read_segments(write(tmp_path, json.dumps({"database": database}), name="x.json"))
    segments = (TrueSegment("run", 1, 3.25), TrueSegment("surf", 7.5, 9))
    assert listing.segments == {f"{tmp_path}/v_a.mp4": segments, f"{tmp_path}/b.*": ()}
    assert listing.notes == ["videos of the test split without annotations: 1 left out"]
    assert [problem.what.split(":")[0] for problem in listing.problems] == ["d"]
    # videos in other places are known by their IDs
    elsewhere = {"/far/b.mkv": "run", "/far/v_a.webm": "run", "/far/c.mp4": "run"}
    assert segments_of(listing, elsewhere) == {"/far/b.mkv": (), "/far/v_a.webm": segments}


def test_parts_of_label_studio_are_segments(tmp_path: Path) -> None:
    region = '{"ranges": [{"start": 26, "end": 50}], "timelinelabels": ["surf"]}'
    path = write(
        tmp_path,
        f'[{{"video": "a.mp4", "fps": 25, "id": 1, "x": [{region}], "annotator": 1}},',
        f'{{"video": "b.mp4", "id": 2, "x": [{region}], "annotator": 1}},',
        '{"video": "c.mp4", "id": 3, "x": "surf", "annotator": 1},',
        '{"video": "d.mp4", "id": 4, "annotator": 1},',
        '{"video": "a.mp4", "id": 5, "annotator": 1}]',
        name="x.json",
    )
    listing = read_segments(path)
    assert listing.segments == {
        f"{tmp_path}/a.mp4": (TrueSegment("surf", 1.0, 2.0),),
        # annotated, and nothing found
        f"{tmp_path}/d.mp4": (),
    }
    assert [problem.what for problem in listing.problems] == [
        "task 2 (b.mp4): frames, and no frame rate in the column fps",
        "task 3 (c.mp4): a label of the whole video alone",
        "task 5 (a.mp4): an earlier task has the same video",
    ]
