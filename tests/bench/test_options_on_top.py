"""A bench of a classifier with options on top, and how many clips each network is given at once."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from scsampler_cli.bench import speed
from scsampler_cli.bench.live_check import tagging_samplers
from scsampler_cli.bench.model_list import assemble
from scsampler_cli.bench.plan import Data, Plan, ReportOptions
from scsampler_cli.bench.run_data import Run
from scsampler_cli.bench.timing import time_costs
from scsampler_cli.classifiers import registry
from scsampler_cli.classifiers.adjusted import adjusted
from scsampler_cli.classifiers.base import InputSpec, batch_of
from scsampler_cli.config import FeatureSettings, SelectionSettings
from scsampler_cli.datasets.example import Example
from scsampler_cli.pipeline.clip_inference import classify_clips, score_clips
from scsampler_cli.pipeline.video import Video, no_progress
from scsampler_cli.samplers.clip_batches import BATCH_CLIPS, BATCH_PACKETS
from scsampler_cli.samplers.scoring import SamplerNetwork
from tests.batch.here import Here
from tests.bench.test_measure import Brightness, collect, context, measured_videos, never, sampler
from tests.synthetic import pan, write_video

FRAMES = 600


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five clips of the demo's classifier."""
    return write_video(tmp_path_factory.mktemp("videos") / "v.mp4", pan(80, 1, 0, 48, 64))


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all: what is kept of one classifier must not be taken for another's."""
    return tmp_path_factory.mktemp("cache")


class Short(Brightness):
    """It takes clips of two frames, and remembers how many it was given."""

    spec = InputSpec(2, 1, 36, crop=(32, 32))

    def __init__(self) -> None:
        super().__init__()
        self.given: list[int] = []

    def classify(self, clips: NDArray[np.uint8]) -> NDArray[np.float32]:
        self.given.append(len(clips))
        return super().classify(clips)


def remembering(network: SamplerNetwork, given: dict[str, list[int]]) -> SamplerNetwork:
    """The network, which notes how many clips it is given at once."""
    start = network.start

    def noted(inputs: list[torch.Tensor]):
        given.setdefault(network.kind, []).append(len(inputs))
        return start(inputs)

    object.__setattr__(network, "start", noted)
    return network


def test_a_bench_scores_as_many_clips_at_once_as_the_commands_do(tmp_path: Path) -> None:
    """A video with more clips than a batch of packets has, for clips of two frames."""
    path = write_video(
        tmp_path / "v.mp4", pan(FRAMES, 1, 0, 48, 64), options={"preset": "ultrafast"}
    )
    given: dict[str, list[int]] = {}
    networks = [
        remembering(network, given)
        for network in (
            sampler("md", "shufflenet26", 2, 1),
            sampler("packets", "packets1d", 1, 4),
        )
    ]
    loaded = assemble(Short(), "float32", networks, others={}, joint=[], single=[])
    settings = context(tmp_path / "cache", keep=False)
    full, clips = {"md": BATCH_CLIPS, "packets": BATCH_PACKETS}, FRAMES // 2

    def noted() -> dict[str, list[int]]:
        found = dict(given)
        given.clear()
        return found

    (known,) = measured_videos([Example(path, "right", "val")], loaded, settings, never)
    measured = noted()
    score_clips(Video(path, 2), tagging_samplers(loaded), FeatureSettings())
    live = noted()
    run = Run(
        "",
        loaded.facts.report_entry(),
        loaded.samplers,
        joint=None,
        networks=(),
        videos=(known,),
        failures=(),
        train_positions=None,
        costs={},
    )
    time_costs(
        run,
        [known],
        loaded.facts,
        context=replace(settings, pool=Here(loaded)),
        plan=Plan(k=3),
        on_failure=pytest.fail,
    )
    timed = noted()
    for kind, most in full.items():
        assert live[kind] == [most] * (clips // most) + [clips % most]
        assert measured[kind] == live[kind]
        assert timed[kind][: len(live[kind])] == live[kind]


@pytest.mark.parametrize(
    ("spatial", "temperature"),
    [("centre", 1.0), ("three", 1.0), ("full", 1.0), ("three", 2.0), ("centre", 2.0)],
)
def test_a_whole_run_with_options_on_top(
    short: Path, cache: Path, spatial: str, temperature: float
) -> None:
    plain = registry.load("demo", torch.device("cpu"), torch.float32)
    classifier = adjusted(plain, {}, spatial, temperature=temperature)
    loaded = assemble(
        classifier, "float32", [sampler("md", "shufflenet26", 2, 1)], others={}, joint=[], single=[]
    )
    data = Data("set", [Example(short, plain.labels[0], "val")], [])
    run = collect(data, loaded, context(cache), Plan(k=3), ReportOptions(timed=1, sheet=1), never)
    (video,) = run.videos
    live = classify_clips(Video(short, classifier.spec.frames), range(video.clips), classifier)
    assert np.allclose(video.probabilities, live, atol=1e-6)
    assert run.costs is not None
    (check,) = run.costs.checks
    assert check.same_clips
    assert check.same_tag
    (sheet,) = run.thumbnails
    assert sheet.pictures.shape[1:] == (
        96,
        128,
        3,
    )  # one picture of the whole frame, whatever the crops


def test_speed_times_every_crop_of_a_clip(short: Path) -> None:
    inside, asked = Short(), batch_of(Short())
    loaded = assemble(
        adjusted(inside, {}, "three"),
        "float32",
        [sampler("md", "shufflenet26", 2, 1)],
        others={},
        joint=[],
        single=[],
    )
    subject = speed.Subject(
        short,
        loaded,
        tagging_samplers(loaded),
        features=FeatureSettings(),
        selection=SelectionSettings(strategy="visual", k=3),
    )
    inside.given.clear()
    stages, *_ = speed.measure(subject, 1, no_progress)
    assert all(count % 3 == 0 and count <= asked for count in inside.given)
    full = asked // 3 * 3  # what the classifier's stage is: a batch of clips, three crops each
    assert inside.given.count(full) >= 2
    row = next(row for row in stages.rows if row["stage"] == "classifier")
    assert row["per_second"] * row["seconds"] == pytest.approx(asked // 3)
