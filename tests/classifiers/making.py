"""A network as small as can be, saved in every form."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

FIELDS = """
frames = 4
stride = 1
resize = [16, 16]
crop = 16
mean = [0.5, 0.5, 0.5]
std = [0.25, 0.25, 0.25]
layout = "NCTHW"
activation = "softmax"
labels = ["a", "b", "c"]
"""
CLIP = (3, 4, 16, 16)


class Small(nn.Module):
    """One 3D convolution and a linear layer: float [N, 3, F, h, w] -> [N, 3]."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.conv, self.fc = nn.Conv3d(3, 8, 3), nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.conv(x).relu().mean(dim=(2, 3, 4)))


def save_exported(network: nn.Module, path: Path, batch: int | None = None) -> None:
    free = {0: torch.export.Dim("batch", min=1, max=64)} if batch is None else None
    program = torch.export.export(network, (torch.rand(batch or 2, *CLIP),), dynamic_shapes=(free,))
    torch.export.save(program, path)


def save_scripted(network: nn.Module, path: Path, batch: int | None = None) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.trace(network, torch.rand(batch or 2, *CLIP)), str(path))


def save_onnx(
    network: nn.Module, path: Path, batch: int | None = None, external: bool = False
) -> None:
    path.parent.mkdir(exist_ok=True)
    free = ({0: torch.export.Dim("batch", min=1, max=64)},) if batch is None else None
    torch.onnx.export(
        network,
        (torch.rand(batch or 2, *CLIP),),
        str(path),
        dynamo=True,
        dynamic_shapes=free,
        external_data=external,
        verbose=False,
    )


class Evil:
    """Unpickled, it makes a folder: the mark that code has run."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.mark),)
