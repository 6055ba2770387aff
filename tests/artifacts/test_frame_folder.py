"""Frames of clips and segments: the right ones, upright, with a list that other tools read."""

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scsampler_cli.artifacts.artifact_paths import Artifacts
from scsampler_cli.artifacts.frame_manifest import FrameSettings, is_manifest, joined_lines
from scsampler_cli.artifacts.make import with_artifacts
from scsampler_cli.files.marks import is_marked
from scsampler_cli.output.records import ClassifyResult
from scsampler_cli.output.segment import Segment
from tests.output.searching import BRIGHT, FRAMES, classified, level, write
from tests.synthetic import static, write_video


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("frames") / "v.mp4")


@pytest.fixture(scope="module")
def searched(path: Path) -> ClassifyResult:
    return classified(path)


def made(
    result: ClassifyResult,
    path: Path,
    folder: Path,
    each: int | None = None,
    size: int | None = None,
) -> tuple[dict, list[dict]]:
    """The record and the lines of the list."""
    manifest = folder / "manifest.jsonl"
    settings = FrameSettings(each=each, size=size)
    artifacts = Artifacts(frames={path: manifest}, frame_settings=settings)
    record = with_artifacts(result, path, (FRAMES, 1), artifacts=artifacts)
    assert artifacts.are_there(record)
    assert record["files"] == {"frames": str(manifest)}
    lines = [json.loads(line) for line in manifest.read_text().splitlines()]
    assert all((folder / line["file"]).is_file() for line in lines)
    return record, lines


def grey(path: Path) -> float:
    with Image.open(path) as image:
        return float(np.asarray(image.convert("L")).mean())


def test_one_frame_of_each_clip_that_shows_a_class(
    searched: ClassifyResult, path: Path, tmp_path: Path
) -> None:
    record, lines = made(searched, path, tmp_path / "f")
    shown = sorted(clip.clip for clip in searched.clips if clip.clip in BRIGHT)
    assert [line["clip"] for line in lines] == shown
    assert [line["frame"] for line in lines] == [FRAMES * clip + FRAMES // 2 for clip in shown]
    for line in lines:
        assert grey(tmp_path / "f" / line["file"]) == pytest.approx(level(line["clip"]), abs=4)
        assert line["time_s"] == pytest.approx(line["frame"] / 25)
        assert line["start_s"] <= line["time_s"] < line["end_s"]
        assert (line["label"], line["segment"]) == ("day", None)
        assert line["score_of"] == "confidence"
        assert 0 < line["score"] <= 1
        assert line["probability"] > 0.8
        assert line["video"] == str(path)
    assert "frames: 6 of 8 clips show background and are left out" in record["notes"]
    assert record["frames"] == {"each": 1, "size": None}
    assert sorted(p.name for p in (tmp_path / "f").iterdir()) == sorted(
        ["manifest.jsonl", *(line["file"] for line in lines)]
    )


@pytest.mark.parametrize(("each", "offsets"), [(1, [8]), (2, [4, 12]), (4, [2, 6, 10, 14])])
def test_frames_of_a_clip_are_evenly_spaced(
    searched: ClassifyResult, path: Path, tmp_path: Path, each: int, offsets: list[int]
) -> None:
    _, lines = made(searched, path, tmp_path, each)
    assert [line["frame"] % FRAMES for line in lines] == offsets * (len(lines) // each)


def test_there_are_no_more_frames_than_a_clip_has(
    searched: ClassifyResult, path: Path, tmp_path: Path
) -> None:
    _, lines = made(searched, path, tmp_path, 40)
    frames = [line["frame"] for line in lines]
    assert frames == sorted(set(frames))
    assert len(frames) == FRAMES * len({line["clip"] for line in lines})


def test_frames_of_segments_have_their_labels_and_may_be_shared(
    searched: ClassifyResult, path: Path, tmp_path: Path
) -> None:
    first = Segment(Fraction(8, 25), Fraction(58, 25), "day", probability=0.9, clips=(1,))
    second = Segment(Fraction(57, 25), Fraction(59, 25), "dusk", probability=0.6, clips=(3,))
    result = replace(searched, segments=(first, second))
    record, lines = made(result, path, tmp_path, 50)
    of_first = [line for line in lines if line["segment"] == 0]
    of_second = [line for line in lines if line["segment"] == 1]
    assert [line["frame"] for line in of_first] == list(range(8, 58))
    assert [line["frame"] for line in of_second] == [57, 58]
    assert {line["label"] for line in of_first} == {"day"}
    assert {(line["label"], line["probability"]) for line in of_second} == {("dusk", 0.6)}
    # one file, in two lines
    assert of_first[-1]["file"] == of_second[0]["file"]
    assert len(list(tmp_path.glob("*.jpg"))) == 51
    assert of_first[-1]["clip"] == 57 // FRAMES
    assert not any("frames" in note for note in record["notes"])
    _, few = made(result, path, tmp_path, 2)
    assert [line["frame"] for line in few] == [20, 45, 57, 58]
    record, _ = made(result, path, tmp_path)
    assert record["frames"] == {"each": 4, "size": None}


def test_without_a_segment_the_selected_clips_are_shown_and_a_note_says_so(
    searched: ClassifyResult, path: Path, tmp_path: Path
) -> None:
    record, lines = made(replace(searched, segments=()), path, tmp_path)
    assert {line["clip"] for line in lines} <= set(BRIGHT)
    assert lines
    assert "frames: no segment was found; they are of the selected clips instead" in record["notes"]


def test_an_unsure_video_has_all_its_clips_without_labels(
    searched: ClassifyResult, path: Path, tmp_path: Path
) -> None:
    unsure = replace(searched, confidence=0.1, min_probability=0.5)
    _, lines = made(unsure, path, tmp_path)
    assert [line["clip"] for line in lines] == sorted(clip.clip for clip in unsure.clips)
    assert {(line["label"], line["probability"]) for line in lines} == {(None, None)}


def test_where_all_clips_show_background_all_are_written(
    searched: ClassifyResult, path: Path, tmp_path: Path
) -> None:
    dark = tuple(clip for clip in searched.clips if clip.clip not in BRIGHT)
    _, lines = made(replace(searched, clips=dark), path, tmp_path)
    assert len(lines) == len(dark)
    assert {line["label"] for line in lines} == {"night"}


def test_frames_of_an_earlier_run_are_removed_and_other_files_stay(
    searched: ClassifyResult, path: Path, tmp_path: Path
) -> None:
    _, many = made(searched, path, tmp_path, 4)
    (tmp_path / "frame-mine.jpg").write_bytes(b"precious")
    _, few = made(searched, path, tmp_path, 1)
    assert len(few) < len(many)
    assert {p.name for p in tmp_path.glob("*.jpg")} == {
        "frame-mine.jpg",
        *(line["file"] for line in few),
    }
    assert is_manifest(tmp_path / "manifest.jsonl")
    assert all(is_marked(tmp_path / line["file"]) for line in few)


def test_a_clip_that_cannot_be_decoded_is_left_out_with_a_note(tmp_path: Path) -> None:
    path = write(tmp_path / "v.mp4", damaged=4)
    result = classified(path, k=12, strategy="dense")
    record, lines = made(result, path, tmp_path / "f")
    assert {line["clip"] for line in lines} == {5, 9}
    assert "frames: 1 frame could not be decoded" in record["notes"]


@pytest.mark.parametrize(("size", "shape"), [(None, (48, 96)), (64, (32, 64)), (999, (48, 96))])
def test_frames_are_upright_and_as_wide_as_they_are_shown(
    tmp_path: Path, size: int | None, shape: tuple[int, int]
) -> None:
    """Stored as 96 x 96 with pixels twice as high as wide, and turned."""
    path = write_video(
        tmp_path / "v.mp4", static(32, 96, 96), rotation=90, pixel_aspect=Fraction(1, 2)
    )
    _, lines = made(classified(path, k=1, strategy="uniform"), path, tmp_path / "f", 1, size)
    with Image.open(tmp_path / "f" / lines[0]["file"]) as image:
        assert (image.height, image.width) == shape


def test_a_folder_that_cannot_be_made_is_a_failed_file(
    searched: ClassifyResult, path: Path, tmp_path: Path
) -> None:
    (tmp_path / "v.mp4").write_text("a file in the place of the folder")
    manifest = tmp_path / "v.mp4" / "manifest.jsonl"
    artifacts = Artifacts(frames={path: manifest}, frame_settings=FrameSettings(each=1))
    record = with_artifacts(searched, path, (FRAMES, 1), artifacts=artifacts)
    assert record["files_failed"]["frames"]["type"] == "OutputError"
    assert "frames" not in record
    assert not artifacts.are_there(record)


def test_a_run_with_other_frames_makes_them_again(
    searched: ClassifyResult, path: Path, tmp_path: Path
) -> None:
    record, _ = made(searched, path, tmp_path, 2)
    targets = {path: tmp_path / "manifest.jsonl"}
    for settings, is_kept in (
        (FrameSettings(each=2), True),
        (FrameSettings(each=3), False),
        (FrameSettings(each=2, size=64), False),
    ):
        assert Artifacts(frames=targets, frame_settings=settings).are_there(record) == is_kept


def test_the_lists_of_two_videos_are_joined_with_paths_from_the_new_list(
    searched: ClassifyResult, path: Path, tmp_path: Path
) -> None:
    lists = []
    for name in ("a", "below/b"):
        _, lines = made(searched, path, tmp_path / name)
        lists.append(tmp_path / name / "manifest.jsonl")
    joined = list(joined_lines(lists, tmp_path / "all.jsonl"))
    assert len(joined) == 2 * len(lines)
    assert all((tmp_path / line["file"]).is_file() for line in joined)
    assert {Path(line["file"]).parent.as_posix() for line in joined} == {"a", "below/b"}
