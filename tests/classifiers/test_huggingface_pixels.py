"""The pixels of Hugging Face processors: those that a spec from a folder gives are those that the
processor itself gives, for frames of any size.

Whole levels (0-255) are compared, and they are equal: transformers with the torchvision backend and
`fit_frame` call the same function of torch. PIL's filters round their weights to other bits, so
that a few in a hundred pixels of processors which run in PIL differ by one level, or by two.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from transformers import AutoImageProcessor
from transformers.models.siglip2.image_processing_siglip2 import get_image_size_for_max_num_patches

from scsampler_cli.classifiers.base import InputSpec
from scsampler_cli.classifiers.geometry import fit_frame, normalise, resized
from scsampler_cli.classifiers.huggingface_processor import size_in_patches
from tests.classifiers.processor_folders import IMAGES, VIDEOS, noise, spec_of, write
from tests.synthetic import texture
from tests.text_models import FAMILIES, save_again

CPU = torch.device("cpu")
Frame = NDArray[np.uint8]
FLOAT_ERROR = 1e-6
"""Not 0: transformers divides mean and std by the scale first, we scale the pixels first; both
round in float32."""

IN_PIL = ("CLIPImageProcessorPil", "VideoMAEImageProcessorPil", "VivitImageProcessor")
SIZES = (
    (240, 320),
    (241, 319),  # odd
    (320, 241),  # portrait
    (224, 225),
    (225, 224),
    (223, 224),  # one pixel more or less than the target
    (224, 224),
    (100, 90),  # smaller than it
    (11, 17),
    (120, 480),
    (480, 120),  # 4:1
    (225, 1792),
)


def pixels_of(processor: Any, frame: Frame, **values: Any) -> torch.Tensor:
    """What a processor makes of a frame: [3, h, w]."""
    # with the colours first, because a frame of three columns is ambiguous otherwise
    inputs: Any = frame.transpose(2, 0, 1)
    if type(processor).__name__ in VIDEOS:
        inputs = [torch.from_numpy(inputs.copy())[None]]
    elif type(processor).__name__.startswith(("VideoMAE", "Vivit")):
        inputs = [inputs]
    found = processor(inputs, return_tensors="pt", **values)["pixel_values"][0]
    return torch.as_tensor(found).reshape(3, *found.shape[-2:])


def levels_of(processor: Any, frame: Frame) -> torch.Tensor:
    """The same before they are scaled and normalised: int32 of 0-255."""
    offset = {"offset": False} if hasattr(processor, "offset") else {}
    levels = pixels_of(processor, frame, do_rescale=False, do_normalize=False, **offset)
    return levels.to(torch.int32)


def our_levels(frame: Frame, spec: InputSpec) -> torch.Tensor:
    return torch.from_numpy(fit_frame(frame, spec)).permute(2, 0, 1).to(torch.int32)


def our_pixels(frame: Frame, spec: InputSpec) -> torch.Tensor:
    return normalise(fit_frame(frame, spec)[None, None], spec, CPU)[0, :, 0]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", [*IMAGES, *VIDEOS])
def test_all_pixels_are_those_of_the_processor(
    tmp_path: Path, name: str, size: tuple[int, int]
) -> None:
    processor = getattr(transformers, name)()
    processor.save_pretrained(tmp_path)
    spec = spec_of(tmp_path)
    for frame in (texture(*size), noise(*size)):
        assert torch.equal(our_levels(frame, spec), levels_of(processor, frame))
        difference = our_pixels(frame, spec) - pixels_of(processor, frame)
        assert difference.abs().max() < FLOAT_ERROR


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", IN_PIL)
def test_pixels_are_within_two_levels_of_processors_that_run_in_pil(
    tmp_path: Path, name: str, size: tuple[int, int]
) -> None:
    processor = getattr(transformers, name)()
    processor.save_pretrained(tmp_path)
    spec = spec_of(tmp_path)
    for frame in (texture(*size), noise(*size)):
        levels = (our_levels(frame, spec) - levels_of(processor, frame)).abs()
        assert levels.max() <= 2
        assert levels.float().mean() < 0.03
        difference = our_pixels(frame, spec) - pixels_of(processor, frame)
        assert difference.abs().max() < 2 / 255 / min(spec.std) + FLOAT_ERROR


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(IMAGES),
    short=st.integers(1, 90),
    ratio=st.floats(1, 7.9),
    is_portrait=st.booleans(),
    side=st.integers(8, 60),
    crop=st.tuples(st.integers(8, 70), st.integers(8, 70)),
)
def test_any_size_of_frame_and_of_processor_has_equal_pixels(
    tmp_path_factory: pytest.TempPathFactory,
    name: str,
    short: int,
    ratio: float,
    is_portrait: bool,
    side: int,
    crop: tuple[int, int],
) -> None:
    size = {"shortest_edge": side}
    if name == "SiglipImageProcessor":
        size = {"height": side, "width": 9}
    processor = getattr(transformers, name)(
        size=size, crop_size={"height": crop[0], "width": crop[1]}
    )
    folder = tmp_path_factory.mktemp("processor")
    processor.save_pretrained(folder)
    long = int(short * ratio)
    frame = noise(long, short) if is_portrait else noise(short, long)
    assert torch.equal(our_levels(frame, spec_of(folder)), levels_of(processor, frame))


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("name", sorted(set(FAMILIES) - {"siglip2_naflex"}))
def test_folders_of_text_image_models_have_the_pixels_of_their_processor(
    tmp_path: Path, name: str, again: bool
) -> None:
    """As the hub has them, with the names of older releases, and as transformers saves them now."""
    FAMILIES[name](tmp_path)
    if again:
        save_again(tmp_path)
        assert (tmp_path / "processor_config.json").is_file()
    processor = AutoImageProcessor.from_pretrained(tmp_path)
    spec = spec_of(tmp_path, json.loads((tmp_path / "config.json").read_text())["model_type"], 32)
    for size in ((60, 81), (33, 32), (20, 79), (17, 16)):
        frame = noise(*size)
        assert torch.equal(our_levels(frame, spec), levels_of(processor, frame))
        difference = our_pixels(frame, spec) - pixels_of(processor, frame)
        assert difference.abs().max() < FLOAT_ERROR


def unpatched(patches: torch.Tensor, shape: tuple[int, int], patch: int) -> torch.Tensor:
    """[number, patch x patch x 3] -> [3, height, width]."""
    rows, columns = shape
    parts = patches[: rows * columns].reshape(rows, columns, patch, patch, 3)
    return parts.permute(4, 0, 2, 1, 3).reshape(3, rows * patch, columns * patch)


@pytest.mark.parametrize("size", [(300, 300), (64, 64), (240, 320), (97, 400), (31, 17)])
def test_patches_are_those_of_the_frame_resized_to_them(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    processor = transformers.Siglip2ImageProcessor(patch_size=8, max_num_patches=30)
    processor.save_pretrained(tmp_path)
    spec = spec_of(tmp_path)
    assert (spec.resize, spec.crop, spec.interpolation) == ((40, 40), (40, 40), "bilinear")
    frame = noise(*size)
    theirs = processor(frame, return_tensors="pt")
    whole = size_in_patches(size, patch_size=8, max_num_patches=30)
    # five patches a side are the most that a square has
    assert (size[0] != size[1]) or whole == spec.crop
    ours = our_pixels(frame, replace(spec, resize=whole, crop=whole))
    shape = tuple(theirs["spatial_shapes"][0].tolist())
    difference = ours - unpatched(theirs["pixel_values"][0], shape, 8)
    assert difference.abs().max() < FLOAT_ERROR


@settings(max_examples=300, deadline=None)
@given(
    size=st.tuples(st.integers(1, 5000), st.integers(1, 5000)),
    patch=st.integers(1, 40),
    most=st.integers(1, 2000),
)
def test_the_size_in_patches_is_that_of_transformers(
    size: tuple[int, int], patch: int, most: int
) -> None:
    expected = get_image_size_for_max_num_patches(*size, patch, most)
    assert size_in_patches(size, patch_size=patch, max_num_patches=most) == expected


def test_a_wide_frame_has_as_many_patches_as_are_allowed() -> None:
    # 12 x 21 = 252; 12 x 22 = 264 would be more than 256
    assert size_in_patches((1080, 1920)) == (12 * 16, 21 * 16)
    assert size_in_patches((1920, 1080)) == (21 * 16, 12 * 16)
    assert size_in_patches((700, 700)) == (16 * 16, 16 * 16)


@pytest.mark.parametrize(
    ("frame", "nearest", "down"),
    [
        # 50 x 1.61 = 80.5, half to even; 50 x 1.63 = 81.5; 50 x 1.66 = 83
        ((100, 161), (50, 80), (50, 80)),
        ((100, 163), (50, 82), (50, 81)),
        ((166, 100), (83, 50), (83, 50)),
        ((100, 101), (50, 50), (50, 50)),
        # 50 x 999 / 100 = 499.5, but at most 8 times the short side
        ((100, 999), (50, 400), (50, 400)),
    ],
)
def test_the_long_side_is_rounded_as_the_spec_has_it(
    frame: tuple[int, int], nearest: tuple[int, int], down: tuple[int, int]
) -> None:
    assert resized(frame, InputSpec(resize=50)) == nearest
    assert resized(frame, InputSpec(resize=50, rounding="down")) == down


@pytest.mark.parametrize(("rounding", "start"), [("nearest", 2), ("down", 1)])
def test_the_crop_lies_where_the_spec_has_it(rounding: str, start: int) -> None:
    # 35 columns, of which 3 are too many: 1.5 on the left
    frame = np.broadcast_to(np.arange(35, dtype=np.uint8)[None, :, None], (32, 35, 3)).copy()
    spec = InputSpec(resize=(32, 35), crop=(32, 32), rounding=rounding)
    assert fit_frame(frame, spec)[0, 0, 0] == start
    three = fit_frame(frame, replace(spec, crops=3))
    assert three[0, ::32, 0].tolist() == [0, start, 3]


@pytest.mark.parametrize(
    ("values", "mean", "std"),
    [
        ({"do_normalize": False}, 0.0, 1.0),
        ({"do_normalize": False, "rescale_factor": 1 / 51}, 0.0, 0.2),
        ({"do_rescale": False, "image_mean": [51] * 3, "image_std": [102] * 3}, 0.2, 0.4),
    ],
)
def test_pixels_that_are_not_scaled_or_not_normalised(
    tmp_path: Path, values: dict[str, Any], mean: float, std: float
) -> None:
    write(tmp_path, image_processor_type="CLIPImageProcessor", **values)
    spec = spec_of(tmp_path)
    assert spec.mean == pytest.approx((mean,) * 3)
    assert spec.std == pytest.approx((std,) * 3)
    processor = AutoImageProcessor.from_pretrained(tmp_path)
    frame = noise(230, 240)
    theirs = pixels_of(processor, frame)
    assert torch.allclose(our_pixels(frame, spec), theirs, rtol=1e-6, atol=FLOAT_ERROR)
