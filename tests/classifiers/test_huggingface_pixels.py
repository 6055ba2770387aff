"""The pixels of Hugging Face processors: those that a spec from a folder gives are those that the
processor itself gives, for frames of any size.

Whole levels (0-255) are compared, and they are equal: transformers with the torchvision backend and
`fit_frame` call the same function of torch. PIL's filters round their weights to other bits, so
that a few in a hundred pixels of processors which run in PIL differ by one level, or by two.
"""

import json
import math
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
from transformers import AutoImageProcessor, AutoVideoProcessor
from transformers.models.siglip2.image_processing_siglip2 import get_image_size_for_max_num_patches

from scsampler_cli.classifiers.base import InputSpec
from scsampler_cli.classifiers.geometry import fit_frame, normalise, resized
from scsampler_cli.classifiers.huggingface_processor import processor_fields, size_in_patches
from scsampler_cli.classifiers.model_spec import with_fields
from scsampler_cli.errors import ClassifierError, ScsamplerError, SettingsError
from tests.synthetic import texture
from tests.text_models import FAMILIES, save_again

CPU = torch.device("cpu")
Frame = NDArray[np.uint8]
FLOAT_ERROR = 1e-6
"""Not 0: transformers divides mean and std by the scale first, we scale the pixels first; both
round in float32."""

IMAGES = (
    "CLIPImageProcessor",
    "ChineseCLIPImageProcessor",
    "SiglipImageProcessor",
    "VideoMAEImageProcessor",
)
VIDEOS = ("VideoMAEVideoProcessor", "TimesformerVideoProcessor", "VivitVideoProcessor")
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


def noise(height: int, width: int) -> Frame:
    return np.random.default_rng(height * width).integers(0, 256, (height, width, 3), np.uint8)


def spec_of(folder: Path, model_type: str = "", side: Any = 224) -> InputSpec:
    return with_fields(
        InputSpec(frames=1), processor_fields(folder, side=side, model_type=model_type)
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


def write(folder: Path, file: str = "preprocessor_config.json", **values: Any) -> Path:
    (folder / file).write_text(json.dumps(values))
    return folder


@pytest.mark.parametrize("null", [False, True])
@pytest.mark.parametrize("name", [*IMAGES, *VIDEOS, "VivitImageProcessor", "Siglip2ImageProcessor"])
def test_what_a_config_lacks_is_the_default_of_its_class(
    tmp_path: Path, name: str, null: bool
) -> None:
    processor = getattr(transformers, name)()
    processor.save_pretrained(tmp_path)
    (file,) = tmp_path.iterdir()
    whole = spec_of(tmp_path)
    key = "video_processor_type" if name in VIDEOS else "image_processor_type"
    nothing = dict.fromkeys(set(json.loads(file.read_text())) - {key}) if null else {}
    write(tmp_path, file.name, **nothing, **{key: name})
    assert spec_of(tmp_path) == whole


@pytest.mark.parametrize(
    ("model_type", "file"),
    [
        ("clip", "preprocessor_config.json"),
        ("altclip", "preprocessor_config.json"),
        ("metaclip_2", "preprocessor_config.json"),
        ("xclip", "preprocessor_config.json"),
        ("siglip", "preprocessor_config.json"),
        ("siglip2", "preprocessor_config.json"),
        ("chinese_clip", "preprocessor_config.json"),
        ("videomae", "preprocessor_config.json"),
        ("timesformer", "preprocessor_config.json"),
        ("vivit", "preprocessor_config.json"),
        ("videomae", "video_preprocessor_config.json"),
        ("timesformer", "video_preprocessor_config.json"),
        ("vivit", "video_preprocessor_config.json"),
    ],
)
def test_a_config_without_a_class_is_of_the_class_that_transformers_takes(
    tmp_path: Path, model_type: str, file: str
) -> None:
    (tmp_path / "bare").mkdir()
    (tmp_path / "whole").mkdir()
    write(tmp_path / "bare", file)
    write(tmp_path / "bare", "config.json", model_type=model_type)
    auto = AutoVideoProcessor if file.startswith("video") else AutoImageProcessor
    auto.from_pretrained(tmp_path / "bare").save_pretrained(tmp_path / "whole")
    assert spec_of(tmp_path / "bare", model_type) == spec_of(tmp_path / "whole")


@pytest.mark.parametrize(
    ("key", "value", "same"),
    [
        ("image_processor_type", "CLIPImageProcessorFast", "CLIPImageProcessor"),
        ("image_processor_type", "SiglipImageProcessorPil", "SiglipImageProcessor"),
        ("feature_extractor_type", "VideoMAEFeatureExtractor", "VideoMAEImageProcessor"),
        ("feature_extractor_type", "CLIPFeatureExtractor", "CLIPImageProcessor"),
    ],
)
def test_older_names_of_a_class_are_known(tmp_path: Path, key: str, value: str, same: str) -> None:
    found = spec_of(write(tmp_path, **{key: value}))
    assert found == spec_of(write(tmp_path, image_processor_type=same))


@pytest.mark.parametrize(
    ("values", "resize", "crop"),
    [
        ({"size": 30, "crop_size": 20}, 30, (20, 20)),
        ({"size": [30, 40], "crop_size": [20, 24]}, (30, 40), (20, 24)),
        ({"size": 30, "default_to_square": True}, (30, 30), (16, 16)),
        ({"size": {"shortest_edge": 30, "longest_edge": None}}, 30, (16, 16)),
        ({"size": {"height": 30, "width": 40}, "do_center_crop": False}, (30, 40), (30, 40)),
    ],
)
def test_sizes_have_several_forms(
    tmp_path: Path, values: dict[str, Any], resize: Any, crop: tuple[int, int]
) -> None:
    spec = spec_of(write(tmp_path, image_processor_type="CLIPImageProcessor", **values), side=16)
    assert (spec.resize, spec.crop) == (resize, crop)


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


def test_the_config_that_transformers_prefers_is_read_first(tmp_path: Path) -> None:
    clip = {"image_processor_type": "CLIPImageProcessor"}
    assert processor_fields(tmp_path, side=224, model_type="clip") == {}
    write(
        tmp_path,
        "video_preprocessor_config.json",
        size=40,
        video_processor_type="VideoMAEVideoProcessor",
    )
    assert spec_of(tmp_path).resize == 40
    write(tmp_path, "processor_config.json", processor_class="CLIPProcessor")
    assert spec_of(tmp_path).resize == 40
    write(tmp_path, **clip, size=50)
    assert spec_of(tmp_path).resize == 50
    write(tmp_path, "processor_config.json", image_processor={**clip, "size": 60})
    assert spec_of(tmp_path).resize == 60
    assert AutoImageProcessor.from_pretrained(tmp_path).size["shortest_edge"] == 60


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"do_pad": True}, "pads frames"),
        ({"resample": 1}, "resizes with the filter 1"),
        ({"do_resize": False}, "does not resize frames"),
        ({"do_center_crop": False}, "keeps the aspect ratio of frames, and does not crop"),
        ({"size": {"shortest_edge": 30, "longest_edge": 50}}, "resizes frames to"),
        ({"use_square_size": True}, "stretches frames"),
        ({"image_processor_type": "ViTImageProcessor"}, "is of the class 'ViTImageProcessor'"),
        ({"image_processor_type": None}, "is of the class ''"),
        ({"image_processor_type": "VivitImageProcessor", "do_rescale": False}, "has an offset"),
        (
            {"image_processor_type": "VivitImageProcessor", "size": 223},
            "pads frames: its crop is larger",
        ),
    ],
)
def test_a_processor_that_cannot_be_reproduced_is_refused(
    tmp_path: Path, values: dict[str, Any], word: str
) -> None:
    write(tmp_path, **{"image_processor_type": "CLIPImageProcessor", **values})
    with pytest.raises(
        ClassifierError, match=f"the processor in .*preprocessor_config.json {word}"
    ):
        spec_of(tmp_path)


@pytest.mark.parametrize(
    ("file", "values", "word"),
    [
        ("preprocessor_config.json", {"image_mean": 7}, "TypeError"),
        ("preprocessor_config.json", {"rescale_factor": 0}, "ZeroDivisionError"),
        ("preprocessor_config.json", {"size": "large"}, "TypeError: a size cannot be 'large'"),
        ("preprocessor_config.json", {"crop_size": {"shortest_edge": 9}}, "KeyError"),
        ("processor_config.json", {"image_processor": [1]}, "is no JSON object"),
    ],
)
def test_a_broken_config_is_an_error_with_its_place(
    tmp_path: Path, file: str, values: dict[str, Any], word: str
) -> None:
    write(tmp_path, file, image_processor_type="CLIPImageProcessor", **values)
    with pytest.raises(ClassifierError, match=rf"{file}.*{word}") as caught:
        spec_of(tmp_path)
    assert caught.value.code == "hugging-face-folder-invalid"


def test_a_value_out_of_range_names_the_field(tmp_path: Path) -> None:
    write(tmp_path, image_processor_type="CLIPImageProcessor", crop_size=5)
    with pytest.raises(SettingsError, match=r"preprocessor_config\.json, crop cannot be"):
        spec_of(tmp_path)


NAMES = (*IMAGES, *VIDEOS, "VivitImageProcessor", "Siglip2ImageProcessor")
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3)
VALUES = st.recursive(
    SCALARS | st.just(10**400),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["height", "width", "shortest_edge", "longest_edge"]), inner
        )
    ),
    max_leaves=4,
)
KEYS = (
    *("size", "crop_size", "resample", "do_resize", "do_center_crop", "do_pad", "do_rescale"),
    *("rescale_factor", "offset", "do_normalize", "image_mean", "image_std", "patch_size"),
    *("max_num_patches", "default_to_square", "image_processor_type", "feature_extractor_type"),
)


@settings(max_examples=300, deadline=None)
@given(name=st.sampled_from(NAMES), values=st.dictionaries(st.sampled_from(KEYS), VALUES))
def test_any_config_gives_a_valid_spec_or_one_of_our_errors(
    tmp_path_factory: pytest.TempPathFactory, name: str, values: dict[str, Any]
) -> None:
    folder = tmp_path_factory.getbasetemp()
    write(folder, **{"image_processor_type": name, **values})
    try:
        spec = spec_of(folder)
    except ScsamplerError:
        return
    assert fit_frame(noise(9, 16), spec).shape == (*spec.crop, 3)
    assert all(math.isfinite(value) for value in (*spec.mean, *spec.std))
