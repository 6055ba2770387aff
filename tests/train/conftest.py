"""Small real videos of two motions, read into a cache once."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from scsampler_cli.cache.video_cache import Cache
from scsampler_cli.classifiers.base import InputSpec
from scsampler_cli.classifiers.classifier_info import ClassifierFacts
from scsampler_cli.datasets.example import Example
from scsampler_cli.errors import ScsamplerError
from scsampler_cli.model_zoo.weights_info import WeightsInfo
from scsampler_cli.train import run as product
from scsampler_cli.train.context import Callbacks, RunContext
from scsampler_cli.train.recipe import Recipe
from scsampler_cli.train.settings import TrainSettings
from tests.batch.here import Here
from tests.synthetic import pan, tone, write_video

SMALL = InputSpec(8, 2, 36, crop=(32, 32))
QUICK = Recipe(
    epochs=2,
    learning_rate=0.002,
    schedule="step",
    step_epochs=2,
    warmup_epochs=0,
    optimiser="adamw",
    pretrained_factor=1.0,
)


class Brightness:
    """A classifier with a known answer: the brighter a clip, the surer it is of "right"."""

    name, labels, spec = "brightness", ("down", "right"), SMALL
    weights = WeightsInfo("brightness", "0" * 64)

    def __init__(self) -> None:
        self.calls = 0

    def classify(self, clips: NDArray[np.uint8]) -> NDArray[np.float32]:
        self.calls += 1
        p = clips.mean(axis=(1, 2, 3, 4)).astype(np.float32) / 255
        return np.stack([1 - p, p], axis=1)


@pytest.fixture(scope="session")
def examples(tmp_path_factory: pytest.TempPathFactory) -> list[Example]:
    """Six videos of 5 clips: pans to the right with a low tone, down with a high one; growing
    brighter as they go."""
    folder = tmp_path_factory.mktemp("examples")
    found = []
    for i in range(3):
        for label, (dx, dy, hz) in {"right": (4, 0, 400), "down": (0, 4, 3000)}.items():
            frames = pan(80, dx, dy, 64, 96, seed=9 * i + dx)
            lit = [(frame * (0.2 + 0.01 * t)).astype(np.uint8) for t, frame in enumerate(frames)]
            path = write_video(folder / f"{label}{i}.mp4", lit, audio=tone(3.2, hz))
            found.append(Example(path, label, "val" if i == 2 else "train"))
    return found


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Cache:
    return Cache(tmp_path_factory.mktemp("cache"))


def settings(target: str, **more: object) -> TrainSettings:
    small = {
        "recipe": QUICK,
        "batch": 8,
        "per_epoch": 24,
        "clips_per_video": 4,
        "k": 2,
        "spec": SMALL,
        "init": ("scratch",),
        "precision": "fp32",
        "gap": 0.01,
        "keep": "last",
    }
    if target in ("md", "rgbr", "if"):
        small["architecture"] = "shufflenet26"
    if target == "classifier":
        small["architecture"] = "tiny3d"
    return TrainSettings(target=target, **{**small, **more})  # type: ignore[arg-type]


def context(output: Path, cache: Cache, **more: object) -> RunContext:
    torch.set_num_threads(1)  # the sum of floats depends on how they are shared out
    return RunContext(output, cache, **{"pool": Here(), "device": "cpu", **more})  # type: ignore[arg-type]


def train(
    settings: TrainSettings,
    examples: list[Example],
    teacher: Brightness | None,
    context: RunContext,
    callbacks: Callbacks,
) -> dict[str, Any]:
    """As the product's, with a classifier of the test's own in place of one that processes load."""
    if teacher is None:
        return product.train(settings, examples, None, context=context, callbacks=callbacks)
    return product.train(
        settings,
        examples,
        ClassifierFacts.of(teacher),
        context=replace(context, pool=Here(teacher)),
        callbacks=callbacks,
    )


class Seen:
    """Callbacks that remember what they got."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.epochs: list[dict[str, object]] = []
        self.failures: list[str] = []
        self.notes: list[str] = []
        self.steps = 0
        self._stop_after = stop_after

    def callbacks(self) -> Callbacks:
        def step(done: int, total: int, loss: float) -> None:
            self.steps += 1

        def failed(example: Example, error: ScsamplerError) -> None:
            self.failures.append(f"{example.path.name}: {error}")

        return Callbacks(
            lambda *_: None,
            step,
            self.epochs.append,
            on_failure=failed,
            on_note=self.notes.append,
            should_stop=lambda: self._stop_after is not None and self.steps >= self._stop_after,
        )
