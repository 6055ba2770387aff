"""`train`: fit one network to labelled videos as an action classifier (AC, Sec. 3.2.1) and write its weight file.

Targets: the sampler inputs "if", "md", "rgbr", "mel", or "classifier". The optimiser and its schedule are ours: AdamW with a
one-cycle cosine schedule, which trains from scratch in few epochs; the paper's rates (App. B) are for fine-tuning.
But: no ranking loss, no resuming, no pre-trained start yet.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scsampler_cli import __version__
from scsampler_cli.classifiers.base import InputSpec
from scsampler_cli.classifiers.geometry import normalise_planes
from scsampler_cli.classifiers.networks import build as build_classifier
from scsampler_cli.datasets import Example, labels_of
from scsampler_cli.device import pick_device, pick_dtype
from scsampler_cli.errors import InputError, SettingsError
from scsampler_cli.samplers.inputs import CROP, MOTION_CROP, normalise
from scsampler_cli.samplers.networks import ARCHITECTURES
from scsampler_cli.samplers.networks import build as build_sampler
from scsampler_cli.train.samples import Failed, Samples, balanced_order, gather
from scsampler_cli.weightfile import write_weights

QUICK_VALIDATION = 512
"""Samples looked at after each epoch, spread over the videos; all of them count in the end."""

TARGETS = ("classifier", "if", "md", "rgbr", "mel")


@dataclass(frozen=True)
class TrainSettings:
    """One training run."""

    target: str
    """One of TARGETS."""
    output: Path
    """Weight file to write (.safetensors)."""
    architecture: str | None = None
    """None: tiny3d for a classifier, the paper's best for a sampler (Table 4)."""
    epochs: int = 12
    batch: int = 32
    learning_rate: float = 1e-3
    seed: int = 0
    per_epoch: int = 4000
    """Samples drawn for one epoch, classes balanced."""
    p_frames: int = 4
    spec: InputSpec = field(default_factory=InputSpec)
    """Clip geometry; for a sampler only frames and stride matter."""
    data: str = ""
    """One line about the data for the weight file."""
    device: str = "auto"
    precision: str = "auto"

    def __post_init__(self) -> None:
        if self.target not in TARGETS:
            raise SettingsError(f"unknown target {self.target!r}", hint=f"choose from {', '.join(TARGETS)}")
        if min(self.epochs, self.batch, self.per_epoch) < 1:
            raise SettingsError(
                "epochs, batch and per_epoch must be at least 1", hint="the defaults are 12, 32 and 4000"
            )

    @property
    def resolved_architecture(self) -> str:
        """The architecture in force."""
        default = "tiny3d" if self.target == "classifier" else ARCHITECTURES[self.target][0]
        return self.architecture or default


@dataclass(frozen=True)
class Epoch:
    """One line of progress."""

    epoch: int
    epochs: int
    loss: float
    accuracy: float
    """Share of (some) validation clips whose label is the most probable one; NaN without validation videos."""
    seconds: float


def train(
    settings: TrainSettings, examples: list[Example], progress: Callable[[Epoch], None], failed: Failed
) -> dict[str, Any]:
    """Train one network.

    Returns:
        a JSON-able summary: target, arch, output, samples, accuracy, seconds.

    Raises:
        InputError: too few videos, or none of them gives a sample.
    """
    start = time.perf_counter()
    labels = labels_of(examples)
    splits = {
        split: gather(
            [e for e in examples if e.split == split],
            labels,
            settings.target,
            settings.spec,
            settings.p_frames,
            failed,
        )
        for split in ("train", "val")
    }
    if len(splits["train"]) == 0:
        raise InputError("no training video gives a sample", hint=f"do the videos have what {settings.target} needs?")
    fit = _Fit(settings, labels)
    for epoch in range(1, settings.epochs + 1):
        at = time.perf_counter()
        loss = fit.run_epoch(splits["train"], epoch)
        quick = fit.accuracy(splits["val"].head(QUICK_VALIDATION))
        progress(Epoch(epoch, settings.epochs, loss, quick, time.perf_counter() - at))
    accuracy = fit.accuracy(splits["val"])
    write_weights(settings.output, fit.network.state_dict(), _metadata(settings, labels, splits, accuracy))
    return {
        "target": settings.target,
        "arch": settings.resolved_architecture,
        "output": str(settings.output),
        "labels": labels,
        "samples": {split: len(samples) for split, samples in splits.items()},
        "accuracy": None if np.isnan(accuracy) else round(accuracy, 4),
        "seconds": round(time.perf_counter() - start, 1),
    }


class _Fit:
    """Network, optimiser and random state of one run."""

    def __init__(self, settings: TrainSettings, labels: list[str]) -> None:
        torch.manual_seed(settings.seed)
        self._rng = np.random.default_rng(settings.seed)
        self._settings = settings
        self._device = pick_device(settings.device)
        # MD under bf16 autocast on a CPU went to NaN and is slower; pictures and 3D CNNs gain from it
        self._dtype = (
            torch.float32 if settings.target in ("md", "mel") else pick_dtype(settings.precision, self._device)
        )
        architecture = settings.resolved_architecture
        self.network: nn.Module = (
            build_classifier(architecture, len(labels))
            if settings.target == "classifier"
            else build_sampler(architecture, settings.target, len(labels))
        ).to(self._device)
        self._optimiser = torch.optim.AdamW(self.network.parameters(), settings.learning_rate, weight_decay=0.02)
        self._schedule: torch.optim.lr_scheduler.OneCycleLR | None = None

    def run_epoch(self, samples: Samples, epoch: int) -> float:
        """Mean loss of one epoch."""
        settings = self._settings
        order = balanced_order(samples.labels, self._rng, settings.per_epoch)
        batches = np.array_split(order, max(1, len(order) // settings.batch))
        if self._schedule is None:
            steps = len(batches) * settings.epochs
            self._schedule = torch.optim.lr_scheduler.OneCycleLR(self._optimiser, settings.learning_rate, steps)
        self.network.train()
        total = 0.0
        for batch in batches:
            index = torch.from_numpy(batch)
            inputs = self._prepared(samples.inputs[index], augment=True)
            loss = F.cross_entropy(self._logits(inputs), samples.labels[index].to(self._device), label_smoothing=0.05)
            self._optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
            self._optimiser.step()
            self._schedule.step()
            total += float(loss.detach()) * len(batch)
        return total / len(order)

    def _logits(self, inputs: Tensor) -> Tensor:
        with torch.autocast(self._device.type, self._dtype, enabled=self._dtype != torch.float32):
            logits: Tensor = self.network(inputs)
        return logits.float()

    def _prepared(self, raw: Tensor, augment: bool) -> Tensor:
        """Crop, flip and normalise a batch of `Samples.inputs`; one crop for all of a clip's frames (App. A.2)."""
        settings = self._settings
        tensor = raw.to(self._device).float()
        if settings.target == "mel":  # as if played louder or softer
            return tensor + self._per_sample(self._rng.normal(0, 0.3, len(tensor)), tensor) if augment else tensor
        size = {"md": (MOTION_CROP,) * 2, "classifier": settings.spec.crop}.get(settings.target, (CROP, CROP))
        top, left = self._rng.random(2) if augment else (0.5, 0.5)
        y, x = (
            round(share * (have - want)) for share, have, want in zip((top, left), tensor.shape[-2:], size, strict=True)
        )
        tensor = tensor[..., y : y + size[0], x : x + size[1]]
        if augment:
            tensor = self._flipped(tensor)
        if settings.target == "md":
            return tensor
        if settings.target == "classifier":
            return normalise_planes(tensor, settings.spec)
        return normalise(tensor, settings.target)

    def _flipped(self, tensor: Tensor) -> Tensor:
        """Each sample mirrored or not by itself: one choice for a whole batch would shift its normalisation statistics."""
        mirrored = tensor.flip(-1)
        if self._settings.target == "md":
            mirrored = mirrored * torch.tensor([-1.0, 1.0], device=self._device).view(1, 2, 1, 1)
        return torch.where(self._per_sample(self._rng.random(len(tensor)), tensor) < 0.5, mirrored, tensor)

    def _per_sample(self, values: np.ndarray, like: Tensor) -> Tensor:
        """float32 [n, 1, ...]: one value for each sample of `like`."""
        return torch.from_numpy(values).float().to(self._device).view(-1, *[1] * (like.dim() - 1))

    def accuracy(self, samples: Samples) -> float:
        """Share of clips whose averaged probabilities peak at their label; NaN without samples."""
        if len(samples) == 0:
            return float("nan")
        self.network.eval()
        parts = []
        with torch.inference_mode():
            for inputs in samples.inputs.split(64):  # type: ignore[no-untyped-call]
                parts.append(self._logits(self._prepared(inputs, augment=False)).softmax(dim=1).cpu())
        probabilities = torch.cat(parts)
        clips, inverse = torch.unique(samples.clips, return_inverse=True)
        total = torch.zeros(len(clips), probabilities.shape[1]).index_add_(0, inverse, probabilities)
        labels = torch.zeros(len(clips), dtype=torch.int64).scatter_(0, inverse, samples.labels)
        return float((total.argmax(dim=1) == labels).double().mean())


def _metadata(
    settings: TrainSettings, labels: list[str], splits: dict[str, Samples], accuracy: float
) -> dict[str, Any]:
    common = {
        "arch": settings.resolved_architecture,
        "labels": labels,
        "objective": "ac",
        "data": settings.data,
        "recipe": {
            "epochs": settings.epochs,
            "batch": settings.batch,
            "learning_rate": settings.learning_rate,
            "per_epoch": settings.per_epoch,
            "samples": {split: len(samples) for split, samples in splits.items()},
            "val_clip_accuracy": None if np.isnan(accuracy) else round(accuracy, 4),
        },
        "seed": settings.seed,
        "package": __version__,
    }
    if settings.target == "classifier":
        return {**common, "kind": "classifier", "spec": asdict(settings.spec)}
    return {**common, "kind": "sampler", "input": settings.target, "p_frames": settings.p_frames}
