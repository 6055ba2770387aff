"""The config of an image processor: its forms in older and newer folders, the defaults of its
class, and what is refused.

Not handled here: the pixels (`test_huggingface_pixels.py`).
"""

import json
import math
from pathlib import Path
from typing import Any

import pytest
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoImageProcessor, AutoVideoProcessor

from scsampler_cli.classifiers.geometry import fit_frame
from scsampler_cli.classifiers.huggingface_processor import processor_fields
from scsampler_cli.errors import ClassifierError, ScsamplerError, SettingsError
from tests.classifiers.processor_folders import IMAGES, VIDEOS, noise, spec_of, write

NAMES = (*IMAGES, *VIDEOS, "VivitImageProcessor", "Siglip2ImageProcessor")


@pytest.mark.parametrize("null", [False, True])
@pytest.mark.parametrize("name", NAMES)
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
