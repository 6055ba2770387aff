"""Pictures of features: titled, on white, and with contrast."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scsampler_cli.errors import FeatureFileError
from scsampler_cli.features.array_file import ArrayFileWriter
from scsampler_cli.features.clip import ClipAudio, ClipVisual
from scsampler_cli.features.read_features import ClipFeatures
from scsampler_cli.features.render import motion_colours, render, render_file
from scsampler_cli.features.store import FeatureWriter
from scsampler_cli.files.marks import is_marked

NOTHING = {
    "rgb": np.zeros((0, 64, 86, 3), np.uint8),
    "if": np.zeros((0, 64, 86, 3), np.uint8),
    "md": np.zeros((0, 15, 20, 2), np.float16),
    "rgbr": np.zeros((0, 64, 86, 3), np.int8),
    "mel": np.zeros((0, 40, 200), np.float32),
}


def clip(**arrays: np.ndarray) -> ClipFeatures:
    return ClipFeatures(
        3, 48, 16, exact_start=Fraction(2), exact_end=Fraction(3), arrays={**NOTHING, **arrays}
    )


@pytest.mark.parametrize(
    ("vector", "colour"),
    [
        ((10, 0), (255, 0, 0)),
        ((0, 0), (255, 255, 255)),
        ((-10, 0), (0, 255, 255)),
        ((5, 0), (255, 128, 128)),
        ((99, 0), (255, 0, 0)),
    ],
)
def test_direction_is_hue_and_speed_is_saturation(
    vector: tuple[int, int], colour: tuple[int, int, int]
) -> None:
    motion = np.array([[vector]], np.float16)
    assert motion_colours(motion, 10.0)[0, 0].tolist() == list(colour)


def test_the_picture_is_mostly_white_and_grows_with_what_the_clip_has() -> None:
    empty = render(clip())
    assert (empty.mean(), empty.shape[1]) == (pytest.approx(250, abs=6), 640)
    assert (empty < 100).any(), "titles"
    blue = np.full((1, 64, 64, 3), (0, 0, 255), np.uint8)
    filled = render(clip(rgb=blue))
    assert filled.shape[0] > empty.shape[0] + 100
    assert (filled == (0, 0, 255)).all(-1).sum() == 128 * 128


def test_inputs_that_were_not_extracted_have_no_panel() -> None:
    one = ClipFeatures(
        0, 0, 16, exact_start=Fraction(0), exact_end=Fraction(1), arrays={"md": NOTHING["md"]}
    )
    assert render(one).shape[0] < render(clip()).shape[0]


def test_slow_motion_and_weak_residuals_are_visible() -> None:
    slow = np.zeros((2, 15, 20, 2), np.float16)
    slow[:, 3:9, 5:12] = (1, 0)
    drawn = render(clip(md=slow))
    assert (drawn == (255, 0, 0)).all(-1).sum() > 1000
    # the ends of the scale are used, where the residual is far from -128 and 127
    weak = np.zeros((1, 64, 86, 3), np.int8)
    weak[:, 10:20], weak[:, 30:40] = 12, -12
    grey = render(clip(rgbr=weak))[60:]
    assert (grey == 255).all(-1).sum() > 1000
    assert (grey == 1).all(-1).sum() > 1000
    assert (grey == 128).all(-1).sum() > 1000


def test_loud_sound_is_dark() -> None:
    mel = np.full((1, 40, 200), np.log(0.01), np.float32)
    silent = render(clip(mel=mel))
    mel[0, 10:20] = 2
    assert render(clip(mel=mel)).mean() < silent.mean() - 10


def test_at_most_six_pictures_are_drawn() -> None:
    many = np.full((40, 64, 64, 3), (0, 255, 0), np.uint8)
    assert (render(clip(**{"if": many})) == (0, 255, 0)).all(-1).sum() == 6 * 128 * 128


def test_a_clip_of_a_file_is_drawn_the_same_from_both_formats(tmp_path: Path) -> None:
    header = {"settings": {"inputs": ["if", "mel"]}, "clips": [[3, 48, 16, "2", "3"]]}
    iframes = np.full((1, 64, 64, 3), (255, 0, 255), np.uint8)
    visual = ClipVisual(
        3, 240, 320, iframes=iframes, motion=NOTHING["md"], residual=NOTHING["rgbr"]
    )
    drawings = []
    for writer, name in ((FeatureWriter, "v.scf"), (ArrayFileWriter, "v.npz")):
        with writer(tmp_path / name, header) as file:
            file.visual(visual)
            file.sound(ClipAudio(3, np.zeros((40, 200), np.float32), 1.0))
        target = render_file(tmp_path / name, 3, tmp_path / f"{name}.png")
        assert is_marked(target)
        drawings.append(np.asarray(Image.open(target)))
        with pytest.raises(FeatureFileError, match="no clip 7"):
            render_file(tmp_path / name, 7, tmp_path / "w.png")
    assert np.array_equal(*drawings)
    assert (drawings[0] == (255, 0, 255)).all(-1).sum() == 128 * 128
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".npz", ".png", ".png", ".scf"]
