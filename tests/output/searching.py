"""Real results of a search, on small videos of twelve clips whose answers are known."""

from pathlib import Path

import av
import numpy as np
import torch
from numpy.typing import NDArray

from scsampler_cli.classifiers.base import InputSpec
from scsampler_cli.classifiers.function import FunctionClassifier
from scsampler_cli.config import FeatureSettings, SelectionSettings
from scsampler_cli.output.records import ClassifyResult
from scsampler_cli.pipeline import stages
from scsampler_cli.samplers.picture_features import ImageNetFeatures
from scsampler_cli.samplers.scoring import Samplers
from tests.synthetic import write_video

CLIPS, FRAMES = 12, 16
BRIGHT = (4, 5, 9)
"""Clips that are bright; the others are dark, each a little brighter than the one before."""


def level(clip: int) -> int:
    """Grey level of a clip, 0-255."""
    return 220 + clip if clip in BRIGHT else 40 + 5 * clip


def write(path: Path, clips: int = CLIPS, damaged: int | None = None) -> Path:
    """The video; nothing of the damaged clip can be decoded."""
    grey = (np.full((64, 96, 3), level(i // FRAMES), np.uint8) for i in range(clips * FRAMES))
    # every frame is a keyframe, so that damage stays in its clip
    write_video(path, grey, options={"g": "1", "x264-params": "bframes=0"})
    if damaged is None:
        return path
    with av.open(str(path)) as box:
        packets = [packet for packet in box.demux(video=0) if packet.size]
        places = [(packet.pos, packet.size) for packet in packets]
    data = bytearray(path.read_bytes())
    for at, size in places[damaged * FRAMES : (damaged + 1) * FRAMES]:
        data[at : at + size] = b"\xff" * size
    path.write_bytes(data)
    return path


def answer(clips: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The brighter a clip, the surer it is "day"; what is not bright is background for the most
    part.
    """
    bright = clips.mean(axis=(1, 2, 3, 4)) / 255
    dark = 1 - bright
    return np.stack([bright, 0.2 * dark, 0.8 * dark], axis=1).astype(np.float32)


def classified(
    path: Path, k: int = 8, strategy: str = "search", *, stops_early: bool = False
) -> ClassifyResult:
    """The video tagged by the function; a search reads the pictures of the clips."""
    cpu = torch.device("cpu")
    spec = InputSpec(frames=FRAMES, crop=(32, 32))
    classifier = FunctionClassifier(answer, ("day", "dusk", "night"), spec, background="night")
    pictures = ImageNetFeatures(cpu, torch.float32) if strategy == "search" else None
    return stages.classify(
        path,
        Samplers(None, None, pictures=pictures),
        classifier,
        features=FeatureSettings(),
        selection=SelectionSettings(strategy=strategy, k=k, stops_early=stops_early),
    )
