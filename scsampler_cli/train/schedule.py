"""The course of the learning rate over a run (`recipe.Recipe.schedule`)."""

from __future__ import annotations

from typing import Any

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler, OneCycleLR, ReduceLROnPlateau

from scsampler_cli.train.recipe import Recipe

PLATEAU_PATIENCE = 3
"""Epochs without a better measure before the rate falls; CoViAR's text names no number."""
DIVISOR = 10
"""App. B.2: "divide the learning rate by 10"."""


def stepped(epoch: int, recipe: Recipe) -> float:
    """Share of the full learning rate in an epoch (from 0) of the schedule "step".

    Example: warm-up of 2 epochs, steps of 5: 0.5, 1, 1, 1, 1, 0.1, ...
    """
    warmup = min(1.0, (epoch + 1) / recipe.warmup_epochs) if recipe.warmup_epochs else 1.0
    return warmup / DIVISOR ** (epoch // recipe.step_epochs)


class Schedule:
    """One of torch's schedulers. Call `after_step` after each step, `after_epoch` after each epoch.

    Args:
        optimiser: its learning rates are set.
        recipe: recipe of the run.
        steps: steps in an epoch.
    """

    def __init__(self, optimiser: Optimizer, recipe: Recipe, steps: int) -> None:
        self._each_step: LRScheduler | None = None
        self._each_epoch: LRScheduler | None = None
        self._plateau: ReduceLROnPlateau | None = None
        # the peaks are the rates of the parameter groups
        if recipe.schedule == "one-cycle":
            peaks = [group["lr"] for group in optimiser.param_groups]
            # OneCycleLR divides by zero where there is one step in all
            self._each_step = OneCycleLR(optimiser, peaks, max(2, steps * recipe.epochs))
        elif recipe.schedule == "step":
            self._each_epoch = LambdaLR(optimiser, lambda epoch: stepped(epoch, recipe))
        else:
            # "max": higher measures are better
            self._plateau = ReduceLROnPlateau(optimiser, "max", 1 / DIVISOR, PLATEAU_PATIENCE)

    def after_step(self) -> None:
        """Set the learning rate after a step of the optimiser."""
        if self._each_step is not None:
            self._each_step.step()

    def after_epoch(self, measure: float) -> None:
        """Set the learning rate after an epoch, by its measure (higher is better)."""
        if self._each_epoch is not None:
            self._each_epoch.step()
        if self._plateau is not None:
            # ReduceLROnPlateau is no LRScheduler: its step takes a measure
            self._plateau.step(measure)

    def _inner(self) -> LRScheduler:
        inner = self._each_step or self._each_epoch or self._plateau
        assert inner is not None
        return inner

    def state(self) -> dict[str, Any]:
        """State for a checkpoint."""
        return self._inner().state_dict()

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from the state in a checkpoint."""
        self._inner().load_state_dict(state)
