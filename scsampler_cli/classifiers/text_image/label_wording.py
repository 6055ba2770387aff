"""`Wording`: how labels become sentences, and which sentences compete with them.

torch is not imported here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scsampler_cli.config import BACKGROUND
from scsampler_cli.config.prompts import PLACE, checked_prompts
from scsampler_cli.errors import InputError, SettingsError
from scsampler_cli.text import is_utf8


@dataclass(frozen=True, kw_only=True)
class Wording:
    """Sentences for the labels of a text-image model."""

    prompts: tuple[str, ...] = ()
    """Sentences with {} in the place of the label; several are averaged. Empty: that of the family
    of the model."""
    background: tuple[str, ...] = ()
    """Further labels that compete with the others and are no tags."""

    def __bool__(self) -> bool:
        return bool(self.prompts or self.background)

    def __post_init__(self) -> None:
        checked_prompts(self.prompts)


NO_WORDING = Wording()
"""The prompt of the model's family, and no background."""


def sentences(label: str, prompts: Sequence[str]) -> list[str]:
    """The sentences of a label.

    Example: "a dog", ("a photo of {}", "{} in a video") -> a photo of a dog, a dog in a video.
    """
    # not str.format: other braces stay as they are
    return [prompt.replace(PLACE, label) for prompt in prompts]


def check_has_effect(wording: Wording, name: str) -> None:
    """Refuse a wording beside a classifier that reads no sentences.

    Args:
        wording: of the user.
        name: of the classifier.

    Raises:
        SettingsError: there is one.
    """
    if wording:
        option = "prompts" if wording.prompts else "background_labels"
        raise SettingsError(
            f"{option} have no effect: {name} does not compare pictures with sentences",
            code="no-effect",
            hint="leave them out, or use a text-image model such as CLIP",
        )


def check_words(label: object) -> None:
    """Refuse what no tokenizer reads.

    Raises:
        InputError: it is not a text, or is empty, or has bytes that are not UTF-8.
    """
    if not isinstance(label, str):
        raise InputError(
            f"the label {label!r} is not a text",
            code="labels-invalid",
            hint="give every class some words",
        )
    if not label.strip():
        raise InputError(
            "a label is empty", code="labels-invalid", hint="give every class some words"
        )
    if not is_utf8(label):
        raise InputError(
            f"the label {label!r} is not UTF-8",
            code="labels-invalid",
            hint="is the encoding of the terminal, or of the file, UTF-8?",
        )


def check_labels(labels: Sequence[str], background: Sequence[str], *, competes: bool) -> None:
    """Refuse labels that cannot be told apart, or that nothing competes with.

    Args:
        labels: the classes, all different.
        background: labels that are no tags.
        competes: True where the probabilities of all labels sum to 1.

    Raises:
        InputError: a label is no text, or is in both lists, or has the name of the background
            class.
        SettingsError: one label alone, or labels of the background that compete with nothing.
    """
    for label in (*labels, *background):
        check_words(label)
    both = set(labels) & set(background)
    if both:
        raise InputError(
            f"{min(both)!r} is a label and a label of the background",
            code="labels-invalid",
            hint="leave it out of one of the two",
        )
    if background and BACKGROUND in labels:
        raise InputError(
            f"the label {BACKGROUND!r} has the name of the background class",
            code="labels-invalid",
            hint="choose other words for it",
        )
    if background and not competes:
        raise SettingsError(
            "labels of the background have no effect: each label of this model has a probability "
            "of its own",
            code="no-effect",
            hint="leave them out, or let all labels compete by the spec activation=softmax",
        )
    if competes and len(labels) + len(background) < 2:
        raise SettingsError(
            f"one label, {labels[0]!r}, competes with nothing: every clip would show it by 100 %",
            code="labels-alone",
            hint="give more labels, or labels of the background, such as 'something else'",
        )
