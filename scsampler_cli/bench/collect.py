"""Measure a data set under one classifier: a `Run`."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import IO, Any

import numpy as np
import torch
from numpy.typing import NDArray

from scsampler_cli.batch.task import Record
from scsampler_cli.bench import stand_in
from scsampler_cli.bench.bench_models import Models
from scsampler_cli.bench.best_worst_clips import thumbnails
from scsampler_cli.bench.charged_costs import charged
from scsampler_cli.bench.empirical import oracle_positions
from scsampler_cli.bench.hardware import machine
from scsampler_cli.bench.measure import (
    MeasureContext,
    OnFailure,
    measured_videos,
    reporting_failures,
)
from scsampler_cli.bench.model_info import ModelFacts
from scsampler_cli.bench.plan import Data, Plan, ReportOptions
from scsampler_cli.bench.run_data import Run, VideoData
from scsampler_cli.bench.timing import time_costs
from scsampler_cli.cache.video_cache import Cache
from scsampler_cli.datasets.example import Example
from scsampler_cli.errors import InputError, OutputError, ScsamplerError
from scsampler_cli.pipeline import clip_probs
from scsampler_cli.pipeline.video import Progress


def collect(
    data: Data,
    facts: ModelFacts,
    context: MeasureContext,
    *,
    plan: Plan,
    report_options: ReportOptions,
    on_failure: OnFailure,
    command: str,
) -> Run:
    """Measure a data set.

    Args:
        data: its videos.
        facts: of classifier and networks, which the processes of `context` hold.
        context: cache, settings, processes, progress.
        plan: gives K, the number of selected clips, for the live check.
        report_options: how many videos are timed, and how many have thumbnails.
        on_failure: called with each video that cannot be used.
        command: the command line, for the report.

    Raises:
        InputError: not one video could be used.
        KeyboardInterrupt: it was stopped.
    """
    failures: list[Mapping[str, str]] = [*data.rejected]

    def unusable(example: Example, error: ScsamplerError) -> None:
        # one line, for tables and CSV
        path, reason = str(example.path), _one_line(error)
        failures.append({"path": path, "label": example.label, "reason": reason})
        on_failure(example, error)

    def partly_failed(video: VideoData, error: ScsamplerError) -> None:
        """The video stays in the tables: its scores were measured before."""
        on_failure(Example(Path(video.path), video.label, "val"), error)
        reason = f"in the tables, but its timing or thumbnails failed: {_one_line(error)}"
        failures.append({"path": video.path, "label": video.label, "reason": reason})

    videos = _mapped_to_disk(measured_videos(data.examples, facts, context, on_failure=unusable))
    if not videos:
        raise InputError(
            f"no video of {data.name} could be evaluated",
            code="no-evaluated-videos",
            hint="see the errors above",
        )
    run = Run(
        data=data.name,
        # labels and geometry of f, which `replay` needs
        classifier=facts.report_entry(),
        samplers=facts.samplers,
        joint=facts.joint,
        networks=facts.compared,
        videos=videos,
        failures=(),
        train_positions=_train_positions(data.train, facts, context, on_failure=unusable),
        costs=None,
        settings=_settings(facts, context, command),
        pictures=facts.pictures,
        tagging=facts.tagging,
    )
    # without times, tables have no seconds
    if report_options.timed:
        timed = _evenly_spaced(videos, report_options.timed)
        # times are taken after everything else, when no other process works
        costs = time_costs(run, timed, facts, context=context, plan=plan, on_failure=partly_failed)
        run = replace(run, costs=costs)
    # after the live runs, whose times are those of the classifier itself
    if report_options.is_charged and run.costs is not None:
        run = _charged(run, videos[0], context)

    shown = _sheet_videos(videos, report_options)
    pictures = tuple(thumbnails(run, plan, shown, context=context, on_failure=partly_failed))
    return replace(run, thumbnails=pictures, failures=tuple(failures))


def _charged(run: Run, video: VideoData, context: MeasureContext) -> Run:
    """The run with the costs of a classifier of real actions, measured in a worker process."""
    do = partial(stand_in.time_stand_in, threads=torch.get_num_threads())
    (outcome,) = context.pool.each([Path(video.path)], do)
    if (error := outcome.error) is not None:
        raise error
    context.progress("charging", 1, 1)
    return charged(run, outcome.record)


def _one_line(error: ScsamplerError) -> str:
    return " ".join(str(error).split())


def _mapped_to_disk(videos: Iterator[VideoData]) -> tuple[VideoData, ...]:
    """The videos, with the ClipProbs of all in one unnamed file that is mapped into memory.

    The ClipProbs of a large data set do not fit into memory, and one file for each video would
    exceed the limit on open files.
    """
    found: list[VideoData] = []
    with tempfile.TemporaryFile() as file:
        for video in videos:
            _append(file, np.ascontiguousarray(video.probabilities, np.float32).tobytes())
            # an array of the same shape that takes no memory
            placeholder = np.broadcast_to(np.float32(0), video.probabilities.shape)
            found.append(replace(video, probabilities=placeholder))
        if not found:
            return ()
        # float32 [sum of L, C]; the mapping stays valid when the file is closed
        shape = sum(video.clips for video in found), found[0].probabilities.shape[1]
        whole = np.memmap(file, np.float32, "r", shape=shape)

    mapped = []
    # first row of each video in the array of all
    start = 0
    for video in found:
        end = start + video.clips
        mapped.append(replace(video, probabilities=whole[start:end]))
        start = end
    return tuple(mapped)


def _append(file: IO[bytes], data: bytes) -> None:
    try:
        file.write(data)
        # the mapping below sees only what has left the buffer
        file.flush()
    except OSError as error:
        message = f"cannot write to {tempfile.gettempdir()}: {error.strerror or error}"
        hint = "free disk space there, or set TMPDIR to another folder"
        raise OutputError(message, code="write-failed", hint=hint) from error


def _evenly_spaced(videos: Sequence[VideoData], count: int) -> list[VideoData]:
    """Some of the videos, evenly spaced over the list."""
    at = np.linspace(0, len(videos) - 1, min(count, len(videos))).round().astype(int)
    # unique: rounding may give an index twice
    return [videos[i] for i in np.unique(at)]


def _sheet_videos(videos: Sequence[VideoData], options: ReportOptions) -> list[VideoData]:
    """The videos of the contact sheet: those that the user named, or an even choice."""
    if options.sheet_of:
        return [video for video in videos if Path(video.path).resolve() in options.sheet_of]
    return _evenly_spaced(videos, options.sheet) if options.sheet else []


def _train_positions(
    examples: Sequence[Example],
    facts: ModelFacts,
    context: MeasureContext,
    *,
    on_failure: OnFailure,
) -> NDArray[np.float32] | None:
    """Positions of the oracle's clips in the training videos.

    Returns:
        float32 [n, KEPT]; None without training videos whose label the classifier knows.
    """
    labels = facts.classifier.labels
    # the oracle needs f_y of the label, and background is no label of a video
    usable = [example for example in examples if example.label in facts.classifier.classes]
    # the same cache entries as for the compared videos
    identity = clip_probs.identity(facts.classifier, facts.precision)
    do = partial(_classify_in_worker, identity=identity, cache=context.cache)
    outcomes = context.pool.each([example.path for example in usable], do)
    found: list[NDArray[np.float32]] = []
    for done, (example, outcome) in enumerate(zip(usable, outcomes, strict=True), start=1):
        with reporting_failures(example, on_failure):
            if (error := outcome.error) is not None:
                raise error
            entry = clip_probs.find(example.path, identity, context.cache)
            if entry is not None:
                probabilities = np.asarray(entry.values, np.float32)
                found.append(oracle_positions(probabilities, labels.index(example.label)))
        context.progress("training videos", done, len(usable))
    return np.stack(found) if found else None


def _classify_in_worker(
    models: Models, path: Path, progress: Progress, *, identity: dict[str, Any], cache: Cache
) -> Record:
    """The work of a process on a training video."""
    return clip_probs.compute_in_worker(
        models.classifier, path, progress, identity=identity, cache=cache
    )


def _settings(facts: ModelFacts, context: MeasureContext, command: str) -> dict[str, Any]:
    # the inputs of the settings are ignored: those of the networks are extracted
    features = {**asdict(context.features), "inputs": list(facts.inputs)}
    return {
        "command": command,
        "features": features,
        "device": facts.device,
        "precision": facts.precision,
        **machine(),
    }
