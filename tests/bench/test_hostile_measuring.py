"""A video that crashes, hangs or bloats its process is left out; the others are compared."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from scsampler_cli.bench import collect as collecting
from scsampler_cli.bench.bench_models import Models
from scsampler_cli.bench.model_info import ModelFacts
from scsampler_cli.bench.model_list import models_record
from scsampler_cli.bench.plan import Data, Plan, ReportOptions
from scsampler_cli.datasets.example import Example
from tests.batch.here import Here, processes
from tests.batch.hostile import harm
from tests.bench.test_measure import context, models
from tests.synthetic import pan, write_video

REASONS = {
    "crash-1.mp4": "the process that worked on it was killed by SIGSEGV",
    "hang-1.mp4": "not done after 1",
    "swell-1.mp4": "took ",
}


def _harmed(say: object) -> Models:
    harm()
    return models()


@pytest.fixture
def listed(tmp_path: Path) -> list[Example]:
    """Two healthy videos between hostile ones."""
    found = []
    for at, name in enumerate(["crash-1.mp4", "a.mp4", "hang-1.mp4", "b.mp4", "swell-1.mp4"]):
        found.append(
            Example(write_video(tmp_path / name, pan(40, 3, 1, 64, 96, seed=at)), "right", "val")
        )
    return found


def test_each_is_one_failure_and_the_others_are_measured_as_alone(
    listed: list[Example], tmp_path: Path
) -> None:
    reported: list[str] = []
    data = Data(
        "set", listed, [replace(listed[0], split="train"), replace(listed[1], split="train")]
    )
    facts = ModelFacts.from_record(json.loads(json.dumps(models_record(models()))))
    with processes(2, _harmed, timeout_s=15, memory_bytes=1_500_000_000) as pool:
        where = context(tmp_path / "cache", pool=pool)
        run = collecting.collect(
            data,
            facts,
            where,
            plan=Plan(k=2),
            report_options=ReportOptions(timed=1, sheet=1),
            on_failure=lambda e, error: reported.append(f"{e.path.name}: {error}"),
            command="x",
        )
    assert [Path(video.path).name for video in run.videos] == ["a.mp4", "b.mp4"]
    failed = [Path(failure["path"]).name for failure in run.failures]
    assert failed == [*REASONS, "crash-1.mp4"], "in the order of the list; then the training video"
    for failure, (name, reason) in zip(run.failures, REASONS.items(), strict=False):
        assert f"{name}: {reason}" in failure["reason"]
    assert len(reported) == len(failed)
    assert run.costs is not None
    assert run.costs.videos == len(run.thumbnails) == 1

    healthy = replace(data, examples=[listed[1], listed[3]], train=[data.train[1]])
    alone = replace(context(tmp_path / "other"), pool=Here(models()))
    expected = collecting.collect(
        healthy,
        facts,
        alone,
        plan=Plan(k=2),
        report_options=ReportOptions(timed=0, sheet=1),
        on_failure=pytest.fail,
        command="x",
    )
    for mine, theirs in zip(run.videos, expected.videos, strict=True):
        assert np.array_equal(mine.probabilities, theirs.probabilities)
        assert all(
            np.array_equal(mine.scores[name], theirs.scores[name], equal_nan=True)
            for name in mine.scores
        )
        assert np.array_equal(mine.decode_from, theirs.decode_from)
    assert np.array_equal(run.thumbnails[0].pictures, expected.thumbnails[0].pictures)
    assert np.array_equal(run.train_positions, expected.train_positions, equal_nan=True)


def test_a_video_that_only_its_timing_kills_stays_in_the_tables(
    listed: list[Example], tmp_path: Path
) -> None:
    healthy = [listed[1], listed[3]]
    facts = models().facts
    reported: list[str] = []
    with processes(1, _deadly) as pool:
        where = context(tmp_path / "cache", pool=pool)
        run = collecting.collect(
            Data("set", healthy, ()),
            facts,
            where,
            plan=Plan(k=2),
            report_options=ReportOptions(timed=2, sheet=0),
            on_failure=lambda e, _: reported.append(e.path.name),
            command="x",
        )
    assert [Path(video.path).name for video in run.videos] == ["a.mp4", "b.mp4"]
    assert reported == ["a.mp4"]
    assert "in the tables, but its timing or thumbnails failed" in run.failures[0]["reason"]
    assert run.costs is not None
    assert run.costs.videos == 1


def _deadly(say: object) -> Models:
    """A plain decode, which only timing asks for, crashes on one of the videos."""
    import ctypes

    from scsampler_cli.media import plain

    genuine = plain.decode
    plain.decode = lambda path: ctypes.string_at(0) if path.name == "a.mp4" else genuine(path)  # type: ignore[assignment]
    return models()
