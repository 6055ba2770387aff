"""One run of training: steps, epochs, validation, checkpoints.

Every step's clips, crops and dropout come from (seed, epoch, step) alone, so a run that was stopped anywhere, even within an
epoch, goes on bit by bit as if it had not been (on a CPU, with the same number of threads and processes).
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
from scsampler_cli.train import augment, checkpoint, history, losses
from scsampler_cli.train.batches import Inputs, load
from scsampler_cli.train.checkpoint import State
from scsampler_cli.train.draw import Draw, Drawer, generator, in_oracle
from scsampler_cli.train.group import Group
from scsampler_cli.train.initial_weights import Start, parameter_groups, start_network
from scsampler_cli.train.model import Model, architecture_of
from scsampler_cli.train.recipe import Recipe
from scsampler_cli.train.schedule import Schedule
from scsampler_cli.train.settings import TrainSettings
from scsampler_cli.train.validate import baselines, best_of, measure
from scsampler_cli.train.videos import TrainVideo

SMOOTHING = 0.1
"""Label smoothing of the "strong" augmentation (Szegedy et al., 2016)."""
WEIGHT_DECAY = {"adamw": 0.05, "sgd": 5e-4}
"""Ours; the paper gives none."""

StepDone = Callable[[int, int, float], None]
"""(steps done, steps in the epoch, mean loss so far)."""


class Stopped(Exception):  # noqa: N818 - it is no error
    """The user asked for an end; the checkpoint is written."""


class Fit:
    """Networks, optimiser and where the run stands.

    Args:
        settings: of the run.
        labels: class names.
        train: videos to learn from.
        val: videos to measure on; may be empty.
        device: where it runs.
        dtype: of the picture networks.
        group: this process among its fellows.
        output: weight file; checkpoint, metrics and curve lie beside it.

    Raises:
        InputError: nothing can be learnt from these videos.
        WeightsError: what it should start from cannot be had.
    """

    def __init__(
        self,
        settings: TrainSettings,
        labels: Sequence[str],
        train: Sequence[TrainVideo],
        *,
        val: Sequence[TrainVideo],
        device: torch.device,
        dtype: torch.dtype,
        group: Group,
        output: Path,
    ) -> None:
        self.settings, self._train, self._val = settings, train, val
        self._classes, self._device, self._group, self._output = len(labels), device, group, output
        self._drawer = Drawer(train, settings)
        torch.manual_seed(settings.seed)
        self._model = Model(settings, len(labels), dtype)
        inits = dict(zip(settings.kinds, settings.init, strict=False))
        self.starts: dict[str, Start] = {
            kind: start_network(
                self._model.networks[kind], architecture_of(settings, kind), kind, init=inits[kind]
            )
            for kind in settings.kinds
        }
        self._model.to(device)
        self._optimiser = self._make_optimiser(settings.recipe)
        self._schedule = Schedule(self._optimiser, settings.recipe, len(self._drawer.steps(1)))
        # a step may hold no clip with sound, so that a network of joint training has no part in it
        self._wrapped: nn.Module = group.wrap(
            self._model, device, partial=settings.target == "joint"
        )
        self._baselines = baselines(val, settings) if group.is_main else {}
        self.state = State(self._digest(labels), 1, 0, loss=0.0, seconds=0.0)

    def _make_optimiser(self, recipe: Recipe) -> torch.optim.Optimizer:
        decay = WEIGHT_DECAY[recipe.optimiser]
        groups = [
            part
            for kind, start in self.starts.items()
            for part in parameter_groups(
                self._model.networks[kind],
                start,
                recipe.learning_rate,
                factor=recipe.pretrained_factor,
                weight_decay=decay,
            )
        ]
        if recipe.optimiser == "adamw":
            return torch.optim.AdamW(groups, recipe.learning_rate)
        return torch.optim.SGD(groups, recipe.learning_rate, momentum=0.9, nesterov=True)

    def _digest(self, labels: Sequence[str]) -> str:
        """Of settings, videos and pseudo labels: what a run that is continued must have in common."""
        videos = [
            [v.content, v.label, v.example.split, v.clips, v.probabilities_digest]
            for v in (*self._train, *self._val)
        ]
        starts = [[kind, start.source, start.sha256] for kind, start in self.starts.items()]
        text = json.dumps([self.settings.digest(), list(labels), videos, starts, self._group.world])
        return hashlib.sha256(text.encode()).hexdigest()

    def resume(self) -> None:
        """Go on from the checkpoint beside the output.

        Raises:
            WeightsError: there is none, it is damaged, or it is of a run with other settings or other videos.
        """
        path = checkpoint.path_of(self._output)
        state = checkpoint.load(path)
        if state.digest != self.state.digest:
            raise WeightsError(
                f"{path} is of a run with other settings or other videos, or of another classifier",
                code="checkpoint-unusable",
                hint="give the options of that run (with one-cycle, --epochs too), or leave --resume out",
            )
        self._model.load_state_dict(state.model)
        self._optimiser.load_state_dict(state.optimiser)
        self._schedule.restore(state.schedule)
        self.state = state

    def run(
        self,
        epoch_done: Callable[[dict[str, Any]], None],
        step_done: StepDone,
        stop: Callable[[], bool],
    ) -> dict[str, Tensor]:
        """Train to the end.

        Args:
            epoch_done: told of every epoch's record.
            step_done: told of every step.
            stop: asked after every step; True ends the run after its checkpoint is written.

        Returns:
            state dict of the networks to keep.

        Raises:
            Stopped: when `stop` said so.
            ScsamplerError: the loss is no number any more.
        """
        while self.state.epoch <= self.settings.recipe.epochs and not self._has_waited():
            self._run_epoch(step_done, stop)
            epoch_done(self._finish_epoch())
        return (
            self.state.best
            if self.settings.keep == "best" and self.state.best
            else self._networks()
        )

    def _networks(self) -> dict[str, Tensor]:
        return {
            name: value.detach().cpu().clone() for name, value in self._model.state_dict().items()
        }

    def _has_waited(self) -> bool:
        """True when `patience` epochs have gone by without a better one."""
        done = self.state.epoch - 1
        return (
            0 < self.settings.patience <= done - self.state.best_epoch and self.state.best_epoch > 0
        )

    def _run_epoch(self, step_done: StepDone, stop: Callable[[], bool]) -> None:
        state, began = self.state, time.perf_counter() - self.state.seconds
        self._wrapped.train()
        draws = self._drawer.steps(state.epoch)
        for draw, inputs in self._loaded(draws, state.epoch, state.step):
            state.loss += self._step(draw, inputs, state.epoch, step=state.step)
            state.step += 1
            state.seconds = time.perf_counter() - began
            step_done(state.step, len(draws), state.loss / state.step)
            if self._group.any(stop(), self._device):
                self._save()
                raise Stopped

    def _loaded(
        self, draws: Sequence[Draw], epoch: int, done: int
    ) -> Iterator[tuple[Draw, dict[str, Inputs]]]:
        """This process's share of the steps that are left; the next one is read while one is computed."""
        shares = [
            draw.share(self._group.rank, self._group.world, self._drawer.together) for draw in draws
        ]

        def read(step: int) -> dict[str, Inputs]:
            return load(self._train, shares[step], self.settings, rng=self._random(2, epoch, step))

        with ThreadPoolExecutor(1) as pool:
            ahead = pool.submit(read, done) if done < len(draws) else None
            for step in range(done, len(draws)):
                assert ahead is not None
                inputs = ahead.result()
                ahead = pool.submit(read, step + 1) if step + 1 < len(draws) else None
                yield shares[step], inputs

    def _random(self, *place: int) -> np.random.Generator:
        return generator(self.settings.seed, *place, self._group.rank)

    def _step(self, draw: Draw, inputs: dict[str, Inputs], epoch: int, *, step: int) -> float:
        rng = self._random(3, epoch, step)
        torch.manual_seed(int(rng.integers(2**62)))  # dropout
        values = {
            kind: (i.values.to(self._device), i.rows.to(self._device)) for kind, i in inputs.items()
        }
        loss = self._loss(draw, values, rng)
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimiser.step()
        self._schedule.after_step()
        value = float(loss.detach())
        if not math.isfinite(value):
            raise ScsamplerError(
                f"the loss is {value} in epoch {epoch}, step {step + 1}", code="loss-not-finite",
                hint="lower --lr, use --precision fp32, or delete --cache if its disk lost something",
            )
        return value

    def _loss(
        self, draw: Draw, values: dict[str, tuple[Tensor, Tensor]], rng: np.random.Generator
    ) -> Tensor:
        settings, count = self.settings, len(draw.videos)
        if settings.objective == "ac":
            labels = torch.tensor([self._train[i].label for i in draw.videos])
            targets = nn.functional.one_hot(labels, self._classes).float().to(self._device)
            strong = settings.augment == "strong"
            if strong and len(values) == 1:
                ((kind, (inputs, rows)),) = values.items()
                mixed, targets = augment.mixup(inputs, targets, rng)
                values = {kind: (mixed, rows)}
            return losses.ac(self._wrapped(values, count), targets, SMOOTHING if strong else 0.0)
        log_p: Tensor = self._wrapped(values, count)
        if settings.objective == "sal-cl":
            return losses.sal_cl(
                log_p, torch.from_numpy(in_oracle(self._train, draw, settings.k)).to(self._device)
            )
        worth = torch.tensor(
            [float(self._train[i].saliency_target[c]) for i, c in zip(draw.videos, draw.clips, strict=True)]
        )
        # the same video may have been drawn twice in a step; its clips are then compared as those of two
        videos = torch.arange(count) // settings.clips_per_video
        return losses.sal_rank(
            log_p,
            worth.to(self._device),
            videos.to(self._device),
            margin=settings.margin,
            gap=settings.gap,
        )

    def _finish_epoch(self) -> dict[str, Any]:
        """Measure, note the best, write everything; returns the epoch's record."""
        state, settings = self.state, self.settings
        began = time.perf_counter()
        measures = (
            measure(self._model, self._val, settings, device=self._device)
            if self._group.is_main
            else {}
        )
        loss = self._group.mean_of(state.loss / max(1, state.step), self._device)
        # without validation videos the loss decides when the rate falls
        worth = best_of(measures) if self._val else -loss
        worth = self._group.mean_of(
            worth * self._group.world if self._group.is_main else 0.0, self._device
        )
        record = {
            "epoch": state.epoch,
            "loss": round(loss, 6),
            "learning_rate": max(group["lr"] for group in self._optimiser.param_groups),
            "seconds": round(state.seconds + time.perf_counter() - began, 2),
            **measures,
            "baselines": self._baselines,
        }
        if self._val and worth > state.best_metric:
            state.best, state.best_epoch, state.best_metric = self._networks(), state.epoch, worth
        self._schedule.after_epoch(worth)
        state.history.append(record)
        state.epoch, state.step, state.loss, state.seconds = state.epoch + 1, 0, 0.0, 0.0
        self._save()
        return record

    def _save(self) -> None:
        if not self._group.is_main:
            return
        state = self.state
        state.model, state.optimiser = self._model.state_dict(), self._optimiser.state_dict()
        state.schedule = self._schedule.state()
        checkpoint.save(checkpoint.path_of(self._output), state)
        if state.history:
            history.write(self._output, state.history)
