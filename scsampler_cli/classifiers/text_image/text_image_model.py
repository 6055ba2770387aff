"""`TextImageModel`: pictures, clips and sentences as vectors of one space."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from scsampler_cli.classifiers.base import BATCH, InputSpec
from scsampler_cli.classifiers.geometry import normalise
from scsampler_cli.classifiers.text_image.families import Family
from scsampler_cli.classifiers.text_image.text_tower import TextTower
from scsampler_cli.classifiers.text_image.towers import FrameTower, Tower, unit
from scsampler_cli.model_zoo.weights_info import WeightsInfo

_CPU_PICTURES = 8
"""Pictures in a batch on a CPU: more are not faster there."""
Vectors = NDArray[np.float32]


class TextImageModel:
    """A text-image model from its folder (`open_model`).

    Args:
        name: name for the user.
        tower: of the images, on the device.
        text: the text tower, on the device.
        family: of the model.
        spec: clip geometry.
        weights: identity of the weights.
        settings: all that vectors depend on beside weights and geometry; for JSON.
        device: of the networks.
        dtype: precision of the image tower (autocast).
    """

    def __init__(
        self,
        name: str,
        tower: Tower,
        text: TextTower,
        *,
        family: Family,
        spec: InputSpec,
        weights: WeightsInfo,
        settings: dict[str, Any],
        device: torch.device,
        dtype: torch.dtype,
    ) -> None:
        self.name, self.spec, self.weights = name, spec, weights
        self.tower, self.text, self.family = tower, text, family
        self.settings = settings
        self.device, self.dtype = device, dtype
        model: Any = tower.model
        config = model.config
        # SigLIP has no projection
        dimensions = getattr(config, "projection_dim", None) or config.vision_config.hidden_size
        self.dimensions = int(dimensions)
        """D."""
        self.scale = float(model.logit_scale.detach().exp())
        """By which the model multiplies cosines."""
        bias = getattr(model, "logit_bias", None)
        self.bias = 0.0 if bias is None else float(bias.detach())
        """What it adds then."""

    @property
    def reads_clips(self) -> bool:
        """True for a model that takes whole clips, and no single pictures."""
        return self.family.reads_clips

    @property
    def notes(self) -> tuple[str, ...]:
        """What a user of the vectors alone should know."""
        if not self.reads_clips:
            return ()
        return (
            f"{self.name} adapts a sentence to each clip; this part of it is left out here, where "
            "vectors are kept",
        )

    @property
    def batch_pictures(self) -> int:
        """Pictures in a batch; of a model that reads clips: frames."""
        return BATCH * self.spec.frames if self.device.type == "cuda" else _CPU_PICTURES

    def of_pictures(self, pictures: NDArray[np.uint8]) -> Vectors:
        """uint8 [N, h, w, 3], as `fit_frame` makes them -> float32 [N, D], of length 1."""
        assert isinstance(self.tower, FrameTower)
        return self._run(pictures[:, None])

    def of_clips(self, clips: NDArray[np.uint8]) -> Vectors:
        """uint8 [N, F, h, w, 3], as `fit_frame` makes them -> float32 [N, D], of length 1."""
        return self._run(clips)

    def _run(self, clips: NDArray[np.uint8]) -> Vectors:
        if len(clips) == 0:
            return np.zeros((0, self.dimensions), np.float32)
        is_reduced = self.dtype != torch.float32
        autocast = torch.autocast(self.device.type, self.dtype, enabled=is_reduced)
        with torch.inference_mode(), autocast:
            vectors = self.tower(normalise(clips, self.spec, self.device))
        found: Vectors = vectors.float().cpu().numpy()
        return found

    def of_sentences(self, sentences: Sequence[str], prompts: Sequence[str] = ("{}",)) -> Vectors:
        """float32 [S, D], of length 1.

        Args:
            sentences: S of them.
            prompts: with {} in the place of the sentence; several are averaged.

        Raises:
            InputError: a sentence is empty.
            ClassifierError: one is too long for the model.
        """
        vectors = self.text.vectors(sentences, prompts, device=self.device)
        found: Vectors = unit(vectors).cpu().numpy()
        return found

    def forget_text(self, labels: Sequence[str], prompts: Sequence[str]) -> Tensor:
        """Encode labels once, and drop the text tower with its memory.

        Args:
            labels: L of them.
            prompts: with {} in the place of the label; several are averaged.

        Returns:
            float32 [L, D], as `TextTower.vectors`.

        Raises:
            InputError, ClassifierError: as `TextTower.vectors`.
        """
        vectors = self.text.vectors(labels, prompts, device=self.device)
        network: Any = self.tower.model
        del network.text_model, self.text
        return vectors

    def probabilities(self, similarities: Vectors) -> Vectors | None:
        """The probability that a sentence fits, in the shape of the cosines.

        None for a model whose sentences have probabilities beside others alone.
        """
        if not self.family.is_sigmoid:
            return None
        return 1 / (1 + np.exp(-(self.scale * similarities + self.bias)))
