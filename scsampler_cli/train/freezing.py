"""Which parts of a network keep their weights: the trunk of lite0, or its first blocks."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from scsampler_cli.train.recipe import TRUNK_BLOCKS
from scsampler_cli.train.settings import TrainSettings


def frozen_parts(network: nn.Module, settings: TrainSettings) -> list[nn.Module]:
    """The parts that do not learn: none, the whole trunk, or all but its last blocks and its head.

    Args:
        network: a network with a `trunk`, an `nn.lite0.Lite0Trunk`.
        settings: settings of the run.
    """
    if settings.freeze is False:
        return []
    trunk = network.get_submodule("trunk")
    if not settings.unfreeze_last:
        return [trunk]
    blocks = list(trunk.get_submodule("blocks").children())
    return [trunk.get_submodule("stem"), *blocks[: TRUNK_BLOCKS - settings.unfreeze_last]]


def freeze(parts: Sequence[nn.Module]) -> None:
    """Take the parts out of training: they need no gradient, and an optimiser leaves them out."""
    for part in parts:
        part.requires_grad_(False)
