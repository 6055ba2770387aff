"""A classifier with the user's options: spatial view (Sec. 4.1.3), clip geometry, temperature."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.classifiers.base import (
    ClipClassifier,
    InputSpec,
    background_of,
    batch_of,
    is_multi_label,
    output_settings_of,
    probabilities_of,
)
from scsampler_cli.classifiers.model_spec import AXES, GEOMETRY, SpecFields, with_fields
from scsampler_cli.config import SPATIAL
from scsampler_cli.errors import SettingsError

_SMALLEST = 1e-30
"""Smallest probability whose logarithm is taken: near 0 at any temperature, and above 0 in
float32."""


class AdjustedClassifier:
    """A classifier with another clip geometry or another temperature.

    It has the optional attributes (`base.OPTIONAL`) that the inner classifier has.

    Args:
        inner: the classifier.
        spec: clip geometry. With three crops, `classify` gets each crop as a clip of its own.
        temperature: divisor of the logits.
    """

    def __init__(self, inner: ClipClassifier, spec: InputSpec, temperature: float = 1.0) -> None:
        self.name, self.labels, self.weights = inner.name, inner.labels, inner.weights
        self.spec = spec
        self.multi_label = is_multi_label(inner)
        # optional attributes
        self.any_size = bool(getattr(inner, "any_size", False))
        self.background: str | None = getattr(inner, "background", None)
        self.min_probability: float | None = getattr(inner, "min_probability", None)
        self.temperature = temperature
        self.inner = inner

    def classify(self, clips: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Classify a batch, in parts no larger than the inner classifier's batch.

        Args:
            clips: uint8 [N, F, h, w, 3].

        Returns:
            float32 [N, C].

        Raises:
            ClassifierError: the inner classifier failed, or did not return probabilities.
        """
        most = self._crops_at_once
        # an empty batch is one part, so that its answer has C columns
        parts = [clips[i : i + most] for i in range(0, len(clips), most)] or [clips]
        # checked before the temperature, which turns any numbers into probabilities
        probabilities = np.concatenate([probabilities_of(self.inner, part) for part in parts])
        # bit for bit the answers of the inner classifier
        if self.temperature == 1.0:
            return probabilities
        return tempered(probabilities, self.temperature, self.multi_label)

    @property
    def _crops_at_once(self) -> int:
        """Single crops in a batch of the inner classifier."""
        return batch_of(self.inner) * self.inner.spec.crops

    @property
    def batch_clips(self) -> int:
        """Clips in a batch."""
        # the memory of a batch depends on its crops, not on its clips
        return max(1, self._crops_at_once // self.spec.crops)

    @property
    def network(self) -> Any:
        """The torch module of the inner classifier.

        Raises:
            AttributeError: it has none; `hasattr` is then False.
        """
        return self.inner.network  # type: ignore[attr-defined]

    @property
    def output_settings(self) -> dict[str, Any]:
        """The inner classifier's output settings, with the temperature of both."""
        settings = output_settings_of(self.inner)
        # z / a / b = z / (a b)
        temperature = self.temperature * settings.pop("temperature", 1.0)
        return settings if temperature == 1.0 else {**settings, "temperature": temperature}

    @property
    def with_spec(self) -> Callable[[InputSpec], AdjustedClassifier]:
        """Make the same classifier with another geometry.

        Raises:
            AttributeError: the inner classifier has no `with_spec`; `hasattr` is then False.
        """
        inner_with_spec: Callable[[InputSpec], ClipClassifier] = self.inner.with_spec  # type: ignore[attr-defined]
        # this class makes the crops, so that the inner classifier keeps its own number
        crops = self.inner.spec.crops

        def changed(spec: InputSpec) -> AdjustedClassifier:
            inner = inner_with_spec(replace(spec, crops=crops))
            return AdjustedClassifier(inner, spec, self.temperature)

        return changed

    @property
    def with_activation(self) -> Callable[..., AdjustedClassifier]:
        """Make the same classifier with another activation of its outputs.

        Raises:
            AttributeError: the inner classifier has no `with_activation`; `hasattr` is then False.
        """
        inner_with: Callable[..., ClipClassifier] = self.inner.with_activation  # type: ignore[attr-defined]

        def changed(activation: str | None, multi_label: bool | None = None) -> AdjustedClassifier:
            inner = inner_with(activation, multi_label)
            return AdjustedClassifier(inner, self.spec, self.temperature)

        return changed


def tempered(
    probabilities: NDArray[np.float32], temperature: float, multi_label: bool = False
) -> NDArray[np.float32]:
    """The probabilities that follow from logits divided by a temperature.

    softmax(z / T) is p ** (1 / T), divided by its sum. sigmoid(z / T) is
    p ** (1 / T) / (p ** (1 / T) + (1 - p) ** (1 / T)). A temperature above 1 makes the
    probabilities more equal, one below 1 less equal.

    Example: [0.2, 0.8] at 2 -> [1/3, 2/3].

    Args:
        probabilities: float32 [N, C].
        temperature: the temperature T, above 0.
        multi_label: sigmoid instead of softmax.
    """
    p = probabilities.astype(np.float64)
    # log of p ** (1 / T)
    logs = np.log(np.maximum(p, _SMALLEST)) / temperature
    if multi_label:
        logs_of_not = np.log(np.maximum(1 - p, _SMALLEST)) / temperature
        # exp overflows above 709
        ratio = np.exp(np.minimum(logs_of_not - logs, 700))
        return (1 / (1 + ratio)).astype(np.float32)
    # the largest becomes 1, so that the sum neither overflows nor is 0
    powers = np.exp(logs - logs.max(axis=1, keepdims=True, initial=-np.inf))
    return (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)


def adjusted(
    classifier: ClipClassifier,
    fields: SpecFields,
    spatial: str = SPATIAL[0],
    *,
    temperature: float = 1.0,
) -> ClipClassifier:
    """The classifier with options of the user; the same object where nothing changes.

    Args:
        classifier: the clip classifier (f in the paper).
        fields: spec fields of the user: geometry, activation, multi_label.
        spatial: "centre": one centre crop. "full": a square of the whole height of the resized
            frame, over which the network slides (256 x 256 for frames that are 256 high, as in Sec.
            4.1.3, 128 x 128 for those of 128). "three": three crops.
        temperature: divisor of the logits.

    Raises:
        SettingsError: the classifier does not support an option.
        ClassifierError: its background class is not one of its labels, or it is multi-label.
    """
    if "activation" in fields or "multi_label" in fields:
        classifier = _with_activation(classifier, fields)
    # every network but one from a model file has this layout
    if fields.get("layout") == AXES:
        fields = {name: value for name, value in fields.items() if name != "layout"}
    for name in fields:
        if name in (*GEOMETRY, "activation", "multi_label"):
            continue
        raise SettingsError(
            f"{name} of {classifier.name} cannot be changed",
            code="model-spec-fixed",
            hint=f"you can change only {', '.join((*GEOMETRY, 'activation', 'multi_label'))}",
        )
    # fields that are not given keep the classifier's values
    spec = with_fields(classifier.spec, fields)
    if spatial == "full":
        spec = _square_of_full_height(classifier, spec)
    # a plug-in without `with_spec` is fine with its own geometry
    if spec != classifier.spec:
        classifier = _with_spec(classifier, spec)
    if spatial == "three":
        spec = replace(spec, crops=3)
    # an error of its background class concerns no video
    background_of(classifier)
    # no wrapper without need
    if spec == classifier.spec and temperature == 1.0:
        return classifier
    return AdjustedClassifier(classifier, spec, temperature)


def _with_activation(classifier: ClipClassifier, fields: SpecFields) -> ClipClassifier:
    if not hasattr(classifier, "with_activation"):
        raise SettingsError(
            f"the activation of classifier {classifier.name!r} cannot be changed",
            code="model-spec-fixed",
            hint="leave it out",
        )
    changed: ClipClassifier = classifier.with_activation(
        fields.get("activation"), fields.get("multi_label")
    )
    return changed


def _with_spec(classifier: ClipClassifier, spec: InputSpec) -> ClipClassifier:
    if not hasattr(classifier, "with_spec"):
        raise SettingsError(
            f"the clip geometry of classifier {classifier.name!r} cannot be changed",
            code="model-spec-fixed",
            hint="leave out the spec, and spatial 'full'",
        )
    changed: ClipClassifier = classifier.with_spec(spec)
    return changed


def _square_of_full_height(classifier: ClipClassifier, spec: InputSpec) -> InputSpec:
    # the short side of a resized frame, in pixels
    side = min(spec.resize) if isinstance(spec.resize, tuple) else spec.resize
    if spec.crop == (side, side):
        return spec
    # a network with a fixed input size cannot slide
    if not getattr(classifier, "any_size", False):
        raise SettingsError(
            f"classifier {classifier.name!r} takes only frames of {spec.crop[0]} x {spec.crop[1]}",
            code="spatial-unsupported",
            hint="spatial 'three' covers the frame with three of these",
        )
    return replace(spec, crop=(side, side))
