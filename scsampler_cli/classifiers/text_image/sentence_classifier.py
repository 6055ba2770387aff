"""A text-image model as a clip classifier whose classes are sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from scsampler_cli.classifiers.base import ClipClassifier
from scsampler_cli.classifiers.network import NetworkClassifier
from scsampler_cli.classifiers.text_image.label_wording import Wording, check_labels
from scsampler_cli.classifiers.text_image.text_image_model import TextImageModel
from scsampler_cli.config import BACKGROUND
from scsampler_cli.errors import SettingsError


class SentenceNetwork(nn.Module):
    """float [N, 3, F, h, w] -> an output for each label, and one for the background.

    Args:
        model: the text-image model.
        vectors: float32 [L + B, D], of the labels and of the labels of the background.
        background: number of labels of the background (B).
    """

    def __init__(self, model: TextImageModel, vectors: Tensor, background: int) -> None:
        super().__init__()
        self.image_model = model
        self.tower, self._background = model.tower, background
        self.vectors: Tensor
        self.register_buffer("vectors", vectors)

    def forward(self, x: Tensor) -> Tensor:
        """float [N, 3, F, h, w], normalised -> float32 [N, L], or [N, L + 1] with background."""
        similarities = self.tower.similarities(x, self.vectors)
        logits = self.image_model.scale * similarities + self.image_model.bias
        if not self._background:
            return logits
        labels, others = logits[:, : -self._background], logits[:, -self._background :]
        # in a softmax this one output has the sum over the labels of the background
        return torch.cat([labels, others.logsumexp(1, keepdim=True)], 1)


def sentence_classifier(
    model: TextImageModel,
    labels: Sequence[str],
    wording: Wording,
    *,
    activation: str | None = None,
    multi_label: bool | None = None,
) -> NetworkClassifier:
    """The classifier. The model forgets its text tower, which is not needed any more.

    Args:
        model: the text-image model.
        labels: class names, all different.
        wording: how they become sentences, and what competes with them.
        activation: "softmax" lets labels compete that have probabilities of their own; None for
            that of the family.
        multi_label: several labels can be true at once; None: true for the sigmoid.

    Raises:
        InputError: a label is empty, or is in both lists.
        SettingsError: an activation that the model cannot have, one label alone, or labels of the
            background that have no effect.
        ClassifierError: a sentence is too long.
    """
    family = model.family
    activation = activation or ("sigmoid" if family.is_sigmoid else "softmax")
    if activation != "softmax" and not (family.is_sigmoid and activation == "sigmoid"):
        raise SettingsError(
            f"{model.name} has no activation {activation!r}: its similarities are trained for "
            f"the {'sigmoid' if family.is_sigmoid else 'softmax'}",
            code="model-spec-fixed",
            hint="leave it out",
        )
    check_labels(labels, wording.background, competes=activation == "softmax")
    prompts = wording.prompts or (family.prompt,)
    background = len(wording.background)
    vectors = model.forget_text([*labels, *wording.background], prompts)
    return NetworkClassifier(
        model.name,
        SentenceNetwork(model, vectors, background),
        [*labels, BACKGROUND] if background else labels,
        spec=model.spec,
        weights=model.weights,
        device=model.device,
        dtype=model.dtype,
        activation=activation,
        multi_label=multi_label,
        any_length=not family.reads_clips,
        background=BACKGROUND if background else None,
        more_settings={
            **model.settings,
            # labels of other networks are names alone; here the probabilities depend on them
            "sentences": list(labels),
            "prompts": list(prompts),
            "background_labels": list(wording.background),
        },
    )


def image_model_of(classifier: ClipClassifier) -> TextImageModel | None:
    """The text-image model of a classifier, or of a wrapper of one; None for any other."""
    network: Any = getattr(classifier, "network", None)
    found: TextImageModel | None = getattr(network, "image_model", None)
    return found
