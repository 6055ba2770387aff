"""Files made of a search: the sheet has the best answers first, the reel is in time order."""

import io
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from scsampler_cli.artifacts.artifact_paths import Artifacts
from scsampler_cli.artifacts.make import with_artifacts
from scsampler_cli.output.records import ClassifyResult
from tests.output.searching import FRAMES, classified, level, write


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


def test_a_reel_has_all_asked_clips_in_time_order(
    searched: ClassifyResult, path: Path, tmp_path: Path
) -> None:
    reel = tmp_path / "v.mp4"
    artifacts = Artifacts(reels={path: reel})
    record = with_artifacts(searched, path, (FRAMES, 1), artifacts=artifacts)
    assert "files_failed" not in record
    with av.open(str(reel)) as box:
        frames = [frame.to_ndarray(format="gray").mean() for frame in box.decode(video=0)]
    assert len(frames) == FRAMES * len(searched.clips)
    shown = [frames[at] for at in range(FRAMES // 2, len(frames), FRAMES)]
    expected = [level(number) for number in sorted(clip.clip for clip in searched.clips)]
    assert np.abs(np.subtract(shown, expected)).max() < 12


def test_a_page_has_pictures_of_what_it_shows(
    searched: ClassifyResult, path: Path, tmp_path: Path
) -> None:
    page = tmp_path / "v.html"
    with_artifacts(searched, path, (FRAMES, 1), artifacts=Artifacts({path: page}))
    # eight answers, and the four clips that were not asked
    assert page.read_text().count("<img src=") == 12
