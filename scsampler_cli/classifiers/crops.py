"""Probabilities of clips that have one crop, or several crops side by side.

All callers that classify clips of a video use this module, so that none can forget the crops.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.classifiers.base import ClipClassifier, batch_of, probabilities_of
from scsampler_cli.classifiers.geometry import crops_apart


def clip_probabilities(classifier: ClipClassifier, clips: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Classify a batch of clips; the probabilities of a clip's crops are averaged.

    Args:
        classifier: the clip classifier (f in the paper).
        clips: uint8 [N, F, h, V w, 3], as `fit_frame` makes them, with V = `classifier.spec.crops`.

    Returns:
        float32 [N, C].

    Raises:
        ClassifierError: it failed, or did not return probabilities.
    """
    crops = classifier.spec.crops
    by_crop = probabilities_of(classifier, crops_apart(clips, classifier.spec))  # [N V, C]
    # [N, V, C] -> [N, C]
    return by_crop.reshape(len(clips), crops, len(classifier.labels)).mean(axis=1)


def batch_shape(classifier: ClipClassifier) -> tuple[int, int, int, int, int]:
    """Shape of a classifier's largest batch for `clip_probabilities`: (N, F, h, V w, 3)."""
    spec = classifier.spec
    # the crops are side by side: V times the width
    height, width = spec.crop
    return batch_of(classifier), spec.frames, height, spec.crops * width, 3
