"""What records depend on is told apart, and nothing else."""

import json
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from scsampler_cli.batch.current_records import run_digest
from scsampler_cli.classifiers.base import InputSpec
from scsampler_cli.config import DEFAULT_ANSWER, FeatureSettings, ReadSettings, SelectionSettings
from scsampler_cli.model_zoo.weights_info import WeightsInfo
from scsampler_cli.pipeline import settings_record
from scsampler_cli.samplers.scoring import Samplers


class Stub:
    def __init__(
        self, labels: tuple[str, ...], spec: InputSpec, source: str, sha256: str | None
    ) -> None:
        self.name, self.labels, self.spec, self.weights = (
            "stub",
            labels,
            spec,
            WeightsInfo(source, sha256),
        )

    def classify(self, clips: NDArray[np.uint8]) -> NDArray[np.float32]:
        raise NotImplementedError


def digest(
    labels: tuple[str, ...] = ("a", "b"),
    source: str = "x",
    sha256: str | None = "12",
    **spec: object,
) -> str:
    classifier = Stub(labels, replace(InputSpec(), **spec), source, sha256)  # type: ignore[arg-type]
    return run_digest(settings_record.identity_of(classifier))


def test_a_classifier_is_known_by_weights_labels_and_geometry_and_not_by_its_file() -> None:
    assert digest() == digest(source="moved")
    others = [
        digest(("b", "a")),
        digest(sha256="13"),
        digest(mean=(0.0, 0.0, 0.0)),
        digest(stride=2),
        digest(sha256=None),
    ]
    assert len({digest(), *others}) == 6
    assert digest(sha256=None) != digest(sha256=None, source="moved")


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"max_pixels": 5}, True),
        ({"max_frames": 5}, True),
        ({"strict": True}, False),
        ({"video_stream": 1}, False),
    ],
)
def test_limits_are_no_part_of_it_but_streams_are(change: dict, same: bool) -> None:
    def settings(reading: ReadSettings) -> dict:
        return settings_record.of_classify(
            FeatureSettings(),
            SelectionSettings(),
            DEFAULT_ANSWER,
            top=5,
            reading=reading,
            samplers=Samplers(None, None),
        )

    before, after = settings(ReadSettings()), settings(ReadSettings(**change))
    assert (before == after) == same
    assert json.loads(json.dumps(after))["reading"]["strict"] == change.get("strict", False)


def test_defaults_are_told_as_what_is_in_force() -> None:
    told = settings_record.of_score(
        FeatureSettings(),
        SelectionSettings(k=5).by_samplers(),
        ReadSettings(),
        samplers=Samplers(None, None),
    )
    assert told["selection"]["k_visual"] == 4
    assert told["selection"]["alpha"] is None
    assert told["features"]["inputs"] == []
