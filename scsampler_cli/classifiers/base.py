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


@dataclass(frozen=True)
class WeightsInfo:
    """Which weights are loaded, so that a result can be traced."""

    source: str
    """Name or file name, never a full path of the machine."""
    sha256: str | None
    """Hex digest of the file; None when there is no file (a plug-in that has none)."""


@runtime_checkable
class ClipClassifier(Protocol):
    """f: clips of F frames -> probabilities over C classes.

    Three further attributes are used where a classifier has them: `multi_label`, True for classes that do not exclude each
    other (its rows need no sum of 1); `with_spec(spec)`, which gives the same classifier on another geometry; and `any_size`,
    True if that may be of larger pictures (Sec. 4.1.3).
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


def variant_of(classifier: ClipClassifier) -> dict[str, Any]:
    """What a classifier's answers depend on besides its weights, labels and spec, for JSON, where it says so by `variant`.

    Example: the same weights with another activation.
    """
    return dict(getattr(classifier, "variant", {}))


def is_multi_label(classifier: ClipClassifier) -> bool:
    """Whether several of its classes can be true at once."""
    return bool(getattr(classifier, "multi_label", False))


BATCH = 16
"""Clips classified at once where the classifier does not say: the ten of the paper in one go (our choice)."""


def batch_of(classifier: ClipClassifier) -> int:
    """How many clips to classify at once: its `batch_clips`, which it may have."""
    return max(1, int(getattr(classifier, "batch_clips", BATCH)))


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
        with redirect_stdout(sys.stderr):  # results alone go to standard output, whatever a plug-in prints
            found = np.asarray(classifier.classify(clips), dtype=np.float32)
    except ScsamplerError:
        raise
    except (Exception, SystemExit) as error:
        raise ClassifierError(
            f"classifier {classifier.name!r} failed: {type(error).__name__}: {error}",
            hint="the fault is the classifier's; --debug shows where",
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
        hint="one row of probabilities a clip is wanted; are its weights whole?",
    )
