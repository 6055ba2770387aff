"""What a clip classifier f is (Sec. 3.1): the Protocol, its input geometry, and the identity of its weights.

numpy only: a plug-in needs torch no more than this module does.
"""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.errors import ClassifierError, ScsamplerError
from scsampler_cli.model_zoo.weights_info import WeightsInfo

SUM_TOLERANCE = 0.01
"""By how much probabilities may miss a sum of 1: half precision is off by less (our choice)."""


@dataclass(frozen=True)
class InputSpec:
    """Clip geometry. It belongs to the classifier; the clip grid of the video follows it."""

    frames: int = 16
    """F: frames per clip."""
    stride: int = 1
    """Every how many video frames one is taken."""
    resize: tuple[int, int] | int = (128, 171)
    """(height, width) to which a frame is stretched, or the length of its short side with the aspect kept. Pixels."""
    crop: tuple[int, int] = (112, 112)
    """(height, width) of the centre crop, pixels."""
    mean: tuple[float, float, float] = (0.43216, 0.394666, 0.37645)
    """RGB, of values in 0-1 (torchvision's Kinetics-400 video weights)."""
    std: tuple[float, float, float] = (0.22803, 0.22145, 0.216989)
    antialias: bool = False
    """Whether frames are smoothed before they are made smaller: torchvision's video weights saw them without, PIL's with."""
    crops: int = 1
    """1: the centre crop; 3: the two ends and the middle of the long side, whose probabilities are averaged."""


@runtime_checkable
class ClipClassifier(Protocol):
    """f: clips of F frames -> probabilities over C classes.

    A classifier may have further attributes (OPTIONAL), which are used where they are there:

    - `multi_label`: True for classes that do not exclude each other; its rows need no sum of 1.
    - `batch_clips`: how many clips to classify at once (`batch_of`).
    - `with_spec(spec)`: the same classifier on another geometry.
    - `any_size`: True if `with_spec` takes larger pictures (Sec. 4.1.3).
    - `with_activation(activation, multi_label)`: the same classifier with another activation of its outputs; None keeps
      what it has.
    - `network`: the torch module, whose parameters are counted.
    - `output_settings`: what its answers depend on beside weights and geometry (`output_settings_of`).
    """

    name: str
    labels: tuple[str, ...]
    """C class names."""
    spec: InputSpec
    weights: WeightsInfo

    def classify(self, clips: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Classify a batch.

        Args:
            clips: uint8 [N, F, h, w, 3], RGB, already resized and cropped to `spec`.

        Returns:
            float32 [N, C], each row within 0-1 and, unless it is multi-label, summing to 1.
        """
        ...


OPTIONAL = (
    "multi_label",
    "batch_clips",
    "with_spec",
    "any_size",
    "with_activation",
    "network",
    "output_settings",
)
"""Attributes that a classifier may have. A wrapper of a classifier has those of the classifier inside."""


def is_multi_label(classifier: ClipClassifier) -> bool:
    """Whether several of its classes can be true at once."""
    return bool(getattr(classifier, "multi_label", False))


BATCH = 16
"""Clips classified at once where the classifier does not say: the ten of the paper in one go (our choice)."""


def batch_of(classifier: ClipClassifier) -> int:
    """How many clips to classify at once: its `batch_clips`, which it may have. A clip is counted once, with all its crops."""
    return max(1, int(getattr(classifier, "batch_clips", BATCH)))


def output_settings_of(classifier: object) -> dict[str, Any]:
    """What the answers of a classifier depend on beside weights and geometry: its `output_settings`, which it may have.

    Returns:
        JSON-able, such as {"activation": "sigmoid"}; empty where all is as usual.
    """
    return dict(getattr(classifier, "output_settings", {}))


def probabilities_of(classifier: ClipClassifier, clips: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Classify a batch, and hold the classifier to its contract: a plug-in's fault must not pass for the video's.

    Args:
        classifier: f.
        clips: uint8 [N, F, h, w, 3].

    Returns:
        float32 [N, C].

    Raises:
        ClassifierError: it failed, or what it returned are not N x C probabilities.
    """
    try:
        with redirect_stdout(
            sys.stderr
        ):  # results alone go to standard output, whatever a plug-in prints
            found = np.asarray(classifier.classify(clips), dtype=np.float32)
    except ScsamplerError:
        raise
    except (Exception, SystemExit) as error:
        raise ClassifierError(
            f"classifier {classifier.name!r} failed: {type(error).__name__}: {error}",
            code="classifier-failed",
            hint="the fault is the classifier's",
        ) from error
    wanted = len(clips), len(classifier.labels)
    if found.shape != wanted:
        raise _broken(classifier, f"returned shape {found.shape} instead of {wanted}")
    if not np.isfinite(found).all():
        raise _broken(classifier, "returned numbers that are not finite")
    if is_multi_label(classifier):
        if found.min(initial=0) < 0 or found.max(initial=0) > 1:
            raise _broken(classifier, "returned values that are not probabilities (0 to 1)")
    elif (found < 0).any() or np.abs(found.sum(axis=1) - 1).max(initial=0) > SUM_TOLERANCE:
        raise _broken(classifier, "returned rows that are not probabilities (not negative, sum 1)")
    return found


def _broken(classifier: ClipClassifier, what: str) -> ClassifierError:
    return ClassifierError(
        f"classifier {classifier.name!r} ({classifier.weights.source}) {what}",
        code="classifier-output-invalid",
        hint="one row of probabilities a clip is wanted; are its weights whole?",
    )
