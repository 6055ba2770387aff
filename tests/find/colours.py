"""A text-image model that knows three colours, and videos of them whose answers are known by hand.

A clip is 16 frames at 16 frames a second: one second.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.classifiers.base import InputSpec
from scsampler_cli.model_zoo.weights_info import WeightsInfo
from tests.synthetic import write_video

FPS = 16
COLOURS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255)}
AXES = {name: np.eye(3, dtype=np.float32)[row] for row, name in enumerate(COLOURS)}


class ColourModel:
    """Vectors: the mean colour of a picture, and the colour that a sentence names."""

    name = "colours"
    spec = InputSpec(frames=4, stride=4, resize=32, crop=(32, 32))
    dimensions = 3

    def __init__(self, *, reads_clips: bool = False, version: int = 0, sigmoid: bool = False):
        self.reads_clips, self.sigmoid = reads_clips, sigmoid
        self.weights = WeightsInfo("colours.safetensors", f"{version:064x}")
        self.settings: dict[str, Any] = {"version": version}
        self.notes: tuple[str, ...] = ("it knows three colours",)
        self.seen = 0
        """Pictures, or clips, that it has computed."""
        self.batches: list[int] = []

    def of_pictures(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        assert pictures.shape[1:] == (32, 32, 3)
        assert pictures.dtype == np.uint8
        self.seen += len(pictures)
        self.batches.append(len(pictures))
        return unit(pictures.reshape(len(pictures), -1, 3).mean(axis=1))

    def of_clips(self, clips: NDArray[np.uint8]) -> NDArray[np.float32]:
        assert clips.shape[1:] == (4, 32, 32, 3)
        self.seen += len(clips)
        self.batches.append(len(clips))
        return unit(clips.reshape(len(clips), -1, 3).mean(axis=1))

    def of_sentences(self, sentences: Sequence[str], prompts: Sequence[str]) -> NDArray[np.float32]:
        texts = [[prompt.replace("{}", text) for prompt in prompts] for text in sentences]
        named = [[sum(AXES[w] for w in text.split() if w in AXES) for text in row] for row in texts]
        return unit(np.array([np.mean(row, axis=0) for row in named], np.float32))

    def probabilities(self, similarities: NDArray[np.float32]) -> NDArray[np.float32] | None:
        return 1 / (1 + np.exp(-10 * similarities)) if self.sigmoid else None


def unit(rows: NDArray[Any]) -> NDArray[np.float32]:
    found: NDArray[np.float32] = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype("f4")
    return found


def colour_video(path: Path, seconds: Sequence[str], keyframes_s: int = 4, **how: Any) -> Path:
    """One colour a second, with a keyframe every `keyframes_s` seconds and nowhere else."""
    frames = [np.full((64, 64, 3), COLOURS[name], np.uint8) for name in seconds for _ in range(FPS)]
    gop = str(keyframes_s * FPS)
    options = {"g": gop, "keyint_min": gop, "sc_threshold": "0"}
    return write_video(path, frames, fps=FPS, options=options, **how)
