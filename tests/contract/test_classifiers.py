"""The contract of a clip classifier, held by every built-in, by every family of text-image models,
and by what the pipeline checks of anybody's.

Networks that take any size are tried on small clips, since nothing but time depends on it; the
declared geometry of each is run through without numbers
(`tests/classifiers/test_architectures.py`), and with them where there is a GPU.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from scsampler_cli.classifiers import registry
from scsampler_cli.classifiers.base import (
    ClipClassifier,
    InputSpec,
    is_multi_label,
    probabilities_of,
)
from scsampler_cli.classifiers.builtin import BUILTINS
from scsampler_cli.classifiers.network import NetworkClassifier
from scsampler_cli.classifiers.networks import ARCHITECTURES, build
from scsampler_cli.errors import ClassifierError
from scsampler_cli.model_zoo.weights_info import WeightsInfo
from scsampler_cli.nn.device import pick_dtype
from tests.text_models import FAMILIES

CPU, FP32 = torch.device("cpu"), torch.float32
GPU = torch.cuda.is_available()
DEVICE = torch.device("cuda" if GPU else "cpu")
LEAST = {"i3d_rgb": (9, 193), "s3d": (14, 224)}
"""Frames and side that these need at least; 4 and 32 do for the others that take any size."""


SINGLE, HALF = 1e-2 if GPU else 1e-4, 0.05
"""By how much answers may differ, as a share of the highest: a GPU multiplies in TF32."""


def apart(found: np.ndarray, wanted: np.ndarray) -> float:
    return float(np.abs(found - wanted).max() / wanted.max())


def slow_here(network: str) -> bool:
    """Half precision of large pictures takes minutes on a CPU without instructions for it."""
    return (
        not GPU
        and pick_dtype("auto", CPU) == FP32
        and (network in LEAST or not ARCHITECTURES[network].any_size)
    )


class Case:
    """A built-in with random weights that came through a file."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self._weights = name, None
        if name in BUILTINS:
            known = BUILTINS[name]
            self.network = known.network
            self._weights = folder / f"{name}.pth"
            torch.manual_seed(0)
            torch.save(build(known.network, known.classes).state_dict(), self._weights)
        else:
            self.network = "tiny3d"

    def clear(self) -> None:
        if self._weights is not None:
            self._weights.unlink()

    def load(self, device: torch.device = DEVICE, dtype: torch.dtype = FP32) -> ClipClassifier:
        found = registry.load(self.name, device, dtype, weights=self._weights)
        assert isinstance(found, NetworkClassifier)
        if GPU or not found.any_size:
            return found
        frames, side = LEAST.get(self.network, (4, 32))
        return found.with_spec(replace(found.spec, frames=frames, crop=(side, side)))


class TextImageCase(Case):
    """A text-image model with labels in plain words."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self._folder = name, folder / name
        FAMILIES[name](self._folder)

    def load(self, device: torch.device = DEVICE, dtype: torch.dtype = FP32) -> ClipClassifier:
        labels = ("a dog", "a red circle, a blue square", "一只猫")
        return registry.load(str(self._folder), device, dtype, labels=labels)


def one_of_each_network() -> list[str]:
    """Names that share a network differ in labels and geometry, which `tests/classifiers` holds; a
    GPU has time for all."""
    seen: dict[str, str] = {}
    for name in registry.names():
        seen.setdefault(BUILTINS[name].network if name in BUILTINS else name, name)
    return list(seen.values())


@pytest.mark.parametrize("name", registry.names() if GPU else one_of_each_network())
def test_a_built_in_keeps_the_contract(name: str, tmp_path: Path) -> None:
    """One test a network, since weights of hundreds of megabytes are made for it: each helper is a
    clause."""
    case = Case(name, tmp_path)
    classifier = case.load()
    it_describes_itself(case, classifier)
    wrong_input_is_a_clear_error(classifier)
    assert classifier.classify(clips(classifier, 0)).shape == (0, len(classifier.labels))
    probabilities_do_not_depend_on_the_batch_and_are_repeatable(classifier)
    if not slow_here(case.network):
        half_precision_stays_close(case, classifier)
    if GPU:
        a_gpu_answers_as_the_cpu_does(case, classifier)
    case.clear()


@pytest.mark.parametrize("name", FAMILIES)
def test_a_text_image_model_keeps_the_contract(name: str, tmp_path: Path) -> None:
    case = TextImageCase(name, tmp_path)
    classifier = case.load()
    it_describes_itself(case, classifier)
    wrong_input_is_a_clear_error(classifier)
    assert classifier.classify(clips(classifier, 0)).shape == (0, 3)
    probabilities_do_not_depend_on_the_batch_and_are_repeatable(classifier)
    half_precision_stays_close(case, classifier)
    if GPU:
        a_gpu_answers_as_the_cpu_does(case, classifier)


def clips(classifier: ClipClassifier, count: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (count, classifier.spec.frames, *classifier.spec.crop, 3), np.uint8)


def it_describes_itself(case: Case, classifier: ClipClassifier) -> None:
    assert isinstance(classifier, ClipClassifier)
    assert classifier.name == case.name
    assert len(set(classifier.labels)) == len(classifier.labels) >= 2
    assert classifier.spec.frames >= 1
    assert classifier.spec.stride >= 1
    assert classifier.weights.source
    assert "/" not in classifier.weights.source
    assert classifier.weights.sha256 is None or len(classifier.weights.sha256) == 64


def probabilities_do_not_depend_on_the_batch_and_are_repeatable(classifier: ClipClassifier) -> None:
    batch = clips(classifier, 4)
    together = probabilities_of(classifier, batch)
    assert together.shape == (4, len(classifier.labels))
    assert together.dtype == np.float32
    assert (together >= 0).all()
    if is_multi_label(classifier):
        assert (together <= 1).all()
    else:
        assert np.allclose(together.sum(axis=1), 1, atol=1e-4)
    alone = classifier.classify(batch[3:])
    assert apart(alone, together[3:]) < SINGLE
    assert np.array_equal(classifier.classify(batch[3:]), alone)
    assert not np.array_equal(together[0], together[1])


def half_precision_stays_close(case: Case, classifier: ClipClassifier) -> None:
    batch = clips(classifier, 1)
    half = case.load(dtype=torch.bfloat16)
    assert apart(probabilities_of(half, batch), classifier.classify(batch)) < HALF


def a_gpu_answers_as_the_cpu_does(case: Case, classifier: ClipClassifier) -> None:
    batch = clips(classifier, 1)
    assert apart(case.load(CPU).classify(batch), classifier.classify(batch)) < SINGLE


def wrong_input_is_a_clear_error(classifier: ClipClassifier) -> None:
    batch = clips(classifier, 1)
    fewer, lower, narrower = batch[:, :-1], batch[:, :, :-1], batch[:, :, :, 1:]
    for wrong in (batch[0], batch[..., :1], batch.astype(np.float32), fewer, lower, narrower):
        with pytest.raises(ClassifierError, match=r"takes clips uint8 \[N, ") as caught:
            classifier.classify(wrong)
        assert classifier.name in str(caught.value)


class Faulty:
    """A plug-in that returns whatever it was made with."""

    name, labels = "faulty", ("a", "b")
    spec, weights = InputSpec(), WeightsInfo("none", None)

    def __init__(self, answer: object, multi_label: bool = False) -> None:
        self._answer, self.multi_label = answer, multi_label

    def classify(self, clips: np.ndarray) -> np.ndarray:
        if isinstance(self._answer, Exception):
            raise self._answer
        return np.asarray(self._answer)


ONE = np.zeros((1, 16, 112, 112, 3), np.uint8)


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        ([[0.5, np.nan]], "not finite"),
        ([[0.5]], r"shape \(1, 1\) instead of \(1, 2\)"),
        ([[2.0, -1.0]], "not probabilities"),
        ([[3.0, 4.0]], "not probabilities"),
        (RuntimeError("out of order"), "failed: RuntimeError: out of order"),
        ([["a", "b"]], "failed: ValueError"),
    ],
)
def test_a_fault_of_the_classifier_is_not_the_videos(answer: object, word: str) -> None:
    with pytest.raises(ClassifierError, match=f"'faulty'.*{word}") as caught:
        probabilities_of(Faulty(answer), ONE)
    assert caught.value.hint


def test_several_labels_at_once_need_no_sum_but_a_range() -> None:
    found = probabilities_of(Faulty([[0.9, 0.8]], multi_label=True), ONE)
    assert found == pytest.approx(np.array([[0.9, 0.8]]))
    for wrong in ([[1.2, 0.0]], [[-0.1, 0.0]]):
        with pytest.raises(ClassifierError, match="0 to 1"):
            probabilities_of(Faulty(wrong, multi_label=True), ONE)
