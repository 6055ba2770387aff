"""A classifier with options of the user's on top: another spatial view (Sec. 4.1.3), another geometry, a temperature."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.classifiers.base import (
    ClipClassifier,
    InputSpec,
    batch_of,
    is_multi_label,
    output_settings_of,
    probabilities_of,
)
from scsampler_cli.classifiers.model_spec import AXES, GEOMETRY, Fields, with_fields
from scsampler_cli.config import SPATIAL
from scsampler_cli.errors import SettingsError

_SMALLEST = 1e-30
"""Below what single precision tells from 0; a probability of 0 stays next to nothing at any temperature."""


class AdjustedClassifier:
    """Another classifier's answers on another geometry, at another temperature.

    It has those of the optional attributes (`base.OPTIONAL`) that the classifier inside has.

    Args:
        inner: the classifier inside.
        spec: how clips are made for it; with three crops, `classify` gets each crop as a clip of its own.
        temperature: that the logits are divided by.
    """

    def __init__(self, inner: ClipClassifier, spec: InputSpec, temperature: float = 1.0) -> None:
        self.name, self.labels, self.weights, self.spec = (
            inner.name,
            inner.labels,
            inner.weights,
            spec,
        )
        self.multi_label = is_multi_label(inner)
        self.any_size = bool(getattr(inner, "any_size", False))
        self.temperature = temperature
        self.inner = inner

    def classify(self, clips: NDArray[np.uint8]) -> NDArray[np.float32]:
        """uint8 [N, F, h, w, 3] -> float32 [N, C]; the classifier inside gets no more at once than it asks for.

        Raises:
            ClassifierError: the classifier inside failed, or what it returned are not probabilities.
        """
        most = self._crops_at_once
        parts = [clips[i : i + most] for i in range(0, len(clips), most)] or [clips]
        # it is held to its contract before the temperature makes probabilities of whatever it returned
        probabilities = np.concatenate([probabilities_of(self.inner, part) for part in parts])
        if self.temperature == 1.0:
            return probabilities
        return tempered(probabilities, self.temperature, self.multi_label)

    @property
    def _crops_at_once(self) -> int:
        """How many single crops the classifier inside takes at once."""
        return batch_of(self.inner) * self.inner.spec.crops

    @property
    def batch_clips(self) -> int:
        """Clips to be classified at once: fewer, the more crops each has; memory is taken for crops."""
        return max(1, self._crops_at_once // self.spec.crops)

    @property
    def network(self) -> Any:
        """The torch module, where the classifier inside has one."""
        return self.inner.network  # type: ignore[attr-defined]

    @property
    def output_settings(self) -> dict[str, Any]:
        """Those of the classifier inside, and the temperature of both together."""
        found = output_settings_of(self.inner)
        temperature = self.temperature * found.pop("temperature", 1.0)
        return found if temperature == 1.0 else {**found, "temperature": temperature}

    @property
    def with_spec(self) -> Callable[[InputSpec], AdjustedClassifier]:
        """The same classifier on another geometry, where the classifier inside can be."""
        inside: Callable[[InputSpec], ClipClassifier] = self.inner.with_spec  # type: ignore[attr-defined]
        crops = self.inner.spec.crops
        return lambda spec: AdjustedClassifier(
            inside(replace(spec, crops=crops)), spec, self.temperature
        )

    @property
    def with_activation(self) -> Callable[..., AdjustedClassifier]:
        """The same classifier with another activation of its outputs, where the classifier inside can have it."""
        inside: Callable[..., ClipClassifier] = self.inner.with_activation  # type: ignore[attr-defined]

        def changed(activation: str | None, multi_label: bool | None = None) -> AdjustedClassifier:
            return AdjustedClassifier(inside(activation, multi_label), self.spec, self.temperature)

        return changed


def tempered(
    probabilities: NDArray[np.float32], temperature: float, multi_label: bool = False
) -> NDArray[np.float32]:
    """Probabilities as they would be if the logits were divided by a temperature.

    softmax(z / T) is p ** (1 / T), divided by its sum; sigmoid(z / T) is p ** (1 / T) / (p ** (1 / T) + (1 - p) ** (1 / T)).
    Above 1 they come closer to each other, below 1 they part.

    Example: [0.2, 0.8] at 2 -> [1/3, 2/3].

    Args:
        probabilities: float32 [N, C].
        temperature: T, above 0.
        multi_label: sigmoid instead of softmax.
    """
    logs = np.log(np.maximum(probabilities.astype(np.float64), _SMALLEST)) / temperature
    if multi_label:
        other = np.log(np.maximum(1 - probabilities.astype(np.float64), _SMALLEST)) / temperature
        return (1 / (1 + np.exp(np.minimum(other - logs, 700)))).astype(np.float32)
    powers = np.exp(logs - logs.max(axis=1, keepdims=True, initial=-np.inf))
    return (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)


def adjusted(
    classifier: ClipClassifier,
    fields: Fields,
    spatial: str = SPATIAL[0],
    *,
    temperature: float = 1.0,
) -> ClipClassifier:
    """The classifier with these options on top; itself where there is nothing to change.

    Args:
        classifier: f.
        fields: of `--spec`: geometry, activation.
        spatial: "centre"; "full": the network slides over the whole height of the resized frame, in a square (256 x 256 for
            classifiers whose frames are 256 high, as in Sec. 4.1.3, 128 x 128 for those of 128); "three": three crops.
        temperature: that the logits are divided by.

    Raises:
        SettingsError: it cannot be seen that way.
    """
    if "activation" in fields or "multi_label" in fields:
        classifier = _activated(classifier, fields)
    if fields.get("layout") == AXES:  # what every network takes that is not a file of its own
        fields = {name: value for name, value in fields.items() if name != "layout"}
    for name in (name for name in fields if name not in (*GEOMETRY, "activation", "multi_label")):
        raise SettingsError(
            f"{name} is {classifier.name}'s own: it cannot be given",
            code="model-spec-fixed",
            hint=f"only {', '.join(GEOMETRY)} can be given here",
        )
    spec = with_fields(classifier.spec, fields)
    if spatial == "full":
        spec = _whole_frame(classifier, spec)
    if spec != classifier.spec:
        classifier = _on(classifier, spec)
    if spatial == "three":
        spec = replace(spec, crops=3)
    if spec == classifier.spec and temperature == 1.0:
        return classifier
    return AdjustedClassifier(classifier, spec, temperature)


def _activated(classifier: ClipClassifier, fields: Fields) -> ClipClassifier:
    if not hasattr(classifier, "with_activation"):
        raise SettingsError(
            f"classifier {classifier.name!r} has an activation of its own",
            code="model-spec-fixed",
            hint="leave it out",
        )
    found: ClipClassifier = classifier.with_activation(
        fields.get("activation"), fields.get("multi_label")
    )
    return found


def _on(classifier: ClipClassifier, spec: InputSpec) -> ClipClassifier:
    if not hasattr(classifier, "with_spec"):
        raise SettingsError(
            f"classifier {classifier.name!r} has a geometry of its own, which cannot be changed",
            code="model-spec-fixed",
            hint="leave out the spec, and spatial 'full'",
        )
    found: ClipClassifier = classifier.with_spec(spec)
    return found


def _whole_frame(classifier: ClipClassifier, spec: InputSpec) -> InputSpec:
    side = min(spec.resize) if isinstance(spec.resize, tuple) else spec.resize
    if spec.crop == (side, side):
        return spec
    if not getattr(classifier, "any_size", False):
        raise SettingsError(
            f"classifier {classifier.name!r} takes pictures of {spec.crop[0]} x {spec.crop[1]} alone",
            code="spatial-unsupported",
            hint="spatial 'three' covers the frame with three of these",
        )
    return replace(spec, crop=(side, side))
