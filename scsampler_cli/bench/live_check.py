"""Live runs that check the replay: the selected clips, the tag, and the time by the rates."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
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


@dataclass(frozen=True)
class LiveRun:
    """How a video is tagged for a check; picklable."""

    selection: SelectionSettings
    networks: tuple[str, ...]
    """Names of the sampler's networks."""

    @classmethod
    def of(cls, strategy: Strategy) -> LiveRun:
        """The live run of a strategy, which is not one of `strategy.IDEALS`."""
        assert strategy.selection is not None  # IDEALS are no methods
        sampler = strategy.sampler
        names = () if sampler is None else tuple(network.name for network in sampler.networks)
        return cls(strategy.selection, names)


def tagging_samplers(models: Models) -> Samplers:
    """The sampler under test, as `classify` runs it."""
    return _samplers(models, [network.name for network in models.samplers[0].networks])


def _samplers(models: Models, names: Iterable[str]) -> Samplers:
    samplers = build_samplers(models.networks[name] for name in names)
    return replace(samplers, pictures=models.pictures)


def tag_live(path: Path, models: Models, features: FeatureSettings, *, how: LiveRun) -> Live:
    """Tag a video as `classify` does, and measure the time."""
    # from the file to the tag, nothing cached
    start = time.perf_counter()
    result = classify(
        path,
        _samplers(models, how.networks),
        models.classifier,
        features=features,
        selection=how.selection,
        top=1,
    )
    seconds = time.perf_counter() - start
    # in the order in which they were asked
    clips = [clip.clip for clip in result.clips]
    # the best tag, also where the video is unsure
    return {"seconds": seconds, "label": result.tags[0][0], "clips": clips}


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
        probabilities = video.probabilities[clips]
        rank = label_rank(
            probabilities,
            tag,
            video.background,
            aggregate=strategy.aggregate,
            multi_label=run.is_multi_label,
        )
        yield Check(
            path=video.path,
            modelled_s=(outcome.seconds() or {})["total"],
            measured_s=live["seconds"],
            same_clips=live["clips"] == clips.tolist(),
            same_tag=rank == 0,
            strategy=strategy.name,
        )
