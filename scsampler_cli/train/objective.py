"""The loss of a step by the objective of the run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from scsampler_cli.train import augment, losses
from scsampler_cli.train.draw import Draw, in_oracle
from scsampler_cli.train.settings import TrainSettings
from scsampler_cli.train.videos import TrainVideo

SMOOTHING = 0.1
"""Label smoothing of the "strong" augmentation (Szegedy et al., 2016)."""


@dataclass(frozen=True)
class Objective:
    """The objective of a run (Sec. 3.2).

    Args:
        settings: settings of the run.
        videos: videos of the training split.
        classes: number of classes (C).
        device: device of the networks.
    """

    settings: TrainSettings
    videos: Sequence[TrainVideo]
    classes: int
    device: torch.device

    def loss(
        self,
        model: nn.Module,
        draw: Draw,
        values: dict[str, tuple[Tensor, Tensor]],
        *,
        rng: np.random.Generator,
    ) -> Tensor:
        """The loss of the n clips of a step.

        Args:
            model: a `Model`, perhaps wrapped for several processes.
            draw: the clips.
            values: inputs [m, ...] and clip numbers int64 [m], by kind.
            rng: random generator of this step.
        """
        settings, count = self.settings, len(draw.videos)
        if settings.objective == "ac":
            return self._ac_loss(model, draw, values, rng=rng)

        log_p: Tensor = model(values, count)  # [n, 2]
        if settings.objective == "sal-cl":
            in_top = torch.from_numpy(in_oracle(self.videos, draw, settings.k))
            return losses.sal_cl(log_p, in_top.to(self.device))

        saliency_target = torch.tensor(
            [
                float(self.videos[video].saliency_target[clip])
                for video, clip in zip(draw.videos, draw.clips, strict=True)
            ]
        )
        # the same video may be in a step twice; its clips then count as those of two videos
        videos = torch.arange(count) // settings.clips_per_video
        return losses.sal_rank(
            log_p,
            saliency_target.to(self.device),
            videos.to(self.device),
            margin=settings.margin,
            gap=settings.gap,
        )

    def _ac_loss(
        self,
        model: nn.Module,
        draw: Draw,
        values: dict[str, tuple[Tensor, Tensor]],
        *,
        rng: np.random.Generator,
    ) -> Tensor:
        labels = torch.tensor([self.videos[video].label for video in draw.videos])
        targets = nn.functional.one_hot(labels, self.classes).float().to(self.device)  # [n, C]
        # "strong" also adds mixup and label smoothing
        is_strong = self.settings.augment == "strong"
        if is_strong and len(values) == 1:
            # with several inputs a clip may lack one, so that their rows are of different clips
            ((kind, (inputs, rows)),) = values.items()
            mixed, targets = augment.mixup(inputs, targets, rng)
            values = {kind: (mixed, rows)}
        log_p: Tensor = model(values, len(draw.videos))  # [n, C]
        return losses.ac(log_p, targets, SMOOTHING if is_strong else 0.0)
