"""`SamplerNetwork`: one network on one input, and the saliency of a clip from its outputs.

A classification head (AC) scores a clip by the largest class probability, after averaging the
probabilities over the clip's frames (the paper leaves open which comes first). With a background
class, which the paper does not have, it scores a clip by 1 - p(background). A saliency head
(SAL-RANK, SAL-CL) scores it by the mean of its sigmoid.

Not handled here: several networks together, and their loading, see `scoring`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from scsampler_cli.config import SALIENCY
from scsampler_cli.model_zoo.weights_info import WeightsInfo
from scsampler_cli.nn.inference import to_device


@dataclass(frozen=True)
class SamplerNetwork:
    """One network on one input."""

    kind: str
    """"rgb", "if", "md", "rgbr", "mel" or "packets"."""
    architecture: str
    objective: str
    """"ac", "sal-rank" or "sal-cl"."""
    network: nn.Module
    info: WeightsInfo
    device: torch.device
    dtype: torch.dtype
    labels: tuple[str, ...] = ()
    """Class names of its training data; () where its file does not have them."""
    background: int | None = None
    """Column of the background class of an AC head; None without one."""
    saliency: str = SALIENCY[0]
    """How an AC head with a background class scores a clip: one of `config.SALIENCY`."""

    @property
    def scores_by_background(self) -> bool:
        """True where the score is 1 - p(background)."""
        return self.background is not None and self.saliency != "class"

    @property
    def record(self) -> dict[str, Any]:
        """The network's record for results; "score" says what a background class is used for."""
        record = {
            "input": self.kind,
            "arch": self.architecture,
            "objective": self.objective,
            "weights": self.info.source,
            "sha256": self.info.sha256,
        }
        if self.background is not None:
            record["score"] = "background" if self.scores_by_background else "class"
        return record

    def saliency_of(self, probabilities: Tensor) -> float:
        """Saliency of one clip.

        Args:
            probabilities: float32 [C], the mean over the clip's frames.

        Example: [0.2, 0.1, 0.7] with the background class last: 0.3 by "auto", 0.2 by "class".
        """
        if self.background is None:
            # a saliency head has one output, so its maximum is that output
            return float(probabilities.max())
        is_class = torch.arange(len(probabilities)) != self.background
        of_classes = probabilities[is_class]
        # the sum of small numbers keeps the order of clips where 1 - p would round to 0; the sum
        # of many may be one last bit above 1
        if self.scores_by_background:
            return min(1.0, float(of_classes.sum()))
        return float(of_classes.max())

    def probabilities(self, inputs: Tensor) -> Tensor:
        """Probabilities of each frame (or spectrogram, or packet table).

        Args:
            inputs: float32 [n, ...].

        Returns:
            float32 [n, C] on the network's device: softmax of an AC head, sigmoid of a saliency
            head (C = 1).
        """
        # MD in reduced precision is slower than in float32, and has produced NaN
        dtype = torch.float32 if self.kind == "md" else self.dtype
        with (
            torch.inference_mode(),
            torch.autocast(self.device.type, dtype, enabled=dtype != torch.float32),
        ):
            logits = self.network(to_device(inputs, self.device)).float()
        return logits.softmax(dim=1) if self.objective == "ac" else logits.sigmoid()

    def start(self, inputs: list[Tensor]) -> PendingScores:
        """Start to score a batch, without waiting for a GPU.

        Args:
            inputs: float32 [n, ...] for each clip, n = 0 for a clip without this input.
        """
        counts = [len(tensor) for tensor in inputs]
        # frames of all clips make one batch; `counts` separates them again
        present = [tensor for tensor in inputs if len(tensor)]
        per_frame = self.probabilities(torch.cat(present)) if present else None
        return PendingScores(self, counts, per_frame)

    def clip_probabilities(self, inputs: list[Tensor]) -> list[Tensor | None]:
        """Mean of the probabilities over the frames of each clip.

        Args:
            inputs: as in `start`.

        Returns:
            float32 [C] for each clip; None for a clip without this input.
        """
        return self.start(inputs).clip_probabilities()

    def scores(self, inputs: list[Tensor]) -> list[float]:
        """Saliency of each clip; NaN for a clip without this input.

        Args:
            inputs: as in `start`.
        """
        return self.start(inputs).scores()


@dataclass(frozen=True)
class PendingScores:
    """A batch that a network has started to score."""

    network: SamplerNetwork
    counts: list[int]
    """Number of frames of each clip."""
    per_frame: Tensor | None
    """float32 [sum of counts, C] on the network's device; None without any frame."""

    def clip_probabilities(self) -> list[Tensor | None]:
        """Wait for the network; see `SamplerNetwork.clip_probabilities`."""
        if self.per_frame is None:
            return [None] * len(self.counts)
        # the copy to the CPU waits for a GPU
        parts = self.per_frame.cpu().split(self.counts)  # type: ignore[no-untyped-call]
        return [part.mean(dim=0) if len(part) else None for part in parts]

    def scores(self) -> list[float]:
        """Wait for the network; see `SamplerNetwork.scores`."""
        means = self.clip_probabilities()
        return [float("nan") if p is None else self.network.saliency_of(p) for p in means]
