"""Folders with the config of an image processor, the spec that follows from it, and a frame."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.classifiers.base import InputSpec
from scsampler_cli.classifiers.huggingface_processor import processor_fields
from scsampler_cli.classifiers.model_spec import with_fields

IMAGES = (
    "CLIPImageProcessor",
    "ChineseCLIPImageProcessor",
    "SiglipImageProcessor",
    "VideoMAEImageProcessor",
)
VIDEOS = ("VideoMAEVideoProcessor", "TimesformerVideoProcessor", "VivitVideoProcessor")


def noise(height: int, width: int) -> NDArray[np.uint8]:
    return np.random.default_rng(height * width).integers(0, 256, (height, width, 3), np.uint8)


def spec_of(folder: Path, model_type: str = "", side: Any = 224) -> InputSpec:
    return with_fields(
        InputSpec(frames=1), processor_fields(folder, side=side, model_type=model_type)
    )


def write(folder: Path, file: str = "preprocessor_config.json", **values: Any) -> Path:
    (folder / file).write_text(json.dumps(values))
    return folder
