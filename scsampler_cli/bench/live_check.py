"""Live runs that check the replay: the selected clips, the tag, and the time by the rates."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from scsampler_cli.bench.bench_models import Models
from scsampler_cli.bench.cost_model import Check
from scsampler_cli.bench.metrics import label_rank
from scsampler_cli.bench.replay import Strategy, replay
from scsampler_cli.bench.run_data import Run, VideoData
from scsampler_cli.config import FeatureSettings, SelectionSettings
from scsampler_cli.pipeline.stages import classify
from scsampler_cli.samplers.scoring import Samplers, build_samplers

Live = dict[str, Any]
""""seconds", "label" and "clips" of a live run."""


def tagging_samplers(models: Models) -> Samplers:
    """The sampler under test, as `classify` runs it."""
    return build_samplers(models.networks[network.name] for network in models.samplers[0].networks)


def tag_live(
    path: Path, models: Models, features: FeatureSettings, *, selection: SelectionSettings
) -> Live:
    """Tag a video as `classify` does, and measure the time."""
    # from the file to the tag, nothing cached
    start = time.perf_counter()
    result = classify(
        path,
        tagging_samplers(models),
        models.classifier,
        features=features,
        selection=selection,
        top=1,
    )
    seconds = time.perf_counter() - start
    clips = [clip.clip for clip in result.clips]
    return {"seconds": seconds, "label": result.label, "clips": clips}


def live_checks(
    run: Run, strategy: Strategy, lives: Sequence[tuple[VideoData, Live]]
) -> Iterator[Check]:
    """Compare live runs with the replay.

    Args:
        run: with the measured costs.
        strategy: the strategy of the live runs.
        lives: (video, its live run).
    """
    for video, live in lives:
        outcome = replay(replace(run, videos=(video,)), strategy)
        # one video, and one draw
        clips = outcome.clips[0][0]
        # the tag of the live run must be the best one of the replay, too
        tag = run.classifier["labels"].index(live["label"])
        rank = label_rank(video.probabilities[clips], tag, video.background)
        yield Check(
            path=video.path,
            modelled_s=(outcome.seconds() or {})["total"],
            measured_s=live["seconds"],
            same_clips=live["clips"] == clips.tolist(),
            same_tag=rank == 0,
        )
