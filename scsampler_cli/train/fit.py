"""The training loop: steps, epochs, validation, checkpoints.

The clips, crops and dropout of a step come from (seed, epoch, step) alone. So a run that was
stopped anywhere, also within an epoch, continues bit for bit as if it had not been stopped (on a
CPU, with the same number of threads and processes).
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from scsampler_cli.errors import ScsamplerError, WeightsError
from scsampler_cli.train import checkpoint, history
from scsampler_cli.train.batches import load
from scsampler_cli.train.calibrate import Answers, answers_of
from scsampler_cli.train.checkpoint import State
from scsampler_cli.train.draw import Draw, Drawer, generator
from scsampler_cli.train.group import Group
from scsampler_cli.train.initial_weights import parameter_groups
from scsampler_cli.train.objective import Objective
from scsampler_cli.train.schedule import Schedule
from scsampler_cli.train.settings import TrainSettings
from scsampler_cli.train.started import Started
from scsampler_cli.train.step_inputs import Inputs
from scsampler_cli.train.validate import baselines, best_of, measure
from scsampler_cli.train.videos import TrainVideo

WEIGHT_DECAY = {"adamw": 0.05, "sgd": 5e-4}
"""By optimiser, where the recipe has none; the paper gives none."""

OnStep = Callable[[int, int, float], None]
"""Called with (steps done, steps of all epochs, mean loss of the epoch so far)."""


class Stopped(Exception):  # noqa: N818 - it is no error
    """The user stopped the run; the checkpoint is written."""


class Fit:
    """Networks, optimiser and progress of a run.

    Args:
        settings: settings of the run.
        labels: class names.
        train: videos to learn from.
        val: videos to validate on; may be empty.
        started: the networks, with their initial weights.
        device: device of the networks.
        group: the processes that train together.
        output: weight file. Checkpoint, metrics and curve go next to it.

    Raises:
        InputError: nothing can be learnt from these videos.
    """

    def __init__(
        self,
        settings: TrainSettings,
        labels: Sequence[str],
        train: Sequence[TrainVideo],
        *,
        val: Sequence[TrainVideo],
        started: Started,
        device: torch.device,
        group: Group,
        output: Path,
    ) -> None:
        self.settings, self._train, self._val = settings, train, val
        self._device, self._group, self._output = device, group, output
        self._drawer = Drawer(train, settings)
        self._model, self.starts = started.model.to(device), started.starts
        self._optimiser = self._make_optimiser()
        steps = len(self._drawer.steps(1))
        self._schedule = Schedule(self._optimiser, settings.recipe, steps)

        # a step may hold no clip with sound: a network of joint training then gets no gradient
        is_joint = settings.target == "joint"
        self._wrapped: nn.Module = group.wrap(self._model, device, partial=is_joint)
        self._objective = Objective(settings, train, classes=len(labels), device=device)
        self._baselines = baselines(val, settings) if group.is_main else {}
        self.state = State(self._digest(labels), 1, 0, loss=0.0, seconds=0.0)

    def _make_optimiser(self) -> torch.optim.Optimizer:
        recipe = self.settings.recipe
        decay = recipe.weight_decay
        groups: list[dict[str, Any]] = []
        for kind, start in self.starts.items():
            groups += parameter_groups(
                self._model.networks[kind],
                start,
                recipe.learning_rate,
                factor=recipe.pretrained_factor,
                weight_decay=WEIGHT_DECAY[recipe.optimiser] if decay is None else decay,
            )
        # the learning rate of each group is set in the group
        if recipe.optimiser == "adamw":
            return torch.optim.AdamW(groups, recipe.learning_rate)
        return torch.optim.SGD(groups, recipe.learning_rate, momentum=0.9, nesterov=True)

    def _digest(self, labels: Sequence[str]) -> str:
        """Digest of settings, videos and pseudo labels: a resumed run must have the same."""
        # contents rather than paths: a moved file is the same video
        videos = [
            [v.content, v.label, v.example.split, v.clips, v.probabilities_digest]
            for v in (*self._train, *self._val)
        ]
        starts = [[kind, start.source, start.sha256] for kind, start in self.starts.items()]
        text = json.dumps([self.settings.digest(), list(labels), videos, starts, self._group.world])
        return hashlib.sha256(text.encode()).hexdigest()

    def resume(self) -> None:
        """Continue from the checkpoint next to the output.

        Raises:
            WeightsError: there is none, it is damaged, or it belongs to a run with other settings
                or other videos.
        """
        path = checkpoint.path_of(self._output)
        # the digest is checked before any state is loaded
        state = checkpoint.load(path)
        if state.digest != self.state.digest:
            raise WeightsError(
                f"{path} belongs to a run with other settings, videos or classifier",
                code="checkpoint-unusable",
                hint="repeat that run's options exactly (with the one-cycle schedule also the "
                "number of epochs), or start again",
            )
        self._model.load_state_dict(state.model)
        self._optimiser.load_state_dict(state.optimiser)
        self._schedule.restore(state.schedule)
        self.state = state

    def run(
        self,
        on_epoch: Callable[[dict[str, Any]], None],
        on_step: OnStep,
        should_stop: Callable[[], bool],
    ) -> dict[str, Tensor]:
        """Train to the end.

        Args:
            on_epoch: called with the record of each epoch.
            on_step: called after each step.
            should_stop: called after each step; True ends the run after its checkpoint is written.

        Returns:
            state dict of the networks to keep.

        Raises:
            Stopped: `should_stop` returned True.
            ScsamplerError: the loss is NaN or infinite.
        """
        while self.state.epoch <= self.settings.recipe.epochs and not self._is_out_of_patience():
            self._run_epoch(on_step, should_stop)
            on_epoch(self._finish_epoch())
        # the best epoch is kept in the checkpoint, as it may be before a resume
        if self.settings.keep == "best" and self.state.best:
            return self.state.best
        return self._copy_of_networks()

    def answers(self, networks: dict[str, Tensor]) -> Answers | None:
        """What a classifier with these weights says of the validation videos; None without any.

        Only the main process has them.
        """
        if self.settings.target != "classifier" or not self._val or not self._group.is_main:
            return None
        self._model.load_state_dict(networks)
        return answers_of(self._model, self._val, self.settings, device=self._device)

    def _copy_of_networks(self) -> dict[str, Tensor]:
        # a copy: training goes on and changes the tensors in place
        values = self._model.state_dict()
        return {name: value.detach().cpu().clone() for name, value in values.items()}

    def _is_out_of_patience(self) -> bool:
        """True after `patience` epochs without a better one."""
        if self.settings.patience == 0 or self.state.best_epoch == 0:
            return False
        epochs_done = self.state.epoch - 1
        return epochs_done - self.state.best_epoch >= self.settings.patience

    def _run_epoch(self, on_step: OnStep, should_stop: Callable[[], bool]) -> None:
        """Run the steps of an epoch that are left."""
        state = self.state
        # a resumed epoch counts the seconds before the stop
        start_time = time.perf_counter() - state.seconds
        self._wrapped.train()
        draws = self._drawer.steps(state.epoch)
        for draw, inputs in self._loaded(draws):
            state.loss += self._step(draw, inputs)
            state.step += 1
            state.seconds = time.perf_counter() - start_time
            # all epochs have as many steps
            steps_done = (state.epoch - 1) * len(draws) + state.step
            steps = self.settings.recipe.epochs * len(draws)
            on_step(steps_done, steps, state.loss / state.step)
            # all processes stop at the same step, so that their states match
            if self._group.any(should_stop(), self._device):
                self._save()
                raise Stopped

    def _loaded(self, draws: Sequence[Draw]) -> Iterator[tuple[Draw, dict[str, Inputs]]]:
        """This process's share of the steps that are left, with inputs.

        A thread reads the inputs of the next step while the caller computes the present one.
        """
        epoch, done = self.state.epoch, self.state.step
        group, clips_in_row = self._group, self.settings.clips_in_row
        shares = [draw.share(group.rank, group.world, clips_in_row) for draw in draws]

        # the numbers 2 and 3 separate the random streams of inputs and of dropout
        def read(step: int) -> dict[str, Inputs]:
            return load(self._train, shares[step], self.settings, rng=self._random(2, epoch, step))

        with ThreadPoolExecutor(1) as reader:
            pending = reader.submit(read, done) if done < len(draws) else None
            for step in range(done, len(draws)):
                assert pending is not None
                inputs = pending.result()
                pending = reader.submit(read, step + 1) if step + 1 < len(draws) else None
                yield shares[step], inputs

    def _random(self, *position: int) -> np.random.Generator:
        return generator(self.settings.seed, *position, self._group.rank)

    def _step(self, draw: Draw, inputs: dict[str, Inputs]) -> float:
        """One step of the optimiser; returns the loss."""
        epoch, step = self.state.epoch, self.state.step
        # from the position alone, so that a resumed run draws the same
        rng = self._random(3, epoch, step)
        torch.manual_seed(int(rng.integers(2**62)))  # dropout
        values = {}
        for kind, part in inputs.items():
            values[kind] = (part.values.to(self._device), part.rows.to(self._device))

        loss = self._objective.loss(self._wrapped, draw, values, rng=rng)
        # None instead of 0: networks without clips in this step are not updated
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimiser.step()
        self._schedule.after_step()

        value = float(loss.detach())
        # further steps would not help, and the checkpoint must not be overwritten
        if not math.isfinite(value):
            raise ScsamplerError(
                f"the loss is {value} in epoch {epoch}, step {step + 1}",
                code="loss-not-finite",
                hint="lower the learning rate, use precision fp32, "
                "or delete the cache if its disk lost data",
            )
        return value

    def _finish_epoch(self) -> dict[str, Any]:
        """Validate, remember the best epoch, write everything; returns the record of the epoch."""
        state, group = self.state, self._group
        start_time = time.perf_counter()
        measures: dict[str, float] = {}
        if group.is_main:
            measures = measure(self._model, self._val, self.settings, device=self._device)
        # each process has the loss of its own clips
        loss = group.mean_of(state.loss / max(1, state.step), self._device)
        metric = self._metric(measures, loss)

        record = {
            "epoch": state.epoch,
            "loss": round(loss, 6),
            "learning_rate": max(part["lr"] for part in self._optimiser.param_groups),
            "seconds": round(state.seconds + time.perf_counter() - start_time, 2),
            **measures,
            "baselines": self._baselines,
        }
        # on a tie the earlier epoch stays
        if self._val and metric > state.best_metric:
            state.best, state.best_metric = self._copy_of_networks(), metric
            state.best_epoch = state.epoch
        self._schedule.after_epoch(metric)
        state.history.append(record)
        state.epoch, state.step, state.loss, state.seconds = state.epoch + 1, 0, 0.0, 0.0
        self._save()
        return record

    def _metric(self, measures: dict[str, float], loss: float) -> float:
        """The value by which epochs are compared, higher is better; the same in all processes."""
        # without validation videos the loss decides when the learning rate falls
        metric = best_of(measures) if self._val else -loss
        # only the main process has measures: the mean of (world x metric, 0, 0, ...) is the metric
        own_part = metric * self._group.world if self._group.is_main else 0.0
        return self._group.mean_of(own_part, self._device)

    def _save(self) -> None:
        # all processes have the same networks
        if not self._group.is_main:
            return
        state = self.state
        state.model, state.optimiser = self._model.state_dict(), self._optimiser.state_dict()
        state.schedule = self._schedule.state()
        checkpoint.save(checkpoint.path_of(self._output), state)
        if state.history:
            history.write(self._output, state.history)
