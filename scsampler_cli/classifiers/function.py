"""A function of the caller as a clip classifier."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.classifiers.base import InputSpec, background_of
from scsampler_cli.errors import SettingsError
from scsampler_cli.model_zoo.weights_info import WeightsInfo

ClipFunction = Callable[[NDArray[np.uint8]], NDArray[np.floating]]
"""uint8 [N, F, h, w, 3], RGB, of the spec's size -> [N, C], rows within 0-1 that sum to 1."""


class FunctionClassifier:
    """A clip classifier f that calls a function.

    Args:
        function: function from clips to probabilities.
        labels: C different class names.
        spec: clip geometry of the function; None for 16 frames of 112 x 112.
        background: the one of the labels for clips that show none of the others; None without one.

    Raises:
        SettingsError: there are no labels, or two are equal.
        ClassifierError: the background class is not one of two or more labels.
    """

    weights = WeightsInfo("a function", None)

    def __init__(
        self,
        function: ClipFunction,
        labels: tuple[str, ...],
        spec: InputSpec | None = None,
        *,
        background: str | None = None,
    ) -> None:
        if not labels or len(set(labels)) < len(labels):
            raise SettingsError(
                "labels are missing or not all different",
                code="arguments-invalid",
                hint="give one name for each class",
            )
        # a callable object has no __name__
        self.name = getattr(function, "__name__", type(function).__name__)
        self.labels, self.spec = labels, spec or InputSpec()
        self.background = background
        self._function = function
        # now, and not at the first video
        background_of(self)

    def classify(self, clips: NDArray[np.uint8]) -> NDArray[np.float32]:
        """uint8 [N, F, h, w, 3] -> float32 [N, C]."""
        return np.asarray(self._function(clips), dtype=np.float32)
