"""From features to network inputs."""

import numpy as np
import torch

from scsampler_cli.features.clip import ClipAudio, ClipVisual
from scsampler_cli.samplers.network_inputs import audio_input, crop, motion_input, visual_input


def clip(height: int = 240, width: int = 320, frames: int = 3) -> ClipVisual:
    rng = np.random.default_rng(0)
    return ClipVisual(
        0,
        height,
        width,
        iframes=rng.integers(0, 256, (1, 128, 171, 3), np.uint8),
        motion=np.full((frames, 15, 20, 2), 5, np.float16),
        residual=rng.integers(-128, 128, (frames, 128, 171, 3)).astype(np.int8),
    )


def test_shapes_are_the_networks() -> None:
    assert visual_input(clip(), "md").shape == (3, 2, 14, 14)
    assert visual_input(clip(), "rgbr").shape == (3, 3, 112, 112)
    assert visual_input(clip(), "if").shape == (1, 3, 112, 112)
    assert visual_input(clip(frames=0), "md").shape == (0, 2, 14, 14)
    assert visual_input(clip(frames=0), "rgbr").shape[:2] == (0, 3)


def test_motion_is_in_20_px_of_a_256_px_picture_and_clipped() -> None:
    values = motion_input(np.full((1, 15, 20, 2), 6.0), 240, 320)
    assert torch.allclose(values, torch.tensor(6 * 256 / 240 / 20))
    assert motion_input(np.full((1, 15, 20, 2), -900.0), 240, 320).min() == -1


def test_pictures_of_any_size_are_brought_to_the_crop() -> None:
    big = clip()
    big = ClipVisual(
        0,
        1080,
        1920,
        iframes=big.iframes,
        motion=big.motion,
        residual=np.zeros((2, 540, 960, 3), np.int8),
    )
    assert visual_input(big, "rgbr").shape == (2, 3, 112, 112)
    small = ClipVisual(
        0, 60, 40, iframes=big.iframes, motion=big.motion, residual=np.ones((2, 60, 40, 3), np.int8)
    )
    values = visual_input(small, "rgbr")
    assert values.shape == (2, 3, 112, 112)
    assert torch.allclose(values, torch.tensor(1 / (255 * 0.226)), atol=1e-5)


def test_the_crop_is_in_the_middle_by_default() -> None:
    picture = torch.arange(9.0).view(1, 3, 3)
    assert crop(picture, 1).item() == 4
    assert crop(picture, 2, 1.0, left=0.0).flatten().tolist() == [3, 4, 6, 7]


def test_no_sound_is_no_input() -> None:
    assert audio_input(ClipAudio(0, None, 0.0)).shape == (0, 1, 40, 200)
    assert audio_input(ClipAudio(0, np.ones((40, 200), np.float32), 1.0)).shape == (1, 1, 40, 200)
