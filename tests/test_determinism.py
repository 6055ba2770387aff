"""The number of threads changes no result: records are the same for every value of `--jobs`."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from scsampler_cli.config import SelectionSettings
from scsampler_cli.features.clip import ClipAudio, ClipVisual
from scsampler_cli.pipeline import models


@pytest.fixture
def threads() -> Iterator[list[int]]:
    before = torch.get_num_threads()
    yield [1, 2, 3]
    torch.set_num_threads(before)


@pytest.mark.parametrize("name", ["demo", "actions6"])
def test_the_classifier_gives_the_same_bytes(name: str, threads: list[int]) -> None:
    classifier = models.ModelOptions(classifier=name, device="cpu").load_classifier(print)[0]
    shape = (3, classifier.spec.frames, *classifier.spec.crop, 3)
    clips = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    answers = []
    for number in threads:
        torch.set_num_threads(number)
        answers.append(classifier.classify(clips).tobytes())
    assert len(set(answers)) == 1


def test_the_default_samplers_give_the_same_bytes(threads: list[int]) -> None:
    samplers = models.ModelOptions(device="cpu").load_samplers(models.AUTO_SET, SelectionSettings())
    assert samplers.visual is not None
    assert (samplers.visual.inputs, samplers.audio) == (("rgb",), None)
    rng = np.random.default_rng(0)
    seen = [
        ClipVisual(
            clip, 240, 320, iframes=np.zeros((0, 1, 1, 3), np.uint8),
            motion=np.zeros((0, 1, 1, 2), np.float16), residual=np.zeros((0, 1, 1, 3), np.int8),
            pictures=rng.integers(0, 256, (1, 128, 171, 3)).astype(np.uint8),
        )
        for clip in range(20)
    ]  # fmt: skip
    answers = []
    for number in threads:
        torch.set_num_threads(number)
        answers.append(tuple(samplers.visual.score(iter(seen))))
    assert len(set(answers)) == 1


def test_the_papers_samplers_give_the_same_bytes(threads: list[int]) -> None:
    chosen = models.ModelOptions(
        visual_sampler="actions6-paper", audio_sampler="actions6-paper", device="cpu"
    )
    samplers = chosen.load_samplers("actions6", SelectionSettings())
    assert samplers.visual is not None
    assert samplers.audio is not None
    rng = np.random.default_rng(0)
    seen = [
        ClipVisual(
            clip, 240, 320, iframes=np.zeros((0, 1, 1, 3), np.uint8),
            motion=rng.normal(size=(4, 15, 20, 2)).astype(np.float16),
            residual=rng.integers(-40, 40, (4, 128, 171, 3)).astype(np.int8),
        )
        for clip in range(6)
    ]  # fmt: skip
    heard = [
        ClipAudio(clip, rng.normal(size=(40, 200)).astype(np.float32), 1.0) for clip in range(6)
    ]
    answers = []
    for number in threads:
        torch.set_num_threads(number)
        answers.append(
            (tuple(samplers.visual.score(iter(seen))), tuple(samplers.audio.score(iter(heard))))
        )
    assert len(set(answers)) == 1
