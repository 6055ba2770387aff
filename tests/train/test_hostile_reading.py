"""A video that crashes, hangs or swells the process that reads it is one row that is left out; the
rest is trained on."""

import ctypes
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from scsampler_cli.cache.video_cache import Cache
from scsampler_cli.classifiers.classifier_info import ClassifierFacts
from scsampler_cli.datasets.example import Example
from scsampler_cli.model_zoo.weightfile import read_weights
from scsampler_cli.train import run as product
from tests.batch.here import processes
from tests.batch.hostile import harm
from tests.synthetic import static, write_video
from tests.train.conftest import Brightness, Seen, context, settings

REASONS = {
    "crash-1.mp4": "the process that worked on it was killed by SIGSEGV",
    "hang-1.mp4": "not done after 1",
    "swell-1.mp4": "took ",
}


@pytest.fixture
def mixed(examples: list[Example], tmp_path: Path) -> list[Example]:
    """Healthy videos and hostile ones in turns."""
    found = list(examples)
    for at, name in enumerate(REASONS):
        path = tmp_path / name
        path.write_bytes(examples[at].path.read_bytes() + name.encode())
        found.insert(2 * at, Example(path, examples[at].label, "train"))
    return found


def _harmed(say: object) -> None:
    harm()
    from scsampler_cli.train import videos  # noqa: F401 - its import takes no file's time


def digest(output: Path) -> str:
    return str(read_weights(output).metadata["sha256"])


def test_each_is_one_failure_the_others_are_learnt_from_and_it_is_tried_again(
    examples: list[Example], mixed: list[Example], cache: Cache, tmp_path: Path
) -> None:
    alone, together, again = (
        tmp_path / f"{name}.safetensors" for name in ("alone", "together", "again")
    )
    fresh = Cache(tmp_path / "cache")
    with processes(2) as pool:
        product.train(
            settings("md"),
            examples,
            None,
            context=context(alone, cache, pool=pool),
            callbacks=Seen().callbacks(),
        )
    seen = Seen()
    with processes(2, _harmed, timeout_s=15, memory_bytes=1_000_000_000) as pool:
        summary = product.train(
            settings("md"),
            mixed,
            None,
            context=context(together, fresh, pool=pool),
            callbacks=seen.callbacks(),
        )
    assert summary["videos"] == {"train": 4, "val": 2}
    assert [failure.partition(":")[0] for failure in seen.failures] == list(REASONS), (
        "in the order of the list"
    )
    for failure, (name, reason) in zip(seen.failures, REASONS.items(), strict=True):
        assert f"{name}: {reason}" in failure
    assert "GB of memory, the limit is 1" in seen.failures[-1]
    assert digest(together) == digest(alone), "the same as if they had not been in the list"
    seen = Seen()
    with processes(1) as pool:  # where they are read without harm
        summary = product.train(
            settings("md"),
            mixed,
            None,
            context=context(again, fresh, pool=pool),
            callbacks=seen.callbacks(),
        )
    assert summary["videos"] == {"train": 7, "val": 2}
    assert seen.failures == []


class Deadly(Brightness):
    """Crashes on a dark picture."""

    def classify(self, clips: NDArray[np.uint8]) -> NDArray[np.float32]:
        if clips.mean() < 1:
            ctypes.string_at(0)
        return super().classify(clips)


def _deadly(say: object) -> Deadly:
    return Deadly()


def test_a_classifier_that_crashes_on_a_video_costs_that_video(
    examples: list[Example], tmp_path: Path
) -> None:
    dark = write_video(tmp_path / "dark.mp4", [0 * frame for frame in static(20, 64, 96)])
    listed = [replace(examples[0], path=dark, split="val"), *examples]
    seen, output = Seen(), tmp_path / "w.safetensors"
    with processes(1, _deadly) as pool:
        where = context(output, Cache(tmp_path / "cache"), pool=pool)
        facts = ClassifierFacts.of(Deadly())
        summary = product.train(
            settings("md"), listed, facts, context=where, callbacks=seen.callbacks()
        )
    assert summary["videos"] == {"train": 4, "val": 2}
    assert [failure.partition(":")[0] for failure in seen.failures] == ["dark.mp4"]
    assert "killed by SIGSEGV" in seen.failures[0]
