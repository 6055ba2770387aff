"""What a search needs of a text-image model.

Not handled here: the models themselves; see `classifiers.text_image`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.classifiers.base import InputSpec
from scsampler_cli.model_zoo.weights_info import WeightsInfo


@runtime_checkable
class EmbeddingModel(Protocol):
    """Pictures, or clips, and sentences -> vectors of unit length in one space.

    `classifiers.text_image.text_image_model.TextImageModel` is one.
    """

    @property
    def name(self) -> str:
        """Name for the user."""
        ...

    @property
    def spec(self) -> InputSpec:
        """Clip geometry; the grid of the clips of a video follows from it."""
        ...

    @property
    def weights(self) -> WeightsInfo:
        """Identity of the weights."""
        ...

    @property
    def reads_clips(self) -> bool:
        """True for a model that takes whole clips (`of_clips`), False for one of pictures."""
        ...

    @property
    def dimensions(self) -> int:
        """Length of a vector (D)."""
        ...

    @property
    def settings(self) -> dict[str, Any]:
        """All that the vectors depend on besides weights and `spec`; JSON-able."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know about the model."""
        ...

    def of_pictures(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """uint8 [N, h, w, 3], as `fit_frame` makes them -> float32 [N, D]."""
        ...

    def of_clips(self, clips: NDArray[np.uint8]) -> NDArray[np.float32]:
        """uint8 [N, F, h, w, 3] -> float32 [N, D]."""
        ...

    def of_sentences(self, sentences: Sequence[str], prompts: Sequence[str]) -> NDArray[np.float32]:
        """S sentences -> float32 [S, D]; the vectors of several prompts are averaged.

        Raises:
            ClassifierError: a sentence is too long.
        """
        ...

    def probabilities(self, similarities: NDArray[np.float32]) -> NDArray[np.float32] | None:
        """float32 [N] -> float32 [N], 0 to 1; None for a model without probabilities."""
        ...
