"""Any file with a video's name gives a result or a clear error: no hang, no crash, no process left.

SCSAMPLER_MUTANTS sets how many are tried (200), half of them with each set of samplers; other
numbers try other files.
"""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from scsampler_cli.batch.bounds import Bounds
from scsampler_cli.batch.pool import WorkerPool
from scsampler_cli.batch.task import Log, Prepared, Progress, Record
from scsampler_cli.classifiers.base import InputSpec
from scsampler_cli.config import FeatureSettings, SelectionSettings
from scsampler_cli.model_zoo.weights_info import WeightsInfo
from scsampler_cli.pipeline import models
from tests.fuzz.mutation import KINDS, Mutation, mutated
from tests.fuzz.seeds import SEEDS

MUTANTS = int(os.environ.get("SCSAMPLER_MUTANTS", "200"))
AT_ONCE = 20
BOUNDS = Bounds(timeout_s=60, memory_bytes=2_000_000_000)
EXPECTED = {"VideoError", "LimitError", "InputError"}


class Stub:
    """A classifier that costs nothing."""

    name, labels = "stub", ("dark", "bright")
    spec, weights = (
        InputSpec(frames=8, stride=1, resize=32, crop=(32, 32)),
        WeightsInfo("none", None),
    )

    def classify(self, clips: NDArray[np.uint8]) -> NDArray[np.float32]:
        bright = clips.mean(axis=(1, 2, 3, 4), dtype=np.float32)[:, None] / 255
        return np.abs(bright - np.array([[1, 0]], np.float32))


@dataclass(frozen=True)
class Tag:
    """Everything that classify does, with a classifier that costs nothing: vectors, residuals and
    sound by the set demo, pictures of keyframes by the default set."""

    samplers: str
    command: str = "classify"

    def prepare(self, log: Log) -> Prepared:
        from scsampler_cli.pipeline import stages

        chosen = models.ModelOptions(device="cpu")
        samplers = chosen.load_samplers(self.samplers, SelectionSettings())

        def work(path: Path, progress: Progress) -> Record:
            return stages.classify(
                path,
                samplers,
                Stub(),
                features=FeatureSettings(),
                selection=SelectionSettings(k=3),
                progress=progress,
            ).record()

        return Prepared(work, {})


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("seeds")
    return [make(folder) for make in SEEDS]


@pytest.fixture(scope="module", params=["demo", models.AUTO_SET])
def worker_pool(request: pytest.FixtureRequest) -> Iterator[WorkerPool]:
    task = Tag(request.param)
    with WorkerPool(
        task, 1, BOUNDS, note=print, detail=lambda _: None, watch=lambda *_, **__: None
    ) as worker_pool:
        yield worker_pool


def test_the_originals_are_healthy(originals: list[Path], worker_pool: WorkerPool) -> None:
    for outcome in worker_pool.run(list(enumerate(originals))):
        record = outcome.record
        assert record["status"] == "ok", (outcome.path.name, record)
        assert (record["decode_errors"], record["frames_missing"]) == (0, 0), outcome.path.name
        assert record["video"]["frames"] == 40, outcome.path.name


def check(record: Record, path: Path) -> str:
    """The record of a mutant is complete and makes sense; in a word, what it was."""
    assert record["path"] == str(path)
    if record["status"] == "error":
        assert record["error"]["type"] in EXPECTED, record["error"]
        assert record["error"]["hint"], record["error"]
        return str(record["error"]["type"])
    video = record["video"]
    assert video["frames"] >= 1
    assert video["duration_s"] > 0
    assert 1 <= len(record["clips"]) <= 3
    assert sum(tag["probability"] for tag in record["tags"]) == pytest.approx(1, abs=1e-3)
    for clip in record["clips"]:
        assert 0 <= clip["clip"] < video["clips"]
        assert clip["start_s"] < clip["end_s"]
    assert record["decode_errors"] >= 0
    assert record["frames_missing"] >= 0
    return "damaged" if record["decode_errors"] or record["frames_missing"] else "ok"


wounds = st.builds(
    Mutation,
    st.sampled_from(KINDS),
    # half of them in the first two hundredths: headers
    st.one_of(st.integers(0, 9999), st.integers(1, 200)).map(lambda place: place / 10_000),
    st.one_of(st.integers(1, 64), st.integers(1, 4000)),
    st.integers(0, 255),
)
mutants = st.tuples(
    st.integers(0, len(SEEDS) - 1),
    st.integers(0, len(SEEDS) - 1),
    st.lists(wounds, min_size=1, max_size=6),
)


def test_mutants_give_a_result_or_a_clear_error(
    originals: list[Path], worker_pool: WorkerPool, tmp_path: Path
) -> None:
    found: Counter[str] = Counter()

    @settings(
        max_examples=max(1, MUTANTS // 2 // AT_ONCE),
        deadline=None,
        derandomize=MUTANTS <= 200,
        database=None,
        phases=[Phase.generate],  # making a batch of files smaller takes longer than it helps
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(mutants, min_size=AT_ONCE, max_size=AT_ONCE))
    def tried(batch: list) -> None:
        files = []
        for number, (one, other, damage) in enumerate(batch):
            path = tmp_path / f"{number:02d}{originals[one].suffix}"
            path.write_bytes(
                mutated(originals[one].read_bytes(), originals[other].read_bytes(), damage)
            )
            files.append((number, path))
        outcomes = list(worker_pool.run(files))
        assert sorted(outcome.index for outcome in outcomes) == [number for number, _ in files]
        for outcome in outcomes:
            found[check(outcome.record, outcome.path)] += 1
            outcome.path.unlink()

    tried()
    print(dict(found))
    assert found["ok"] + found["damaged"] > sum(found.values()) / 10
    assert found["VideoError"]
