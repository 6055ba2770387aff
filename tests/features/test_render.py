"""Pictures of features."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scsampler_cli.errors import FeatureFileError
from scsampler_cli.features.clip import ClipAudio, ClipVisual
from scsampler_cli.features.render import motion_colours, render, render_file
from scsampler_cli.features.store import FeatureWriter

VISUAL = ClipVisual(
    3,
    240,
    320,
    iframes=np.full((1, 128, 171, 3), 200, np.uint8),
    motion=np.full((4, 15, 20, 2), (10, 0), np.float16),
    residual=np.zeros((4, 128, 171, 3), np.int8),
)
SOUND = ClipAudio(3, np.zeros((40, 200), np.float32), 1.0)


@pytest.mark.parametrize(
    ("vector", "colour"),
    [((10, 0), (255, 0, 0)), ((0, 0), (0, 0, 0)), ((-10, 0), (0, 255, 255)), ((5, 0), (127, 0, 0))],
)
def test_direction_is_hue_and_speed_is_brightness(
    vector: tuple[int, int], colour: tuple[int, int, int]
) -> None:
    assert motion_colours(np.array([[vector]], np.float16))[0, 0].tolist() == list(colour)


def test_each_feature_has_its_row() -> None:
    picture = render(VISUAL, SOUND)
    rows = 3 * 132 + 124
    assert picture.shape[0] == rows
    assert picture[10, 10].tolist() == [200, 200, 200]
    assert picture[132 + 10, 10].tolist() == [255, 0, 0]
    assert picture[264 + 10, 10].tolist() == [128, 128, 128]
    assert render(None, SOUND).shape == (124, 600, 3)
    assert render(None, None).any() == False  # noqa: E712 (a numpy bool)


def test_the_rgb_picture_of_a_clip_is_the_first_row() -> None:
    blue = np.full((1, 64, 64, 3), (0, 0, 255), np.uint8)
    picture = render(replace(VISUAL, pictures=blue), None)
    assert picture.shape[0] == 4 * 132
    assert picture[10, 10].tolist() == [0, 0, 255]
    assert np.array_equal(picture[132:], render(VISUAL, None))


def test_a_clip_of_a_file_is_drawn(tmp_path: Path) -> None:
    with FeatureWriter(tmp_path / "v.scf", {}) as writer:
        writer.visual(VISUAL)
    target = render_file(tmp_path / "v.scf", 3, tmp_path / "v.png")
    assert np.array_equal(np.asarray(Image.open(target)), render(VISUAL, None))
    with pytest.raises(FeatureFileError, match="no clip 7"):
        render_file(tmp_path / "v.scf", 7, tmp_path / "w.png")
