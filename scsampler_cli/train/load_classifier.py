"""A worker process of `scsampler train` loads the classifier and the code that reads videos."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scsampler_cli.pipeline.models import ModelOptions

if TYPE_CHECKING:
    from scsampler_cli.batch.task import Log
    from scsampler_cli.classifiers.base import ClipClassifier


@dataclass(frozen=True)
class LoadClassifier:
    """Load the classifier that a sampler is for, in a worker process.

    Args:
        models: which classifier; None without one.
    """

    models: ModelOptions | None

    def __call__(self, log: Log) -> tuple[ClipClassifier | None, dict[str, Any]]:
        """Load the classifier, if there is one.

        Returns:
            the classifier, and a record of it: "classifier" as `ClassifierFacts.record`, and
            "fell_back", a note where another classifier was loaded than "auto" prefers. None and an
            empty record without a classifier.
        """
        from scsampler_cli.classifiers.classifier_info import ClassifierFacts

        # imported here so that the import does not count as time of the first file
        from scsampler_cli.train import fill_cache  # noqa: F401

        if self.models is None:
            return None, {}
        classifier, fell_back = self.models.load_classifier(log)
        record = ClassifierFacts.of(classifier).record()
        return classifier, {"classifier": record, "fell_back": fell_back}
