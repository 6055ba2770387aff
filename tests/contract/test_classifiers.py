"""What holds for every registered classifier; those whose weights are not here get fresh ones of the right keys and shapes."""

from pathlib import Path

import numpy as np
import pytest
import torch

from scsampler_cli.classifiers import registry
from scsampler_cli.classifiers.base import ClipClassifier, InputSpec, WeightsInfo, probabilities_of
from scsampler_cli.classifiers.networks import build
from scsampler_cli.errors import ClassifierError

CPU, FP32 = torch.device("cpu"), torch.float32
KINETICS = ("mc3_18", "r3d_18", "r2plus1d_18")


@pytest.fixture(scope="module", params=registry.names())
def classifier(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> ClipClassifier:
    name = request.param
    weights: Path | None = None
    if name in KINETICS:
        weights = tmp_path_factory.mktemp("weights") / f"{name}.pth"
        torch.manual_seed(0)
        torch.save(build(name, 400).state_dict(), weights)
    return registry.load(name, CPU, FP32, weights)


def clips(classifier: ClipClassifier, count: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (count, classifier.spec.frames, *classifier.spec.crop, 3), np.uint8)


def test_it_describes_itself(classifier: ClipClassifier) -> None:
    assert isinstance(classifier, ClipClassifier)
    assert classifier.name
    assert len(set(classifier.labels)) == len(classifier.labels) >= 2
    assert classifier.spec.frames >= 1
    assert classifier.spec.stride >= 1
    assert classifier.weights.source
    assert "/" not in classifier.weights.source
    assert classifier.weights.sha256 is None or len(classifier.weights.sha256) == 64


def test_probabilities_are_probabilities(classifier: ClipClassifier) -> None:
    probabilities = classifier.classify(clips(classifier, 2))
    assert probabilities.shape == (2, len(classifier.labels))
    assert probabilities.dtype == np.float32
    assert (probabilities >= 0).all()
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-4)


def test_a_clip_does_not_depend_on_its_batch_and_is_repeatable(classifier: ClipClassifier) -> None:
    batch = clips(classifier, 2)
    together = classifier.classify(batch)
    assert np.array_equal(together, classifier.classify(batch))
    assert np.allclose(classifier.classify(batch[1:]), together[1:], atol=1e-4)


def test_it_keeps_the_contract_that_the_pipeline_checks(classifier: ClipClassifier) -> None:
    batch = clips(classifier, 1)
    assert np.array_equal(probabilities_of(classifier, batch), classifier.classify(batch))


class Faulty:
    """A plug-in that returns whatever it was made with."""

    name, labels = "faulty", ("a", "b")
    spec, weights = InputSpec(), WeightsInfo("none", None)

    def __init__(self, answer: object) -> None:
        self._answer = answer

    def classify(self, clips: np.ndarray) -> np.ndarray:
        if isinstance(self._answer, Exception):
            raise self._answer
        return np.asarray(self._answer)


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
        probabilities_of(Faulty(answer), np.zeros((1, 16, 112, 112, 3), np.uint8))
    assert caught.value.hint


def test_an_empty_batch_is_empty(classifier: ClipClassifier) -> None:
    assert classifier.classify(clips(classifier, 0)).shape == (0, len(classifier.labels))
