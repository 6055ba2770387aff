"""Facts about a classifier that is loaded in another process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from scsampler_cli.classifiers.base import (
    ClipClassifier,
    InputSpec,
    background_of,
    output_settings_of,
)
from scsampler_cli.model_zoo.weights_info import WeightsInfo


@dataclass(frozen=True)
class ClassifierFacts:
    """Name, classes, geometry and weights: fields as of `ClipClassifier`."""

    name: str
    labels: tuple[str, ...]
    spec: InputSpec
    weights: WeightsInfo
    output_settings: Mapping[str, Any] = field(default_factory=dict)
    """See `base.output_settings_of`."""
    background: str | None = None
    """Name of the background class; None without one."""

    @property
    def background_column(self) -> int | None:
        """Column of the background class; None without one."""
        return None if self.background is None else self.labels.index(self.background)

    @property
    def classes(self) -> tuple[str, ...]:
        """The labels that can be tags: all but the background class."""
        return tuple(label for label in self.labels if label != self.background)

    @classmethod
    def of(cls, classifier: ClipClassifier) -> ClassifierFacts:
        """The facts about a classifier."""
        # a copy, JSON-able
        settings = output_settings_of(classifier)
        background = background_of(classifier)
        return cls(
            classifier.name,
            tuple(classifier.labels),
            classifier.spec,
            weights=classifier.weights,
            output_settings=settings,
            background=None if background is None else classifier.labels[background],
        )

    def record(self) -> dict[str, Any]:
        """The facts for JSON."""
        return asdict(self)

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> ClassifierFacts:
        """The facts from the result of `record`, which may have been JSON in between."""
        spec: dict[str, Any] = {}
        for name, value in record["spec"].items():
            # JSON has no tuples
            spec[name] = tuple(value) if isinstance(value, list) else value
        weights = WeightsInfo(**record["weights"])
        return cls(
            record["name"],
            tuple(record["labels"]),
            InputSpec(**spec),
            weights=weights,
            output_settings=record["output_settings"],
            background=record["background"],
        )
