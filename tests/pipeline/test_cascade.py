"""Packets first: what the visual sampler looks at, what records say, and what is refused."""

import json
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from scsampler_cli.classifiers import registry
from scsampler_cli.classifiers.base import ClipClassifier
from scsampler_cli.config import FeatureSettings, SelectionSettings
from scsampler_cli.errors import FeatureFileError
from scsampler_cli.features.clip import ClipVisual
from scsampler_cli.model_zoo.weights_info import WeightsInfo
from scsampler_cli.output import csv_rows, tables
from scsampler_cli.pipeline import settings_record, stages
from scsampler_cli.pipeline.clip_inference import score_clips
from scsampler_cli.pipeline.video import Video, packets_by_clip
from scsampler_cli.samplers.scoring import (
    PacketSampler,
    SamplerNetwork,
    Samplers,
    build_samplers,
    load_audio,
    load_visual,
)
from scsampler_cli.selection.strategies import select
from tests.synthetic import pan, raw_stream, static, tone, write_video

CPU, FP32 = torch.device("cpu"), torch.float32
FEATURES = FeatureSettings()


class Size(nn.Module):
    """A network with a known answer.

    A clip is more salient the larger its predicted frames are relative to their keyframe.
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x[:, 3, 32:48].mean(dim=1, keepdim=True)


def by_size() -> PacketSampler:
    network = SamplerNetwork(
        "packets",
        "size",
        "sal-rank",
        network=Size(),
        info=WeightsInfo("size", "0" * 64),
        device=CPU,
        dtype=FP32,
    )
    sampler = build_samplers([network]).packets
    assert sampler is not None
    return sampler


@pytest.fixture(scope="module")
def demo() -> ClipClassifier:
    return registry.load("demo", CPU, FP32)


@pytest.fixture(scope="module")
def samplers() -> Samplers:
    return Samplers(load_visual("demo", CPU, FP32), None, by_size())


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve clips: 0-3 and 8-11 stand still, 4-7 move."""
    frames = chain(static(64, 96, 128), pan(64, 3, 2, 96, 128), static(64, 96, 128, seed=5))
    options = {"bf": "0", "g": "32", "sc_threshold": "0"}
    return write_video(
        tmp_path_factory.mktemp("cascade") / "v.mp4", frames, audio=tone(7.7, 400), options=options
    )


def classified(
    path: Path, samplers: Samplers, demo: ClipClassifier, **selection: Any
) -> dict[str, Any]:
    return stages.classify(
        path, samplers, demo, features=FEATURES, selection=SelectionSettings(**selection)
    ).record()


def test_packets_alone_take_what_moves_and_look_at_no_picture(
    path: Path, samplers: Samplers, demo: ClipClassifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scsampler_cli.pipeline.video.read_visual", None)
    record = classified(path, samplers, demo, strategy="packets", k=4)
    assert sorted(clip["clip"] for clip in record["clips"]) == [4, 5, 6, 7]
    assert [clip["why"] for clip in record["clips"]] == [f"packets #{i}" for i in (1, 2, 3, 4)]
    assert all(0 < clip["packets"] < 1 and clip["visual"] is None for clip in record["clips"])
    assert [sampler["input"] for sampler in record["samplers"]] == ["packets"]
    assert record["settings"]["features"]["inputs"] == ["packets"]


def test_a_cascade_looks_at_its_candidates_alone(
    path: Path, samplers: Samplers, demo: ClipClassifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    from scsampler_cli.pipeline import video

    seen: list[int] = []

    def watched(*arguments: Any, clips: Any, **more: Any) -> Iterator[ClipVisual]:
        seen.extend(clips)
        return real(*arguments, clips=clips, **more)

    real = video.read_visual
    monkeypatch.setattr(video, "read_visual", watched)
    record = classified(path, samplers, demo, strategy="visual", k=2, candidates=4)
    assert seen == [4, 5, 6, 7]
    assert {clip["clip"] for clip in record["clips"]} <= set(seen)
    assert [clip["why"] for clip in record["clips"]] == ["visual #1", "visual #2"]
    assert record["settings"]["selection"]["candidates"] == 4


@pytest.mark.parametrize("strategy", ["visual", "av-union-list", "av-convex-score"])
def test_with_as_many_candidates_as_clips_it_is_the_full_strategy(
    path: Path, strategy: str
) -> None:
    samplers = Samplers(load_visual("demo", CPU, FP32), load_audio("demo", CPU, FP32), by_size())
    full = score_clips(Video(path), Samplers(samplers.visual, samplers.audio), FEATURES)
    for count in (12, 100):
        first = score_clips(Video(path), samplers, FEATURES, first=count)
        assert first.clips.tolist() == full.clips.tolist()
        for mine, theirs in ((first.visual, full.visual), (first.audio, full.audio)):
            assert mine is not None
            assert theirs is not None
            assert np.array_equal(mine, theirs)
        plan = SelectionSettings(strategy=strategy, k=3)
        assert select(first, plan).clips.tolist() == select(full, plan).clips.tolist()


def test_with_a_clip_stride_only_those_clips_are_candidates(path: Path, samplers: Samplers) -> None:
    found = score_clips(Video(path), samplers, FEATURES, clip_stride=3, first=2)
    assert found.clips.tolist() == [3, 6] or 6 in found.clips.tolist()
    assert set(found.clips.tolist()) <= {0, 3, 6, 9}
    assert found.clip_count == 12


def test_scores_of_a_cascade_are_listed_for_its_candidates(path: Path, samplers: Samplers) -> None:
    record = stages.score(
        path,
        samplers,
        FEATURES,
        clip_frames=16,
        frame_stride=1,
        selection=SelectionSettings(strategy="visual", k=2, candidates=4),
    ).record()
    assert [clip["clip"] for clip in record["clips"]] == [4, 5, 6, 7]
    assert sum(clip["taken"] for clip in record["clips"]) == 2
    assert "packets" in tables.render(record)
    rows = list(csv_rows.csv_rows(record))
    assert {row["packets"] for row in rows} == {clip["packets"] for clip in record["clips"]}
    assert set(rows[0]) <= set(csv_rows.csv_columns("score", 5))


def test_without_a_packet_sampler_records_do_not_mention_packets(
    path: Path, samplers: Samplers, demo: ClipClassifier
) -> None:
    record = classified(path, samplers, demo, strategy="visual", k=2)
    assert all("packets" not in clip for clip in record["clips"])
    assert [sampler["input"] for sampler in record["samplers"]] == ["md", "rgbr"]
    assert record["settings"]["selection"]["candidates"] is None
    assert "packets" not in tables.render(record)


def test_the_same_bytes_every_time(path: Path, samplers: Samplers, demo: ClipClassifier) -> None:
    records = [
        classified(path, samplers, demo, strategy="visual", k=2, candidates=5) for _ in range(2)
    ]
    for record in records:
        del record["timings_s"]
    assert json.dumps(records[0]) == json.dumps(records[1])


def test_feature_files_hold_no_packets(path: Path, samplers: Samplers, tmp_path: Path) -> None:
    stages.extract(path, tmp_path / "v.scf", FEATURES, clip_frames=16, frame_stride=1)
    for selection in (
        SelectionSettings(strategy="packets", k=2),
        SelectionSettings(strategy="visual", k=2, candidates=4),
    ):
        with pytest.raises(FeatureFileError, match="holds no packets") as error:
            stages.score(
                tmp_path / "v.scf",
                samplers,
                FEATURES,
                clip_frames=16,
                frame_stride=1,
                selection=selection,
            )
        assert "score the video itself" in error.value.hint


def test_only_those_samplers_run_that_the_strategy_asks(samplers: Samplers) -> None:
    def used(strategy: str, candidates: int | None = None) -> Samplers:
        settings = SelectionSettings(strategy=strategy, candidates=candidates)
        return settings_record.used_samplers(samplers, settings)

    assert used("packets") == Samplers(None, None, samplers.packets)
    assert used("visual") == Samplers(samplers.visual, None)
    assert used("visual", candidates=40) == samplers
    assert used("uniform") == Samplers(None, None)


def test_a_video_without_times_has_packets_too(path: Path, tmp_path: Path) -> None:
    raw_stream(path, tmp_path / "v.h264")
    there = [clip.values is not None for clip in packets_by_clip(Video(tmp_path / "v.h264"))]
    assert there == [True] * 12
