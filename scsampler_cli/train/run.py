"""`train`: labelled videos -> weight files. The order of a run: read, classify, learn, write.

But: which videos, which classifier, and what is said to the user belong to the caller.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from scsampler_cli.batch.process_map import Rounds
from scsampler_cli.cache.video_cache import Cache
from scsampler_cli.classifiers.classifier_info import ClassifierFacts
from scsampler_cli.datasets.example import Example, labels_of
from scsampler_cli.errors import InputError, SettingsError
from scsampler_cli.features.mel import check_torchaudio
from scsampler_cli.nn.device import pick_device, pick_dtype
from scsampler_cli.pipeline import clip_probs
from scsampler_cli.pipeline.video import Progress
from scsampler_cli.text import counted
from scsampler_cli.train import checkpoint, export, history, videos
from scsampler_cli.train.draw import usable_clips
from scsampler_cli.train.fit import Fit, StepDone
from scsampler_cli.train.group import ALONE, Group
from scsampler_cli.train.model import Model, architecture_of
from scsampler_cli.train.settings import TrainSettings
from scsampler_cli.train.videos import FRAMES, Failed, TrainVideo, VideoNeeds


@dataclass(frozen=True)
class RunContext:
    """Where a run happens; nothing of it changes the result."""

    output: Path
    """Weight file; checkpoint, metrics and curve lie beside it."""
    cache: Cache
    pool: Rounds
    """Its processes read the videos; they have loaded the teacher, if there is one."""
    device: str = "auto"
    resume: bool = False
    group: Group = ALONE
    description: str = ""
    """Of the data, for the weight file."""

    @property
    def torch_device(self) -> torch.device:
        """The device in force."""
        return pick_device(self.device)


@dataclass(frozen=True)
class Callbacks:
    """Who is told what."""

    progress: Progress
    """(stage, done, total)."""
    step_done: StepDone
    epoch_done: Callable[[dict[str, Any]], None]
    failed: Failed
    note: Callable[[str], None]
    stop: Callable[[], bool] = lambda: False


def train(
    settings: TrainSettings,
    examples: list[Example],
    teacher: ClassifierFacts | None,
    *,
    context: RunContext,
    callbacks: Callbacks,
) -> dict[str, Any]:
    """Train one network, or both samplers together.

    Args:
        settings: of the run.
        examples: labelled videos of both splits.
        teacher: the clip classifier f, which the pool's processes hold;
            it gives SAL-* its pseudo labels and validation its measure. None: neither.
        context: where.
        callbacks: told of everything.

    Returns:
        a JSON-able summary; the files are written.

    Raises:
        InputError: too few videos, or nothing to learn from them.
        SettingsError: SAL-* without a teacher, or a teacher with another clip geometry.
        Stopped: the callbacks said stop; the checkpoint is written.
        KeyboardInterrupt: it was stopped while videos were read.
    """
    began = time.perf_counter()
    device = context.torch_device
    _check(settings, teacher, context)
    labels = labels_of(examples)
    split = _videos(settings, examples, labels, teacher=teacher, context=context, callbacks=callbacks)
    fit = Fit(
        settings,
        labels,
        split["train"],
        val=split["val"],
        device=device,
        dtype=training_dtype(settings, device),
        group=context.group,
        output=context.output,
    )
    _tell_starts(fit, callbacks)
    if context.resume:
        fit.resume()
    networks = fit.run(callbacks.epoch_done, callbacks.step_done, callbacks.stop)
    _tell_early_stop(fit, callbacks)
    kept = _kept(fit)
    facts: dict[str, Any] = {
        "data": export.describe(split, context.description),
        "result": kept,
        "start": {
            kind: {"source": start.source, "sha256": start.sha256}
            for kind, start in fit.starts.items()
        },
        "teacher": None if teacher is None else _identity(teacher, settings, context),
    }
    files = export.outputs(context.output, settings)
    if context.group.is_main:
        files = export.write(context.output, networks, settings, labels=labels, facts=facts)
    context.group.wait()
    metrics, curve = history.files_of(context.output)
    return {
        "target": settings.target,
        "objective": settings.objective,
        "files": {kind: str(path) for kind, path in files.items()},
        "labels": labels,
        "videos": facts["data"]["videos"],
        "epochs": len(fit.state.history),
        **kept,
        "metrics": str(metrics),
        "curve": str(curve),
        "checkpoint": str(checkpoint.path_of(context.output)),
        "seconds": round(time.perf_counter() - began, 1),
    }


def training_dtype(settings: TrainSettings, device: torch.device) -> torch.dtype:
    """The precision in force: bf16 where "auto" would take half precision, for it needs no scaling of the loss.

    Raises:
        SettingsError: fp16.
    """
    if settings.precision == "fp16":
        raise SettingsError(
            "fp16 cannot be trained in here",
            code="fp16-unsupported",
            hint="use --precision bf16: it needs no loss scaling",
        )
    if settings.precision == "auto" and device.type == "cuda":
        return torch.bfloat16
    return pick_dtype(settings.precision, device)


def _check(settings: TrainSettings, teacher: ClassifierFacts | None, context: RunContext) -> None:
    if context.resume:
        checkpoint.require(checkpoint.path_of(context.output))
    # an unknown architecture, or one that cannot see such clips, is told before anything is read
    with torch.device("meta"):
        model = Model(settings, 2, torch.float32).eval()
        if settings.target == "classifier":
            _check_clips(model.networks["classifier"], settings)
    if settings.needs_probabilities and teacher is None:
        raise SettingsError(
            f"{settings.objective} learns from a clip classifier's answers",
            code="training-classifier-invalid",
            hint="give --classifier, the one that the sampler is for",
        )
    if teacher is not None and settings.target != "classifier":
        mine, its = (
            (settings.spec.frames, settings.spec.stride),
            (teacher.spec.frames, teacher.spec.stride),
        )
        if mine != its:
            raise SettingsError(
                f"clips of {mine[0]} frames, every {mine[1]}; {teacher.name} takes {its[0]}, every {its[1]}",
                code="clip-shape-invalid",
                hint="leave --clip-frames and --frame-stride out: they follow the classifier",
            )
    if settings.batch < context.group.world * (
        settings.clips_per_video if settings.needs_probabilities else 1
    ):
        raise SettingsError(
            f"a batch of {settings.batch} is too small for {context.group.world} processes",
            code="training-batch-too-small",
            hint="raise --batch-size",
        )


def _check_clips(network: nn.Module, settings: TrainSettings) -> None:
    for spec in (settings.spec, settings.test_spec):
        try:
            with torch.inference_mode():
                network(torch.zeros(1, 3, spec.frames, *spec.crop))
        except RuntimeError as error:
            height, width = spec.crop
            raise SettingsError(
                f"{architecture_of(settings, 'classifier')} cannot take clips of {spec.frames} frames of {height} x {width}",
                code="clip-shape-invalid",
                hint="scsampler classifiers shows what each takes: --clip-frames, --size, --test-crop",
            ) from error


def _videos(
    settings: TrainSettings,
    examples: list[Example],
    labels: list[str],
    *,
    teacher: ClassifierFacts | None,
    context: RunContext,
    callbacks: Callbacks,
) -> dict[str, list[TrainVideo]]:
    """The videos of both splits, read and classified as far as they are not in the cache yet."""
    use = None if settings.target == "classifier" else teacher
    identity = None if use is None else _identity(use, settings, context)
    wanted = videos.needs_of(settings, identity)
    if "mel" in wanted.kinds:
        check_torchaudio()  # once, before each of the videos fails by it
    group = context.group
    mine = examples[group.rank :: group.world]
    read = videos.read_all(
        mine, wanted, context.cache, pool=context.pool, progress=callbacks.progress, failed=callbacks.failed
    )
    if use is not None:
        _check_labels(labels, use, callbacks)
        read = videos.classify_all(
            read,
            wanted,
            context.cache,
            pool=context.pool,
            progress=callbacks.progress,
            failed=callbacks.failed,
        )
    context.pool.dismiss()  # their memory is wanted for training
    group.wait()
    found = videos.open_all(
        examples,
        labels,
        wanted,
        cache=context.cache,
        teacher_labels=() if use is None else use.labels,
    )
    _tell_lost(read, found, callbacks)
    split = {name: [v for v in found if v.example.split == name] for name in ("train", "val")}
    if not split["train"]:
        raise InputError(
            "not one training video can be used",
            code="no-usable-videos",
            hint="the errors above say why",
        )
    _tell_gaps(split, wanted, callbacks)
    _tell_untaught(split["train"], labels, callbacks)
    return split


def _identity(teacher: ClassifierFacts, settings: TrainSettings, context: RunContext) -> dict[str, Any]:
    precision = str(pick_dtype(settings.precision, context.torch_device)).removeprefix("torch.")
    return clip_probs.identity(teacher, precision)


def _check_labels(labels: Sequence[str], teacher: ClassifierFacts, callbacks: Callbacks) -> None:
    unknown = [label for label in labels if label not in teacher.labels]
    if len(unknown) == len(labels):
        raise InputError(
            f"{teacher.name} knows none of the labels {', '.join(labels[:4])}",
            code="labels-unknown",
            hint="choose another --classifier",
        )
    if unknown:
        callbacks.note(
            f"{teacher.name} does not know {', '.join(unknown)}: their videos count for ac alone, unvalidated"
        )


def _tell_gaps(split: Mapping[str, list[TrainVideo]], wanted: VideoNeeds, callbacks: Callbacks) -> None:
    """Say what was noticed of each video, and how many have nothing of an input."""
    for video in (video for members in split.values() for video in members):
        for note in video.notes:
            callbacks.note(f"{video.example.path}: {note}")
    for kind in wanted.kinds:
        empty = sum(not len(v.entries[kind].values) for members in split.values() for v in members)
        if empty:
            what = {"mel": "no sound", "packets": "no sizes of packets"}.get(kind, f"no {kind}")
            callbacks.note(
                f"{counted(empty, 'video')} with {what}: they give {kind} nothing to learn from"
            )
    if wanted.teacher is None and FRAMES not in wanted.kinds:
        callbacks.note(
            "no clip classifier (--classifier): what the chosen clips are worth to it is not measured"
        )
    if not split["val"]:
        callbacks.note(
            "no validation videos: nothing is measured, the last epoch is kept, and --patience never ends the run"
        )


def _tell_lost(read: Sequence[Example], found: Sequence[TrainVideo], callbacks: Callbacks) -> None:
    """Videos that have gone, or whose cache entries have, since they were read."""
    there = {video.example for video in found}
    for example in read:
        if example not in there:
            error = InputError(
                "the file is gone, or what was read of it is gone from the cache",
                code="cache-entry-gone",
                hint="leave both alone while a run reads; run again",
            )
            callbacks.failed(example, error)


def _tell_untaught(train: Sequence[TrainVideo], labels: Sequence[str], callbacks: Callbacks) -> None:
    taught = {video.label for video in train if len(usable_clips(video))}
    for untaught in (label for context, label in enumerate(labels) if context not in taught):
        callbacks.note(
            f"no training video of {untaught!r} can be used: it stays a label, and nothing teaches it"
        )


def _tell_starts(fit: Fit, callbacks: Callbacks) -> None:
    for kind, start in fit.starts.items():
        if start.note:
            callbacks.note(f"{kind}: {start.note}")


def _tell_early_stop(fit: Fit, callbacks: Callbacks) -> None:
    done, best = len(fit.state.history), fit.state.best_epoch
    if done < fit.settings.recipe.epochs:
        callbacks.note(
            f"stopped after epoch {done}: no later one was better than epoch {best} (--patience)"
        )


def _kept(fit: Fit) -> dict[str, Any]:
    """The epoch whose networks are exported, and what they are worth."""
    past = fit.state.history
    last = fit.settings.keep == "last" or not fit.state.best_epoch
    epoch = past[-1]["epoch"] if last else fit.state.best_epoch
    record = past[epoch - 1]
    names = ("video_accuracy", "clip_accuracy", "baselines")
    return {
        "epoch": epoch,
        "k": fit.settings.k,
        **{name: record[name] for name in names if record.get(name) not in (None, {})},
    }
