"""The interface of a clip classifier f (Sec. 3.1): the protocol, its clip geometry, its weights.

This module needs numpy only, so that a plug-in need not import torch.
"""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.errors import ClassifierError, ScsamplerError
from scsampler_cli.model_zoo.weights_info import WeightsInfo as WeightsInfo  # part of this API

SUM_TOLERANCE = 0.01
"""Largest difference between 1 and a sum of probabilities; half precision stays below it."""


@dataclass(frozen=True)
class InputSpec:
    """Clip geometry of a classifier. The clip grid of a video follows from it."""

    frames: int = 16
    """F: frames per clip."""
    stride: int = 1
    """Frame stride: 2 takes every second frame of the video."""
    resize: tuple[int, int] | int = (128, 171)
    """Size of the resized frame in pixels: (height, width), or the short side, which keeps the
    aspect ratio."""
    crop: tuple[int, int] = (112, 112)
    """(height, width) of the centre crop, pixels."""
    mean: tuple[float, float, float] = (0.43216, 0.394666, 0.37645)
    """RGB, of values in 0-1 (torchvision's Kinetics-400 video weights)."""
    std: tuple[float, float, float] = (0.22803, 0.22145, 0.216989)
    """RGB, of values in 0-1."""
    antialias: bool = False
    """Smooth a frame before it is made smaller. torchvision's video weights were trained without
    it; PIL resizes with it."""
    crops: int = 1
    """1: the centre crop. 3: the two ends and the middle of the long side; their probabilities are
    averaged."""
    interpolation: str = "bilinear"
    """How a frame is resized: "bilinear" or "bicubic"."""
    rounding: str = "nearest"
    """How the long side of the resized frame and the place of the crop become whole pixels:
    "nearest", with half to even (torchvision's presets), or "down" (transformers)."""


@runtime_checkable
class ClipClassifier(Protocol):
    """f: clips of F frames -> probabilities over C classes.

    A classifier may have further attributes (OPTIONAL):

    - `multi_label`: True for classes that do not exclude each other; rows need not sum to 1.
    - `batch_clips`: number of clips in a batch (`batch_of`).
    - `with_spec(spec)`: the same classifier with another geometry.
    - `any_size`: True if `with_spec` takes larger crops (Sec. 4.1.3).
    - `with_activation(activation, multi_label)`: the same classifier with another activation of its
      outputs; None keeps the present one.
    - `network`: the torch module, whose parameters are counted.
    - `background`: the one of the labels for footage that shows none of the others
      (`background_of`); None without one. It is no tag, and a clip counts less for it.
    - `min_probability`: confidence below which a video is unsure (`min_probability_of`); None or
      absent without such a limit.
    - `output_settings`: settings that the answers depend on, other than weights and geometry
      (`output_settings_of`).
    """

    name: str
    labels: tuple[str, ...]
    """C different class names."""
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
    "background",
    "min_probability",
    "output_settings",
)
"""Attributes that a classifier may have. A wrapper has those of the classifier that it wraps."""


def is_multi_label(classifier: ClipClassifier) -> bool:
    """True for a classifier of which several classes can be true at once."""
    return bool(getattr(classifier, "multi_label", False))


def background_of(classifier: ClipClassifier) -> int | None:
    """Column of the background class; None for a classifier without one.

    Raises:
        ClassifierError: the name is not among the labels, or there is no other label, or the
            classifier is multi-label: classes that do not exclude each other need no background,
            since all of them can be improbable.

    Example: labels ("a", "background") and background "background" -> 1.
    """
    name = getattr(classifier, "background", None)
    if name is None:
        return None
    if name not in classifier.labels or len(classifier.labels) < 2:
        raise ClassifierError(
            f"the background class {name!r} of classifier {classifier.name!r} is not one of "
            f"two or more labels: {', '.join(classifier.labels[:6])}",
            code="background-invalid",
            hint="the background class is one of the labels, next to the classes",
        )
    if is_multi_label(classifier):
        raise ClassifierError(
            f"classifier {classifier.name!r} is multi-label and has a background class ({name!r})",
            code="background-multi-label",
            hint="probabilities of classes that exclude each other: softmax in place of sigmoid",
        )
    return tuple(classifier.labels).index(name)


def classes_of(classifier: ClipClassifier) -> tuple[str, ...]:
    """The labels without the background class."""
    background = background_of(classifier)
    return tuple(name for at, name in enumerate(classifier.labels) if at != background)


def min_probability_of(classifier: ClipClassifier) -> float | None:
    """Confidence below which a video is unsure, by the classifier itself; None without a limit.

    Raises:
        ClassifierError: it is not a number within 0-1.
    """
    limit = getattr(classifier, "min_probability", None)
    if limit is None:
        return None
    # a comparison with NaN is False
    if isinstance(limit, bool) or not isinstance(limit, int | float) or not 0 <= limit <= 1:
        raise ClassifierError(
            f"classifier {classifier.name!r} has the min_probability {limit!r}",
            code="min-probability-invalid",
            hint="it is a probability, 0 to 1; leave it out for no limit",
        )
    return float(limit)


BATCH = 16
"""Clips in a batch of a classifier without `batch_clips`: more than the ten clips of the paper."""


def batch_of(classifier: ClipClassifier) -> int:
    """Number of clips in a batch: `batch_clips`, or BATCH."""
    # a clip with three crops counts as one
    return max(1, int(getattr(classifier, "batch_clips", BATCH)))


def output_settings_of(classifier: object) -> dict[str, Any]:
    """Settings that the answers depend on, other than weights and geometry: `output_settings`.

    Returns:
        JSON-able, such as {"activation": "sigmoid"}; empty for a classifier without them.
    """
    return dict(getattr(classifier, "output_settings", {}))


def probabilities_of(classifier: ClipClassifier, clips: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Classify a batch, and check the answer, so that no fault of a plug-in is blamed on the video.

    Args:
        classifier: the clip classifier (f in the paper).
        clips: uint8 [N, F, h, w, 3].

    Returns:
        float32 [N, C].

    Raises:
        ClassifierError: the classifier failed, or did not return N x C probabilities.
    """
    try:
        # standard output is for results; a plug-in may print
        with redirect_stdout(sys.stderr):
            # a plug-in may return lists, or numbers of another type
            found = np.asarray(classifier.classify(clips), dtype=np.float32)
    # the classifiers of this package explain their failures themselves
    except ScsamplerError:
        raise
    # SystemExit: a plug-in must not end the program
    except (Exception, SystemExit) as error:
        raise ClassifierError(
            f"classifier {classifier.name!r} failed: {type(error).__name__}: {error}",
            code="classifier-failed",
            hint="the error is in the classifier",
        ) from error

    expected = len(clips), len(classifier.labels)
    if found.shape != expected:
        raise _broken(classifier, f"returned shape {found.shape} instead of {expected}")
    if not np.isfinite(found).all():
        raise _broken(classifier, "returned numbers that are not finite")
    if is_multi_label(classifier):
        # min() and max() of an empty batch would raise without `initial`
        if found.min(initial=0) < 0 or found.max(initial=0) > 1:
            raise _broken(classifier, "returned values that are not probabilities (0 to 1)")
    elif (found < 0).any() or np.abs(found.sum(axis=1) - 1).max(initial=0) > SUM_TOLERANCE:
        raise _broken(classifier, "returned rows that are not probabilities (not negative, sum 1)")
    return found


def _broken(classifier: ClipClassifier, what: str) -> ClassifierError:
    return ClassifierError(
        f"classifier {classifier.name!r} ({classifier.weights.source}) {what}",
        code="classifier-output-invalid",
        hint="it must return one row of probabilities for each clip; are its weights whole?",
    )
