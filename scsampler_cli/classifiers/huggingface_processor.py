"""The spec fields of a Hugging Face folder's image processor: the pixels that its model was trained
on.

The processors are those of transformers with the torchvision backend, which is its default. A
processor that does something that `InputSpec` cannot describe is refused.

Not handled here: the pixels themselves (`geometry`).
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from scsampler_cli.classifiers.huggingface_folder import Config, read_json
from scsampler_cli.classifiers.model_spec import check_field
from scsampler_cli.errors import ClassifierError

_COMMON: Config = {
    "do_resize": True,
    "default_to_square": False,
    "do_center_crop": False,
    "do_pad": False,
    "do_rescale": True,
    "rescale_factor": 1 / 255,
    "offset": False,
    "do_normalize": True,
    "image_mean": [0.5, 0.5, 0.5],
    "image_std": [0.5, 0.5, 0.5],
}
"""Values that most processors have where their config has none."""
_CLIP = _COMMON | {
    "size": {"shortest_edge": 224},
    "do_center_crop": True,
    "resample": 3,
    "image_mean": [0.48145466, 0.4578275, 0.40821073],
    "image_std": [0.26862954, 0.26130258, 0.27577711],
}
_VIDEOMAE = _COMMON | {"size": {"shortest_edge": 224}, "do_center_crop": True, "resample": 2}
_VIVIT = _VIDEOMAE | {
    "size": {"shortest_edge": 256},
    "rescale_factor": 1 / 127.5,
    "offset": True,
}
_PATCHES = "Siglip2ImageProcessor"
"""The processor that cuts a frame of any shape into patches (SigLIP 2 NaFlex)."""
_CLASSES: dict[str, Config] = {
    "CLIPImageProcessor": _CLIP,
    "ChineseCLIPImageProcessor": _CLIP,
    "SiglipImageProcessor": _COMMON | {"size": {"height": 224, "width": 224}, "resample": 3},
    _PATCHES: _COMMON | {"resample": 2, "patch_size": 16, "max_num_patches": 256},
    "VideoMAEImageProcessor": _VIDEOMAE,
    "VideoMAEVideoProcessor": _VIDEOMAE,
    "TimesformerVideoProcessor": _VIDEOMAE
    | {"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]},
    "VivitImageProcessor": _VIVIT,
    "VivitVideoProcessor": _VIVIT,
}
"""Values that a processor has where its config has none, by the class of transformers.

None has a crop: the networks take one size, and where transformers has another default (224) it
does not fit the network."""
_DEFAULT_CLASSES = {
    "image_processor": {
        "clip": "CLIPImageProcessor",
        "metaclip_2": "CLIPImageProcessor",
        "altclip": "CLIPImageProcessor",
        "xclip": "CLIPImageProcessor",
        "chinese_clip": "ChineseCLIPImageProcessor",
        "siglip": "SiglipImageProcessor",
        "siglip2": _PATCHES,
        "videomae": "VideoMAEImageProcessor",
        "timesformer": "VideoMAEImageProcessor",
        "vivit": "VivitImageProcessor",
    },
    "video_processor": {
        "videomae": "VideoMAEVideoProcessor",
        "timesformer": "TimesformerVideoProcessor",
        "vivit": "VivitVideoProcessor",
    },
}
"""Class by model_type where the config names none, of processors of images and of videos."""
_INTERPOLATIONS = {2: "bilinear", 3: "bicubic"}
"""By PIL's number, which is the value of `resample`."""
_MAX_PATCH = 4096
"""Largest side of a patch in pixels, and largest square root of the number of patches."""


def processor_fields(folder: Path, *, side: Any, model_type: str) -> dict[str, Any]:
    """The spec fields that give the same pixels as a folder's processor.

    The config is the first of: `image_processor` in processor_config.json, which transformers
    prefers, too; preprocessor_config.json; `video_processor` in processor_config.json;
    video_preprocessor_config.json. The square of a processor that cuts frames into patches is the
    largest one with the allowed number of them.

    Args:
        folder: the Hugging Face folder.
        side: side of the input of the network in pixels, or (height, width); the crop of a
            processor that crops and does not have its size.
        model_type: `model_type` of config.json.

    Returns:
        resize, crop, mean, std, antialias, interpolation and rounding, as `InputSpec` has them;
        empty for a folder without a processor.

    Raises:
        ClassifierError: a config cannot be read, or the processor does something that these fields
            cannot describe.
        SettingsError: a value of the config is wrong.
    """
    found = _read(folder)
    if found is None:
        return {}
    kind, where, config = found
    class_name = _class_of(config) or _DEFAULT_CLASSES[kind].get(model_type, "")
    if class_name not in _CLASSES:
        raise _refused(where, f"is of the class {class_name!r}", f"known: {', '.join(_CLASSES)}")
    # as in transformers, null is the default, too
    given = {name: value for name, value in config.items() if value is not None}
    processor = _CLASSES[class_name] | {"crop_size": side} | given
    try:
        fields = _geometry(class_name, processor, where) | _statistics(class_name, processor, where)
    except (LookupError, TypeError, ValueError, ArithmeticError) as error:
        raise ClassifierError(
            f"{where}: {type(error).__name__}: {error}",
            code="hugging-face-folder-invalid",
            hint="is the folder complete?",
        ) from error
    return {name: check_field(name, value, f"{where}, ") for name, value in fields.items()}


def _read(folder: Path) -> tuple[str, str, Config] | None:
    """(kind, name for errors, contents) of the processor's config; None for a folder without one.

    The kind is "image_processor" or "video_processor".
    """
    whole = folder / "processor_config.json"
    # the file may have the settings of the text alone
    known = read_json(whole) if whole.is_file() else {}
    for part, file in (
        ("image_processor", "preprocessor_config.json"),
        ("video_processor", "video_preprocessor_config.json"),
    ):
        if known.get(part) is not None:
            where = f"{folder.name}/{whole.name}, {part}"
            if not isinstance(known[part], dict):
                raise ClassifierError(
                    f"{where} is no JSON object",
                    code="hugging-face-folder-invalid",
                    hint="is the folder complete?",
                )
            return part, where, known[part]
        if (folder / file).is_file():
            return part, f"{folder.name}/{file}", read_json(folder / file)
    return None


def _class_of(config: Config) -> str:
    """The class of transformers that a config names; empty where it names none."""
    for key in ("image_processor_type", "video_processor_type", "feature_extractor_type"):
        if config.get(key):
            # names of one class in older and newer releases
            name = str(config[key]).replace("FeatureExtractor", "ImageProcessor")
            return name.removesuffix("Fast").removesuffix("Pil")
    return ""


def _geometry(class_name: str, processor: Config, where: str) -> Config:
    """resize, crop, antialias, interpolation and rounding."""
    interpolation = _INTERPOLATIONS.get(processor["resample"])
    if interpolation is None:
        raise _refused(where, f"resizes with the filter {processor['resample']!r}")
    if not processor["do_resize"]:
        raise _refused(where, "does not resize frames")
    if processor["do_pad"]:
        raise _refused(where, "pads frames")
    if processor.get("use_square_size"):
        raise _refused(where, "stretches frames to the short side (use_square_size)")
    if class_name == _PATCHES:
        resize: list[int] | int = _square_of_patches(processor)
        crop: Any = resize
    else:
        resize = _resize_of(processor, where)
        crop = _crop_of(processor, resize, where)
    # this class alone has no torchvision backend, and PIL's backend rounds the padding up
    if class_name == "VivitImageProcessor" and _is_padded(resize, crop):
        raise _refused(where, "pads frames: its crop is larger than its frames")
    return {
        "resize": resize,
        "crop": crop,
        # both backends do
        "antialias": True,
        "interpolation": interpolation,
        "rounding": "down",
    }


def _resize_of(processor: Config, where: str) -> list[int] | int:
    """The short side, or [height, width], of the resized frame, pixels."""
    size = processor["size"]
    if isinstance(size, int):
        return [size, size] if processor["default_to_square"] else size
    if isinstance(size, list):
        height, width = size
        return [height, width]
    size = _with_values(size)
    if set(size) == {"shortest_edge"}:
        short: int = size["shortest_edge"]
        return short
    if set(size) == {"height", "width"}:
        return [size["height"], size["width"]]
    raise _refused(where, f"resizes frames to {size}")


def _crop_of(processor: Config, resize: list[int] | int, where: str) -> Any:
    """The centre crop as `check_field` takes it."""
    if not processor["do_center_crop"]:
        # frames of another shape would have another size
        if isinstance(resize, int):
            raise _refused(where, "keeps the aspect ratio of frames, and does not crop them")
        return resize
    crop = processor["crop_size"]
    if isinstance(crop, dict):
        crop = _with_values(crop)
        return [crop["height"], crop["width"]]
    return list(crop) if isinstance(crop, tuple) else crop


def _with_values(size: Any) -> Config:
    """A size without the keys whose value is null."""
    if not isinstance(size, dict):
        raise TypeError(f"a size cannot be {size!r}")
    return {name: value for name, value in size.items() if value is not None}


def _is_padded(resize: list[int] | int, crop: Any) -> bool:
    """True where a crop, a number or [height, width], is larger than a resized frame can be."""
    least = [resize, resize] if isinstance(resize, int) else resize
    most = [crop, crop] if isinstance(crop, int) else crop
    return any(large > small for large, small in zip(most, least, strict=True))


def _statistics(class_name: str, processor: Config, where: str) -> Config:
    """Mean and std, RGB, of values in 0-1.

    On x in 0-255 a processor computes ((x * rescale_factor - offset) - mean) / std.
    """
    # the spec's mean and std are for x / 255: scale = 255 * rescale_factor
    scale, offset = 255.0, 0.0
    if processor["do_rescale"]:
        scale *= processor["rescale_factor"]
        # the class for videos has no such switch
        if processor["offset"] or class_name == "VivitVideoProcessor":
            offset = 1.0
    elif processor["offset"] and class_name == "VivitImageProcessor":
        raise _refused(where, "has an offset without a scale")
    mean, std = [0.0] * 3, [1.0] * 3
    if processor["do_normalize"]:
        mean, std = processor["image_mean"], processor["image_std"]
    return {
        "mean": [(offset + value) / scale for value in mean],
        "std": [value / scale for value in std],
    }


def _square_of_patches(processor: Config) -> list[int]:
    """[height, width] of the largest square with at most `max_num_patches` patches, pixels."""
    patch, most = processor["patch_size"], processor["max_num_patches"]
    for name, value, limit in (
        ("patch_size", patch, _MAX_PATCH),
        ("max_num_patches", most, _MAX_PATCH**2),
    ):
        if not isinstance(value, int) or not 1 <= value <= limit:
            raise ValueError(f"{name} cannot be {value!r}")
    side = patch * math.isqrt(most)
    return [side, side]


def size_in_patches(
    size: tuple[int, int], *, patch_size: int = 16, max_num_patches: int = 256
) -> tuple[int, int]:
    """The size to which the processor of SigLIP 2 NaFlex resizes a frame.

    Both sides are whole numbers of patches. The aspect ratio stays as near as they allow, with as
    many patches as possible.

    Args:
        size: (height, width) of the frame, pixels.
        patch_size: side of a patch, pixels.
        max_num_patches: largest number of patches; 1 or more.

    Returns:
        (height, width), pixels.

    Example: 256 patches of 16 pixels are 12 x 21 patches for a frame of 1080 x 1920: (192, 336).
    """

    def patches(scale: float) -> tuple[int, int]:
        down, across = (max(1, math.ceil(length * scale / patch_size)) for length in size)
        return down, across

    # the steps of transformers: its result depends on where the search ends
    low, high = _PRECISION / 10, 100.0
    while high - low >= _PRECISION:
        scale = (low + high) / 2
        down, across = patches(scale)
        if down * across <= max_num_patches:
            low = scale
        else:
            high = scale
    down, across = patches(low)
    return down * patch_size, across * patch_size


_PRECISION = 1e-5
"""Precision of the scale in `size_in_patches`, as in transformers."""


def _refused(where: str, what: str, hint: str = "") -> ClassifierError:
    return ClassifierError(
        f"the processor in {where} {what}",
        code="hugging-face-processor-unsupported",
        hint=hint or "frames can be resized (bilinear or bicubic), cropped, scaled and normalised",
    )
