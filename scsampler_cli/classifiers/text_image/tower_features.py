"""The image tower of a classifier as the features of a search, so that no second network runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from scsampler_cli.classifiers.base import ClipClassifier
from scsampler_cli.classifiers.geometry import fit_frame
from scsampler_cli.classifiers.text_image.sentence_classifier import image_model_of
from scsampler_cli.classifiers.text_image.text_image_model import TextImageModel
from scsampler_cli.features.clip import ClipVisual
from scsampler_cli.samplers.picture_features import ImageNetFeatures, PictureFeatures


class TowerFeatures(PictureFeatures):
    """The vectors of a text-image model.

    Args:
        model: one that reads pictures.
    """

    def __init__(self, model: TextImageModel) -> None:
        self._model = model
        self.dimensions, self.takes_full_size = model.dimensions, True

    @property
    def record(self) -> dict[str, Any]:
        """The network's record for results."""
        weights = self._model.weights
        return {
            "input": "rgb",
            "arch": "image tower",
            "objective": "features",
            "weights": weights.source,
            "sha256": weights.sha256,
        }

    def fitted(self, clips: Iterable[ClipVisual]) -> Iterator[ClipVisual]:
        """The same clips, with pictures as the classifier gets its frames."""
        last, fitted = -1, np.zeros((0, 1, 1, 3), np.uint8)
        for clip in clips:
            if not len(clip.pictures):
                yield clip
                continue
            # clips that share a picture follow one another
            if clip.picture_frame != last:
                fitted = fit_frame(clip.pictures[0], self._model.spec)[None]
                last = clip.picture_frame
            yield replace(clip, pictures=fitted)

    def inputs(self, clips: Sequence[ClipVisual]) -> Tensor:
        """uint8 [N, h, w, 3]."""
        return torch.from_numpy(np.concatenate([clip.pictures for clip in clips]))

    def blank(self, count: int) -> Tensor:
        """uint8 [N, h, w, 3] of zeros."""
        return torch.zeros(count, *self._model.spec.crop, 3, dtype=torch.uint8)

    def of_inputs(self, inputs: Tensor) -> NDArray[np.float16]:
        """uint8 [N, h, w, 3] -> float16 [N, D]."""
        size = self._model.batch_pictures
        parts = [
            self._model.of_pictures(inputs[start : start + size].numpy())
            for start in range(0, len(inputs), size)
        ]
        return np.concatenate(parts).astype(np.float16)


def features_for(
    classifier: ClipClassifier | None, device: torch.device, dtype: torch.dtype
) -> PictureFeatures:
    """The network that knows which clips look alike: the classifier's own where it has one.

    Args:
        classifier: the clip classifier; None without one.
        device: where a network runs that has to be loaded.
        dtype: its precision.

    Raises:
        WeightsError: the bundled network is missing or damaged.
    """
    model = None if classifier is None else image_model_of(classifier)
    if model is None or model.reads_clips:
        return ImageNetFeatures(device, dtype)
    return TowerFeatures(model)
