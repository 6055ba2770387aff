"""Put together what is known of a data set under one classifier: a `Run`."""

from __future__ import annotations

import platform
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import IO, Any

import numpy as np
import torch
from numpy.typing import NDArray

from scsampler_cli import clipprobs, report
from scsampler_cli.bench.empirical import oracle_positions
from scsampler_cli.bench.knowledge import KnownVideo, Run, Thumbnails
from scsampler_cli.bench.measure import Failed, Measuring, Models, known_videos, reported
from scsampler_cli.bench.models import classifier_facts
from scsampler_cli.bench.request import Data, Plan, Wishes
from scsampler_cli.bench.tables import sampled
from scsampler_cli.bench.timing import time_costs
from scsampler_cli.classifiers.base import InputSpec
from scsampler_cli.datasets.example import Example
from scsampler_cli.errors import InputError, OutputError, ScsamplerError
from scsampler_cli.media.container import FFMPEG_VERSION
from scsampler_cli.selection import combined_rank
from scsampler_cli.video import Video, clip_frames

SHEET_CLIPS = 5
"""Best clips, and worst clips, of a video on the contact sheet (our choice)."""
SHEET_HEIGHT = 96
"""Pixels."""


def collect(
    data: Data, models: Models, measuring: Measuring, plan: Plan, wishes: Wishes, failed: Failed, command: str
) -> Run:
    """Measure a data set.

    Args:
        data: its videos.
        models: classifier and networks.
        measuring: cache, settings, progress.
        plan: K of the live check.
        wishes: times and pictures.
        failed: told of the videos that cannot be used.
        command: the command line, for the report.

    Raises:
        InputError: not one video could be used.
    """
    failures: list[Mapping[str, str]] = [*data.rejected]

    def noted(example: Example, error: ScsamplerError) -> None:
        failures.append({"path": str(example.path), "label": example.label, "reason": " ".join(str(error).split())})
        failed(example, error)

    videos = _spooled(known_videos(data.examples, models, measuring, noted))
    if not videos:
        raise InputError(f"not one video of {data.name} could be evaluated", hint="the errors above say why")
    run = Run(
        data=data.name,
        classifier=classifier_facts(models.classifier),
        samplers=models.samplers,
        joint=models.joint,
        networks=models.compared,
        videos=videos,
        failures=(),
        train_positions=_train_positions(data.train, models, measuring, noted),
        costs=None,
        settings=_settings(models, measuring, command),
    )
    if wishes.timed:
        run = replace(run, costs=time_costs(run, _spread_out(videos, wishes.timed), models, measuring, plan))
    pictures = tuple(_thumbnails(run, plan, models.classifier.spec, wishes))
    return replace(run, thumbnails=pictures, failures=tuple(failures))


def _spooled(videos: Iterator[KnownVideo]) -> tuple[KnownVideo, ...]:
    """The videos, their ClipProbs in one unnamed file that is mapped into memory: neither held, nor a file open for each."""
    known: list[KnownVideo] = []
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
        raise OutputError(message, hint="make room, or set TMPDIR") from error


def _spread_out(videos: Sequence[KnownVideo], count: int) -> list[KnownVideo]:
    """Some of the videos, evenly spaced over the list."""
    at = np.unique(np.linspace(0, len(videos) - 1, min(count, len(videos))).round().astype(int))
    return [videos[i] for i in at]


def _train_positions(
    examples: Sequence[Example], models: Models, measuring: Measuring, failed: Failed
) -> NDArray[np.float32] | None:
    """Where the oracle's clips of the training videos lie; None without any that the classifier knows the label of."""
    classifier = models.classifier
    usable = [example for example in examples if example.label in classifier.labels]
    identity = clipprobs.identity(classifier, models.precision)
    found: list[NDArray[np.float32]] = []
    for done, example in enumerate(usable, start=1):
        with reported(example, failed):
            clipprobs.ensure(example.path, classifier, identity, measuring.cache, measuring.progress)
            entry = clipprobs.find(example.path, identity, measuring.cache)
            if entry is not None:
                target = classifier.labels.index(example.label)
                found.append(oracle_positions(np.asarray(entry.values, np.float32), target))
        measuring.progress("training videos", done, len(usable))
    return np.stack(found) if found else None


def _settings(models: Models, measuring: Measuring, command: str) -> dict[str, Any]:
    features = {**asdict(measuring.features), "inputs": list(models.inputs)}
    device = str(next(iter(models.networks.values())).device)
    return {"command": command, "features": features, "device": device, "precision": models.precision, **machine()}


def machine() -> dict[str, Any]:
    """What measures, for the record."""
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    about = {"system": platform.platform(), "processor": processor(), "threads": torch.get_num_threads(), "gpu": gpu}
    return {"machine": about, "versions": report.versions(FFMPEG_VERSION)}


def processor() -> str:
    """The processor's name, where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.processor()
    )


def _on_sheet(videos: Sequence[KnownVideo], wishes: Wishes) -> list[KnownVideo]:
    """The videos that were named for the contact sheet, or some of all."""
    if wishes.sheet_of:
        return [video for video in videos if Path(video.path).resolve() in wishes.sheet_of]
    return _spread_out(videos, wishes.sheet) if wishes.sheet else []


def _thumbnails(run: Run, plan: Plan, spec: InputSpec, wishes: Wishes) -> Iterator[Thumbnails]:
    """The best and the worst clips of some videos by the sampler under test (Fig. 3)."""
    way = sampled(run, plan)[0][1]
    if way.sampler is None or way.selection is None:
        return
    for known in _on_sheet(run.videos, wishes):
        number = next(i for i, video in enumerate(run.videos) if video is known)
        rank = combined_rank(known.clip_scores(way.sampler), way.selection)
        order = np.argsort(rank, kind="stable").tolist()
        best = order[:SHEET_CLIPS]
        worst = [clip for clip in order[-SHEET_CLIPS:] if clip not in best]
        video = Video(Path(known.path), spec.frames, spec.stride)
        height, width = video.info.size
        size = SHEET_HEIGHT, max(1, round(width * SHEET_HEIGHT / height))
        small = replace(spec, resize=min(size), crop=size, crops=1)  # keeps the shape of each picture
        frames = dict(clip_frames(video, [*best, *worst], small))
        clips = [clip for clip in (*best, *worst) if clip in frames]
        pictures = np.stack([frames[clip][len(frames[clip]) // 2] for clip in clips])
        starts = tuple(float(video.span(clip).start) for clip in clips)
        yield Thumbnails(number, tuple(clips), sum(clip in best for clip in clips), starts, pictures)
