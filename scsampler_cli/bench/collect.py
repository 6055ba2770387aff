"""Put together what is known of a data set under one classifier: a `Run`."""

from __future__ import annotations

import base64
import platform
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import IO, Any

import numpy as np
import torch
from numpy.typing import NDArray

from scsampler_cli.batch.process_map import DONE
from scsampler_cli.batch.task import Record
from scsampler_cli.bench.empirical import oracle_positions
from scsampler_cli.bench.measure import MeasureContext, Models, OnFailure, measured_videos, reported
from scsampler_cli.bench.model_info import ModelFacts
from scsampler_cli.bench.strategy_list import sampler_strategies
from scsampler_cli.bench.plan import Data, Plan, ReportOptions
from scsampler_cli.bench.run_data import Run, Thumbnails, VideoData
from scsampler_cli.bench.timing import time_costs
from scsampler_cli.cache.video_cache import Cache
from scsampler_cli.datasets.example import Example
from scsampler_cli.errors import InputError, OutputError, ScsamplerError
from scsampler_cli.media.container import FFMPEG_VERSION
from scsampler_cli.output import records
from scsampler_cli.pipeline import clip_probs
from scsampler_cli.pipeline.video import Progress, clip_frames, open_video, reporting_missing_file
from scsampler_cli.selection.strategies import combined_rank

SHEET_CLIPS = 5
"""Best clips, and worst clips, of a video on the contact sheet (our choice)."""
SHEET_HEIGHT = 96
"""Pixels."""


def collect(
    data: Data,
    facts: ModelFacts,
    context: MeasureContext,
    *,
    plan: Plan,
    report_options: ReportOptions,
    failed: OnFailure,
    command: str,
) -> Run:
    """Measure a data set.

    Args:
        data: its videos.
        facts: of classifier and networks, which the processes of `measuring` hold.
        context: cache, settings, processes, progress.
        plan: K of the live check.
        report_options: times and pictures.
        failed: told of the videos that cannot be used.
        command: the command line, for the report.

    Raises:
        InputError: not one video could be used.
        KeyboardInterrupt: it was stopped.
    """
    failures: list[Mapping[str, str]] = [*data.rejected]

    def noted(example: Example, error: ScsamplerError) -> None:
        failures.append(
            {
                "path": str(example.path),
                "label": example.label,
                "reason": " ".join(str(error).split()),
            }
        )
        failed(example, error)

    def lost(video: VideoData, error: ScsamplerError) -> None:
        failed(Example(Path(video.path), video.label, "val"), error)
        reason = f"measured, but its time or picture is not: {' '.join(str(error).split())}"
        failures.append({"path": video.path, "label": video.label, "reason": reason})

    videos = _spooled(measured_videos(data.examples, facts, context, on_failure=noted))
    if not videos:
        raise InputError(
            f"not one video of {data.name} could be evaluated",
            code="no-evaluated-videos",
            hint="the errors above say why",
        )
    run = Run(
        data=data.name,
        classifier=facts.report_entry(),
        samplers=facts.samplers,
        joint=facts.joint,
        networks=facts.compared,
        videos=videos,
        failures=(),
        train_positions=_train_positions(data.train, facts, context, on_failure=noted),
        costs=None,
        settings=_settings(facts, context, command),
    )
    if report_options.timed:
        timed = _spread_out(videos, report_options.timed)
        run = replace(
            run, costs=time_costs(run, timed, facts, context=context, plan=plan, on_failure=lost)
        )
    pictures = tuple(_thumbnails(run, plan, report_options, context=context, on_failure=lost))
    return replace(run, thumbnails=pictures, failures=tuple(failures))


def _spooled(videos: Iterator[VideoData]) -> tuple[VideoData, ...]:
    """The videos, their ClipProbs in one unnamed file that is mapped into memory: neither held, nor a file open for each."""
    known: list[VideoData] = []
    with tempfile.TemporaryFile() as file:
        for video in videos:
            _append(file, np.ascontiguousarray(video.probabilities, np.float32).tobytes())
            placeholder = np.broadcast_to(np.float32(0), video.probabilities.shape)
            known.append(replace(video, probabilities=placeholder))
        if not known:
            return ()
        shape = sum(video.clips for video in known), known[0].probabilities.shape[1]
        whole = np.memmap(file, np.float32, "r", shape=shape)
    ends = np.cumsum([video.clips for video in known])
    return tuple(
        replace(video, probabilities=whole[end - video.clips : end])
        for video, end in zip(known, ends.tolist(), strict=True)
    )


def _append(file: IO[bytes], data: bytes) -> None:
    try:
        file.write(data)
        file.flush()
    except OSError as error:
        message = f"cannot write to {tempfile.gettempdir()}: {error.strerror or error}"
        raise OutputError(message, code="write-failed", hint="make room, or set TMPDIR") from error


def _spread_out(videos: Sequence[VideoData], count: int) -> list[VideoData]:
    """Some of the videos, evenly spaced over the list."""
    at = np.unique(np.linspace(0, len(videos) - 1, min(count, len(videos))).round().astype(int))
    return [videos[i] for i in at]


def _train_positions(
    examples: Sequence[Example], facts: ModelFacts, context: MeasureContext, *, failed: OnFailure
) -> NDArray[np.float32] | None:
    """Where the oracle's clips of the training videos lie; None without any that the classifier knows the label of."""
    labels = facts.classifier.labels
    usable = [example for example in examples if example.label in labels]
    identity = clip_probs.identity(facts.classifier, facts.precision)
    do = partial(_classified, identity=identity, cache=context.cache)
    outcomes = context.pool.each([example.path for example in usable], do)
    found: list[NDArray[np.float32]] = []
    for done, (example, outcome) in enumerate(zip(usable, outcomes, strict=True), start=1):
        with reported(example, failed):
            if (error := outcome.error) is not None:
                raise error
            entry = clip_probs.find(example.path, identity, context.cache)
            if entry is not None:
                found.append(
                    oracle_positions(
                        np.asarray(entry.values, np.float32), labels.index(example.label)
                    )
                )
        context.progress("training videos", done, len(usable))
    return np.stack(found) if found else None


def _classified(
    models: Models, path: Path, progress: Progress, *, identity: dict[str, Any], cache: Cache
) -> Record:
    """What a process does with a training video."""
    return clip_probs.compute_in_worker(models.classifier, path, progress, identity=identity, cache=cache)


def _settings(facts: ModelFacts, context: MeasureContext, command: str) -> dict[str, Any]:
    features = {**asdict(context.features), "inputs": list(facts.inputs)}
    return {
        "command": command,
        "features": features,
        "device": facts.device,
        "precision": facts.precision,
        **machine(),
    }


def machine() -> dict[str, Any]:
    """What measures, for the record."""
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    about = {
        "system": platform.platform(),
        "processor": processor(),
        "threads": torch.get_num_threads(),
        "gpu": gpu,
    }
    return {"machine": about, "versions": records.versions(FFMPEG_VERSION)}


def processor() -> str:
    """The processor's name, where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")),
        platform.processor(),
    )


def _on_sheet(videos: Sequence[VideoData], report_options: ReportOptions) -> list[VideoData]:
    """The videos that were named for the contact sheet, or some of all."""
    if report_options.sheet_of:
        return [video for video in videos if Path(video.path).resolve() in report_options.sheet_of]
    return _spread_out(videos, report_options.sheet) if report_options.sheet else []


def _thumbnails(
    run: Run,
    plan: Plan,
    report_options: ReportOptions,
    *,
    context: MeasureContext,
    lost: Callable[[VideoData, ScsamplerError], None],
) -> Iterator[Thumbnails]:
    """The best and the worst clips of some videos by the sampler under test (Fig. 3)."""
    strategy = sampler_strategies(run, plan)[0][1]
    if strategy.sampler is None or strategy.selection is None:
        return
    shown = _on_sheet(run.videos, report_options)
    best_worst: list[tuple[list[int], list[int]]] = []
    for known in shown:
        order = np.argsort(
            combined_rank(known.clip_scores(strategy.sampler), strategy.selection), kind="stable"
        ).tolist()
        best = order[:SHEET_CLIPS]
        best_worst.append((best, [clip for clip in order[-SHEET_CLIPS:] if clip not in best]))
    paths = [Path(known.path) for known in shown]
    clips_of = {
        path: [*best, *worst] for path, (best, worst) in zip(paths, best_worst, strict=True)
    }
    outcomes = context.pool.each(paths, partial(_pictured, clips_of=clips_of))
    for known, (best, _), outcome in zip(shown, best_worst, outcomes, strict=True):
        if (error := outcome.error) is not None:
            lost(known, error)
            continue
        number = next(i for i, video in enumerate(run.videos) if video is known)
        record = outcome.record
        pictures = np.frombuffer(base64.b64decode(record["pictures"]), np.uint8).reshape(
            record["shape"]
        )
        clips = tuple(record["clips"])
        yield Thumbnails(
            number,
            clips,
            sum(clip in best for clip in clips),
            starts_s=tuple(record["starts"]),
            pictures=pictures,
        )


def _pictured(
    models: Models, path: Path, progress: Progress, *, clips_of: Mapping[Path, list[int]]
) -> Record:
    """What a process does with a video: a small picture of the middle of each clip."""
    spec, wanted = models.classifier.spec, clips_of[path]
    with reporting_missing_file(path):
        video = open_video(path, spec.frames, spec.stride, progress=progress)
        height, width = video.info.size
        size = SHEET_HEIGHT, max(1, round(width * SHEET_HEIGHT / height))
        small = replace(
            spec, resize=min(size), crop=size, crops=1
        )  # keeps the shape of each picture
        frames = dict(clip_frames(video, wanted, small))
    clips = [clip for clip in wanted if clip in frames]
    pictures = np.stack([frames[clip][len(frames[clip]) // 2] for clip in clips])
    return {
        **DONE,
        "clips": clips,
        "starts": [float(video.span(clip).start) for clip in clips],
        "shape": pictures.shape,
        "pictures": base64.b64encode(pictures.tobytes()).decode(),
    }
