"""What holds for a classifier that wraps another one."""

from dataclasses import replace

import numpy as np

from scsampler_cli.classifiers.adjusted import AdjustedClassifier, adjusted
from scsampler_cli.classifiers.base import (
    OPTIONAL,
    ClipClassifier,
    background_of,
    batch_of,
    is_multi_label,
    min_probability_of,
    output_settings_of,
)

ALWAYS = (
    "multi_label",
    "batch_clips",
    "any_size",
    "background",
    "min_probability",
    "output_settings",
)
"""Attributes whose absence means the same as a value: a wrapper may always have them."""


def wrapped(plain: ClipClassifier) -> list[ClipClassifier]:
    """The classifier with each option on top, and with two of them in a row."""
    three = adjusted(plain, {}, "three")
    return [
        adjusted(plain, {}, temperature=2.0),
        three,
        adjusted(plain, {}, "three", temperature=0.5),
        adjusted(three, {}, temperature=2.0),
    ]


def keeps_every_attribute(plain: ClipClassifier) -> None:
    """Nothing that a classifier may have is lost when options are put on top of it."""
    for outer in wrapped(plain):
        assert isinstance(outer, AdjustedClassifier)
        for name in OPTIONAL:
            assert name in ALWAYS or hasattr(outer, name) == hasattr(plain, name), name
        assert is_multi_label(outer) == is_multi_label(plain)
        assert outer.any_size == getattr(plain, "any_size", False)
        if not is_multi_label(plain):
            assert background_of(outer) == background_of(plain)
        assert min_probability_of(outer) == min_probability_of(plain)
        crops = outer.spec.crops // plain.spec.crops
        assert batch_of(outer) == max(1, batch_of(plain) // crops)
        inside = output_settings_of(plain)
        assert output_settings_of(outer) == inside | (
            {} if outer.temperature == 1 else {"temperature": outer.temperature}
        )
        if hasattr(plain, "network"):
            assert outer.network is plain.network
        if hasattr(plain, "with_spec"):
            other = outer.with_spec(replace(outer.spec, mean=(0.1, 0.2, 0.3)))
            assert other.spec == replace(outer.spec, mean=(0.1, 0.2, 0.3))
            assert other.temperature == outer.temperature
            assert background_of(other) == background_of(outer)
        if hasattr(plain, "with_activation"):
            many = outer.with_activation("sigmoid")
            assert many.multi_label
            assert (many.spec, many.temperature) == (outer.spec, outer.temperature)


class Counting:
    """A plug-in that says how many clips it takes at once, and remembers how many it was given."""

    def __init__(self, inside: ClipClassifier, batch: int | None) -> None:
        self.name, self.labels, self.spec, self.weights = (
            inside.name,
            inside.labels,
            inside.spec,
            inside.weights,
        )
        self.given: list[int] = []
        if batch is not None:
            self.batch_clips = batch
        self._inside = inside

    def classify(self, clips: np.ndarray) -> np.ndarray:
        self.given.append(len(clips))
        return self._inside.classify(clips)
