"""What is to be known of a classifier that another process holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from scsampler_cli.classifiers.base import ClipClassifier, InputSpec, output_settings_of
from scsampler_cli.model_zoo.weights_info import WeightsInfo


@dataclass(frozen=True)
class ClassifierFacts:
    """Name, classes, geometry and weights: fields as of `ClipClassifier`."""

    name: str
    labels: tuple[str, ...]
    spec: InputSpec
    weights: WeightsInfo
    output_settings: Mapping[str, Any] = field(default_factory=dict)
    """As `output_settings_of` gives them."""

    @classmethod
    def of(cls, classifier: ClipClassifier) -> ClassifierFacts:
        """Those of a classifier."""
        settings = output_settings_of(classifier)
        return cls(
            classifier.name,
            tuple(classifier.labels),
            classifier.spec,
            weights=classifier.weights,
            output_settings=settings,
        )

    def record(self) -> dict[str, Any]:
        """JSON form."""
        return asdict(self)

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> ClassifierFacts:
        """From what `record` gave, also after it was JSON."""
        spec: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in record["spec"].items()
        }
        weights = WeightsInfo(**record["weights"])
        return cls(
            record["name"],
            tuple(record["labels"]),
            InputSpec(**spec),
            weights=weights,
            output_settings=record["output_settings"],
        )
