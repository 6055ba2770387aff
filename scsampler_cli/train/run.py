"""One training run: labelled videos -> weight files. Its order: read, classify, learn, write.

Not handled here: the choice of the videos and of the classifier, and the output on a terminal.
"""

from __future__ import annotations

import time
from typing import Any

from torch import Tensor

from scsampler_cli.classifiers.classifier_info import ClassifierFacts
from scsampler_cli.config import BACKGROUND
from scsampler_cli.datasets.example import Example, labels_of
from scsampler_cli.errors import InputError
from scsampler_cli.features.mel import check_torchaudio
from scsampler_cli.nn.device import pick_dtype
from scsampler_cli.pipeline import clip_probs
from scsampler_cli.train import calibrate, checkpoint, export, fill_cache, history, run_notes
from scsampler_cli.train.confidence_limit import confidence_limit
from scsampler_cli.train.context import Callbacks, RunContext
from scsampler_cli.train.fit import Fit
from scsampler_cli.train.preflight import check_run, training_dtype
from scsampler_cli.train.settings import TrainSettings
from scsampler_cli.train.started import Started, started
from scsampler_cli.train.trunk_features import TrunkFeatures
from scsampler_cli.train.videos import TrainVideo, by_split, needs_of, open_all


def train(
    settings: TrainSettings,
    examples: list[Example],
    classifier: ClassifierFacts | None,
    *,
    context: RunContext,
    callbacks: Callbacks,
) -> dict[str, Any]:
    """Train one network, or the samplers of several inputs together.

    Args:
        settings: settings of the run.
        examples: labelled videos of both splits.
        classifier: the clip classifier f, which the pool's processes have loaded. It gives SAL-*
            its pseudo labels, and validation its measure. None: neither.
        context: files, device and processes.
        callbacks: called on the way.

    Returns:
        a JSON-able summary. The weight files are written.

    Raises:
        InputError: too few videos, or nothing to learn from them.
        SettingsError: SAL-* without a classifier, or a classifier with another clip geometry.
        Stopped: `should_stop` returned True; the checkpoint is written.
        KeyboardInterrupt: the user interrupted the reading of videos.
    """
    start_time = time.perf_counter()
    # an unavailable device is an error before any video is read
    device = context.torch_device
    check_run(settings, classifier, context)
    # sorted, so that the order of the list does not matter
    labels = labels_of(examples, settings.background)
    videos = _read_videos(
        settings, examples, labels, classifier=classifier, context=context, callbacks=callbacks
    )

    networks = started(settings, len(labels), training_dtype(settings, device))
    if settings.frozen:
        videos = _with_features(videos, networks, settings, context=context, callbacks=callbacks)
    fit = Fit(
        settings,
        labels,
        videos["train"],
        val=videos["val"],
        started=networks,
        device=device,
        group=context.group,
        output=context.output,
    )
    run_notes.note_initial_weights(fit, callbacks)
    run_notes.note_augmentation(settings, callbacks)
    if context.resume:
        fit.resume()
    # those of the best or of the last epoch
    weights = fit.run(callbacks.on_epoch, callbacks.on_step, callbacks.should_stop)
    run_notes.note_early_stop(fit, callbacks)
    # of a classifier with validation videos; else empty
    weights, calibrated = _calibrated(fit, weights, labels)

    identity = None if classifier is None else _identity(classifier, settings, context)
    facts = {
        **_facts(fit, videos, text=context.description),
        # the name of this key is part of the file format
        "teacher": identity,
        **calibrated,
    }
    # processes other than the main one return the paths, too
    files = export.outputs(context.output, settings)
    if context.group.is_main:
        files = export.write(context.output, weights, settings, labels=labels, facts=facts)
    # no process may return, and perhaps read the files, before they are written
    context.group.wait()

    return {
        "target": settings.target,
        "objective": settings.objective,
        "files": {kind: str(path) for kind, path in files.items()},
        "labels": labels,
        "videos": facts["data"]["videos"],
        "epochs": len(fit.state.history),
        **facts["result"],
        **calibrated,
        **_run_files(context),
        "seconds": round(time.perf_counter() - start_time, 1),
    }


def _facts(fit: Fit, videos: dict[str, list[TrainVideo]], *, text: str) -> dict[str, Any]:
    """Metadata of the weight files about data, result and start."""
    facts: dict[str, Any] = {
        "data": export.describe(videos, text),
        "result": _result(fit),
        "start": {
            kind: {"source": start.source, "sha256": start.sha256}
            for kind, start in fit.starts.items()
        },
    }
    if fit.settings.background:
        facts["background"] = BACKGROUND
    return facts


def _run_files(context: RunContext) -> dict[str, str]:
    """Paths of the files next to the weight file."""
    metrics, curve = history.files_of(context.output)
    return {
        "metrics": str(metrics),
        "curve": str(curve),
        "checkpoint": str(checkpoint.path_of(context.output)),
    }


def _read_videos(
    settings: TrainSettings,
    examples: list[Example],
    labels: list[str],
    *,
    classifier: ClassifierFacts | None,
    context: RunContext,
    callbacks: Callbacks,
) -> dict[str, list[TrainVideo]]:
    """The videos of both splits. Those that are not in the cache yet are read and classified."""
    # a classifier in training is measured by its own answers
    clip_classifier = None if settings.target == "classifier" else classifier
    identity = None if clip_classifier is None else _identity(clip_classifier, settings, context)
    # identity None: the videos are not classified
    needs = needs_of(settings, identity)
    if "mel" in needs.kinds:
        check_torchaudio()  # one error instead of one for each video

    group, cache, pool = context.group, context.cache, context.pool
    share = examples[group.rank :: group.world]  # each process of the group reads its share
    read = fill_cache.read_all(
        share,
        needs,
        cache,
        pool=pool,
        progress=callbacks.on_progress,
        on_failure=callbacks.on_failure,
    )
    if clip_classifier is not None:
        # the background is no class, and not classified
        classes = labels[:-1] if settings.background else labels
        run_notes.check_labels(classes, clip_classifier, callbacks)
        read = fill_cache.classify_all(
            read,
            needs,
            cache,
            pool=pool,
            progress=callbacks.on_progress,
            on_failure=callbacks.on_failure,
        )
    pool.dismiss()  # training needs the memory of its processes
    group.wait()

    videos = open_all(examples, labels, needs, cache=cache, classifier=clip_classifier)
    run_notes.report_lost(read, videos, callbacks)
    split = by_split(videos)
    if not split["train"]:
        raise InputError(
            "no training video can be used",
            code="too-few-training-videos",
            hint="the errors above give the reasons",
        )
    background = len(labels) - 1 if settings.background else None
    if background is not None and all(video.label != background for video in split["train"]):
        raise InputError(
            "no training video of the background can be used",
            code="too-few-training-videos",
            hint="the errors above give the reasons",
        )
    run_notes.note_videos(split, needs, callbacks)
    run_notes.note_labels_without_videos(split["train"], labels, callbacks)
    return split


def _with_features(
    videos: dict[str, list[TrainVideo]],
    networks: Started,
    settings: TrainSettings,
    *,
    context: RunContext,
    callbacks: Callbacks,
) -> dict[str, list[TrainVideo]]:
    """The videos with the features of the frozen trunk in place of their pictures."""
    group, device = context.group, context.torch_device
    features = TrunkFeatures(
        networks.model.networks[settings.target],
        settings,
        needs_of(settings, None),
        cache=context.cache,
        device=device,
        dtype=training_dtype(settings, device),
    )
    every = [video for members in videos.values() for video in members]
    # each process of the group computes its share
    features.fill(every[group.rank :: group.world], callbacks.on_progress)
    group.wait()
    found = {split: features.put(members) for split, members in videos.items()}
    run_notes.report_lost(
        [video.example for video in every],
        [video for members in found.values() for video in members],
        callbacks,
    )
    return found


def _identity(
    classifier: ClassifierFacts, settings: TrainSettings, context: RunContext
) -> dict[str, Any]:
    """The identity under which the cache keeps the classifier's ClipProbs."""
    # the precision changes the ClipProbs a little
    dtype = pick_dtype(settings.precision, context.torch_device)
    return clip_probs.identity(classifier, str(dtype).removeprefix("torch."))


def _calibrated(
    fit: Fit, weights: dict[str, Tensor], labels: list[str]
) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The weights with the temperature of a classifier, and what was measured of it.

    Returns:
        the weights; and "calibration", "held_out", and what `confidence_limit` gives, for metadata
        and summary, or nothing.
    """
    answers = fit.answers(weights)
    if answers is None:
        return weights, {}
    temperature = calibrate.fit_temperature(answers)
    # the background is the last of the labels
    background = len(labels) - 1 if fit.settings.background else None
    measured = {
        "calibration": calibrate.record(answers, temperature),
        "held_out": calibrate.right_by_class(answers, temperature, labels, background=background),
    }
    if background is not None:
        measured |= confidence_limit(answers, temperature, background)
    return calibrate.with_temperature(weights, fit.settings, temperature), measured


def _result(fit: Fit) -> dict[str, Any]:
    """The epoch whose networks are exported, and its measures."""
    past = fit.state.history
    # without validation no epoch is the best
    keep_last = fit.settings.keep == "last" or not fit.state.best_epoch
    epoch = past[-1]["epoch"] if keep_last else fit.state.best_epoch
    record = past[epoch - 1]  # epochs count from 1
    result = {"epoch": epoch, "k": fit.settings.k}
    for name in ("video_accuracy", "clip_accuracy", "baselines"):
        # a measure may be missing, and the baselines empty
        if record.get(name) not in (None, {}):
            result[name] = record[name]
    return result
