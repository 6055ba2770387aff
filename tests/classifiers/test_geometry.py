"""Pre-processing equals torchvision's own, frame by frame."""

import numpy as np
import pytest
import torch
from torchvision.models import get_model_weights

from scsampler_cli.classifiers.base import InputSpec
from scsampler_cli.classifiers.builtin import BUILTINS
from scsampler_cli.classifiers.geometry import fit_frame, normalise
from tests.synthetic import texture

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    "name", ["mc3_18", "r3d_18", "r2plus1d_18", "s3d", "mvit_v2_s", "swin3d_t"]
)
@pytest.mark.parametrize("size", [(240, 320), (256, 340), (720, 1280), (100, 90)])
def test_the_whole_chain_equals_the_weights_transforms(name: str, size: tuple[int, int]) -> None:
    frames = np.stack([texture(*size, seed) for seed in range(4)])
    preset = get_model_weights(name).KINETICS400_V1.transforms()
    theirs = preset(torch.from_numpy(frames).permute(0, 3, 1, 2))  # [3, F, h, w]
    spec = BUILTINS[name].spec
    ours = normalise(np.stack([fit_frame(frame, spec) for frame in frames])[None], spec, CPU)[0]
    assert ours.shape == theirs.shape
    std = torch.tensor(spec.std).view(3, 1, 1, 1)
    assert ((ours - theirs).abs() * std).mean() < 1 / 255


def test_a_short_side_keeps_the_aspect_and_crops_the_middle() -> None:
    frame = np.zeros((100, 300, 3), np.uint8)
    frame[:, 140:160] = 255
    fitted = fit_frame(frame, InputSpec(resize=50, crop=(50, 50)))
    assert fitted.shape == (50, 50, 3)
    assert fitted[25, 25].tolist() == [255, 255, 255]
    assert fitted[25, 5].tolist() == [0, 0, 0]


def test_a_crop_larger_than_the_picture_is_padded() -> None:
    assert fit_frame(
        np.full((10, 10, 3), 9, np.uint8), InputSpec(resize=20, crop=(30, 30))
    ).shape == (30, 30, 3)


def test_a_strip_stays_small() -> None:
    assert fit_frame(
        np.zeros((2, 4000, 3), np.uint8), InputSpec(resize=64, crop=(56, 56))
    ).shape == (56, 56, 3)
