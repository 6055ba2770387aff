"""What a model file gives once it is open: its network, in the order of axes that the product uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from scsampler_cli.classifiers.model_spec import AXES
from scsampler_cli.errors import ClassifierError


@dataclass(frozen=True)
class OpenModel:
    """A network out of a file, and what its input says."""

    network: nn.Module
    """float tensor in the file's own layout -> its output, or several; `LayoutAdapter` takes the one that is the answer."""
    shape: tuple[int | None, ...] | None
    """Of its input; None for what is free, and as a whole where the file does not tell."""
    sha256: str
    """Of all files that its answers depend on."""


class LayoutAdapter(nn.Module):
    """A network that wants its axes in another order, or batches of a fixed size.

    Args:
        network: as the file has it.
        layout: its order of the axes N C T H W.
        batch: clips that it takes at once; None for any number.
        classes: C, by which the answer is told from other outputs.
    """

    def __init__(self, network: nn.Module, layout: str, batch: int | None, *, classes: int) -> None:
        super().__init__()
        self.network, self.layout, self._batch = network, layout, batch
        self._order = [AXES.index(axis) for axis in layout]
        self._classes = classes

    def forward(self, x: Tensor) -> Tensor:
        """float [N, 3, F, h, w] -> [N, C]."""
        parts = [x] if self._batch is None else list(torch.split(x, self._batch))
        return torch.cat([self._run(part) for part in parts])

    def _run(self, x: Tensor) -> Tensor:
        count = len(x)
        if self._batch is not None and count < self._batch:
            x = torch.cat([x, x[-1:].expand(self._batch - count, *x.shape[1:])])
        return self._answer(self.network(x.permute(self._order).contiguous()))[:count]

    def _answer(self, found: Any) -> Tensor:
        """The output called "logits", the only one, or the only one that has a value for each class."""
        if isinstance(found, dict):
            if "logits" in found:
                return found["logits"]
            found = list(found.values())
        outputs = list(found) if isinstance(found, tuple | list) else [found]
        fitting = [
            out
            for out in outputs
            if isinstance(out, Tensor) and out.dim() == 2 and out.shape[1] == self._classes
        ]
        if len(outputs) > 1 and len(fitting) != 1:
            raise ClassifierError(
                f"it gives {len(outputs)} outputs, of which {len(fitting)} have a value for each of {self._classes} labels",
                code="model-outputs-ambiguous",
                hint='export it with one output, or call that one "logits"',
            )
        return fitting[0] if fitting else outputs[0]
