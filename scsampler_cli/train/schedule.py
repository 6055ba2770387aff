"""The course of the learning rate over a run (`recipe.Recipe.schedule`)."""

from __future__ import annotations

from typing import Any

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler, OneCycleLR, ReduceLROnPlateau

from scsampler_cli.train.recipe import Recipe

PLATEAU_PATIENCE = 3
"""Epochs without a better measure before the rate falls: ours, as CoViAR's text names no number."""
DIVISOR = 10
"""App. B.2: "divide the learning rate by 10"."""


def stepped(epoch: int, recipe: Recipe) -> float:
    """Share of the full rate in an epoch (from 0) of the schedule "step".

    Example: warm-up of 2 epochs, steps of 5: 0.5, 1, 1, 1, 1, 0.1, ...
    """
    warming = min(1.0, (epoch + 1) / recipe.warmup_epochs) if recipe.warmup_epochs else 1.0
    return warming / DIVISOR ** (epoch // recipe.step_epochs)


class Schedule:
    """One of torch's schedulers, behind two moments: after a step, after an epoch.

    Args:
        optimiser: whose rates it sets.
        recipe: of the run.
        steps: in an epoch.
    """

    def __init__(self, optimiser: Optimizer, recipe: Recipe, steps: int) -> None:
        self._each_step: LRScheduler | None = None
        self._each_epoch: LRScheduler | None = None
        self._plateau: ReduceLROnPlateau | None = None
        if recipe.schedule == "one-cycle":
            peaks = [group["lr"] for group in optimiser.param_groups]
            self._each_step = OneCycleLR(optimiser, peaks, max(2, steps * recipe.epochs))
        elif recipe.schedule == "step":
            self._each_epoch = LambdaLR(optimiser, lambda epoch: stepped(epoch, recipe))
        else:
            self._plateau = ReduceLROnPlateau(optimiser, "max", 1 / DIVISOR, PLATEAU_PATIENCE)

    def after_step(self) -> None:
        """To be called after every step of the optimiser."""
        if self._each_step is not None:
            self._each_step.step()

    def after_epoch(self, measure: float) -> None:
        """To be called after every epoch with what it is worth, more being better."""
        if self._each_epoch is not None:
            self._each_epoch.step()
        if self._plateau is not None:
            self._plateau.step(measure)

    def _inner(self) -> LRScheduler:
        inner = self._each_step or self._each_epoch or self._plateau
        assert inner is not None
        return inner

    def state(self) -> dict[str, Any]:
        """For a checkpoint."""
        return self._inner().state_dict()

    def restore(self, state: dict[str, Any]) -> None:
        """From a checkpoint."""
        self._inner().load_state_dict(state)
