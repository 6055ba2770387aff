"""An opened model file: its network, and the adapter to the axes that scsampler uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from scsampler_cli.classifiers.model_spec import AXES
from scsampler_cli.errors import ClassifierError


@dataclass(frozen=True)
class OpenModel:
    """The network of a model file."""

    network: nn.Module
    """float tensor in the file's layout -> one or several outputs; `LayoutAdapter` picks one."""
    shape: tuple[int | None, ...] | None
    """Shape of the input; None for each free axis, or None where the file has no shape."""
    sha256: str
    """SHA-256 of all files that the answers depend on."""


class LayoutAdapter(nn.Module):
    """Adapter for a network with another order of axes, or with a fixed batch size.

    Args:
        network: network of the file.
        layout: order of its axes, such as NCTHW.
        batch: batch size that it takes; None for any size.
        classes: number of classes (C), which distinguishes its answer from other outputs.
    """

    def __init__(self, network: nn.Module, layout: str, batch: int | None, *, classes: int) -> None:
        super().__init__()
        self.network, self.layout, self._batch = network, layout, batch
        # argument of `permute`: NCTHW -> the file's layout
        self._order = [AXES.index(axis) for axis in layout]
        self._classes = classes

    def forward(self, x: Tensor) -> Tensor:
        """float [N, 3, F, h, w] -> [N, C]."""
        # a fixed batch size: part by part
        parts = [x] if self._batch is None else list(torch.split(x, self._batch))
        return torch.cat([self._run(part) for part in parts])

    def _run(self, x: Tensor) -> Tensor:
        count = len(x)
        if self._batch is not None and count < self._batch:
            # fill the batch with copies of the last clip, whose answers are dropped
            x = torch.cat([x, x[-1:].expand(self._batch - count, *x.shape[1:])])
        return self._answer(self.network(x.permute(self._order).contiguous()))[:count]

    def _answer(self, found: Any) -> Tensor:
        """The output called "logits", the only one, or the only one with a value for each class."""
        # models of transformers return a dict
        if isinstance(found, dict):
            if "logits" in found:
                return found["logits"]
            found = list(found.values())
        # exported programs may return tuples
        outputs = list(found) if isinstance(found, tuple | list) else [found]
        fitting = [
            out
            for out in outputs
            if isinstance(out, Tensor) and out.dim() == 2 and out.shape[1] == self._classes
        ]
        if len(outputs) > 1 and len(fitting) != 1:
            raise ClassifierError(
                f"the model has {len(outputs)} outputs, "
                f"of which {len(fitting)} have a value for each of {self._classes} labels",
                code="model-outputs-ambiguous",
                hint='export it with one output, or name the right one "logits"',
            )
        return fitting[0] if fitting else outputs[0]
