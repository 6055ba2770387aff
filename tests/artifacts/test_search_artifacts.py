"""Files made of a search: the sheet has the best answers first, the reel is in time order."""

import io
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from scsampler_cli.artifacts.artifact_paths import Artifacts
from scsampler_cli.artifacts.make import with_artifacts
from scsampler_cli.output.records import ClassifyResult
from scsampler_cli.output.segment import Segment
from tests.output.searching import BRIGHT, FRAMES, classified, level, write


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("search") / "v.mp4")


@pytest.fixture(scope="module")
def searched(path: Path) -> ClassifyResult:
    return classified(path)


def test_a_contact_sheet_has_the_most_confident_answers_first(
    searched: ClassifyResult, path: Path, tmp_path: Path
) -> None:
    sheet = tmp_path / "v.jpg"
    with_artifacts(searched, path, (FRAMES, 1), artifacts=Artifacts(thumbnails={path: sheet}))
    with Image.open(io.BytesIO(sheet.read_bytes())) as image:
        grey = np.asarray(image.convert("L"), np.float64)
    # the middle of each place: five in the first row, the others below
    step = (grey.shape[1] - 12) / 5, (grey.shape[0] - 42) / 2
    shown = [
        grey[round(42 + row * step[1] + 72), round(12 + column * step[0] + 96)]
        for row in range(2)
        for column in range(5)
    ][:8]
    expected = sorted((level(clip.clip) for clip in searched.clips), reverse=True)
    assert np.abs(np.subtract(shown, expected)).max() < 12


def test_a_reel_has_the_clips_that_show_a_class_in_time_order(
    searched: ClassifyResult, path: Path, tmp_path: Path
) -> None:
    reel = tmp_path / "v.mp4"
    artifacts = Artifacts(reels={path: reel})
    record = with_artifacts(searched, path, (FRAMES, 1), artifacts=artifacts)
    assert "files_failed" not in record
    assert record["notes"][-1] == "reel: 6 of 8 clips show background and are left out"
    with av.open(str(reel)) as box:
        frames = [frame.to_ndarray(format="gray").mean() for frame in box.decode(video=0)]
    bright = sorted(clip.clip for clip in searched.clips if clip.clip in BRIGHT)
    assert len(frames) == FRAMES * len(bright) == FRAMES * 2
    shown = [frames[at] for at in range(FRAMES // 2, len(frames), FRAMES)]
    assert np.abs(np.subtract(shown, [level(number) for number in bright])).max() < 12


def test_a_reel_is_made_of_segments_where_there_are_some(
    searched: ClassifyResult, path: Path, tmp_path: Path
) -> None:
    reel = tmp_path / "v.mp4"
    artifacts = Artifacts(reels={path: reel})
    found = Segment(Fraction(8, 25), Fraction(58, 25), "day", probability=0.9, clips=(1,))
    record = with_artifacts(
        replace(searched, segments=(found,)), path, (FRAMES, 1), artifacts=artifacts
    )
    assert "reel: " not in "".join(record["notes"])
    with av.open(str(reel)) as box:
        assert len(list(box.decode(video=0))) == 50


def test_a_reel_without_a_stretch_says_why(
    searched: ClassifyResult, path: Path, tmp_path: Path
) -> None:
    artifacts = Artifacts(reels={path: tmp_path / "v.mp4"})
    dark = tuple(clip for clip in searched.clips if clip.clip not in BRIGHT)
    undecoded = tuple(replace(clip, label=None, probability=None) for clip in dark)
    for result, reason in (
        (replace(searched, segments=()), "no segment was found"),
        (replace(searched, clips=dark), "6 of 6 clips show background and are left out"),
        (replace(searched, clips=undecoded), "no clip could be decoded"),
    ):
        record = with_artifacts(result, path, (FRAMES, 1), artifacts=artifacts)
        assert record["files_failed"]["reel"]["code"] == "reel-empty"
        assert reason in record["files_failed"]["reel"]["message"]
    assert not (tmp_path / "v.mp4").exists()


def test_in_a_batch_a_reel_that_would_show_nothing_is_no_failure(
    searched: ClassifyResult, path: Path, tmp_path: Path
) -> None:
    artifacts = Artifacts(reels={path: tmp_path / "v.mp4"}, folders=(tmp_path,))
    record = with_artifacts(replace(searched, segments=()), path, (FRAMES, 1), artifacts=artifacts)
    assert record["files_empty"] == ["reel"]
    assert "files_failed" not in record
    assert any("no reel" in note for note in record["notes"])
    # --resume does not make it again
    assert artifacts.are_there(record)
    assert not artifacts.are_there({**record, "files_empty": []})


def test_a_page_has_pictures_of_what_it_shows(
    searched: ClassifyResult, path: Path, tmp_path: Path
) -> None:
    page = tmp_path / "v.html"
    with_artifacts(searched, path, (FRAMES, 1), artifacts=Artifacts({path: page}))
    html = page.read_text()
    # the answers, joined where they touch and agree, and the four clips that were not asked
    asked = {clip.clip: clip.label for clip in searched.clips}
    runs = sum(asked.get(clip - 1) != label for clip, label in asked.items())
    assert html.count('<a class="item ') == runs
    assert html.count("<img src=") == runs + 4
