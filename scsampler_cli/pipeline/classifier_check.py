"""Options on the classifier that do not go together, refused before torch is imported."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scsampler_cli.classifiers import registry
from scsampler_cli.classifiers.huggingface_folder import folder_of, is_folder, read_json
from scsampler_cli.classifiers.labels import NAMES, named_by
from scsampler_cli.classifiers.text_image.families import family_of
from scsampler_cli.classifiers.text_image.label_wording import (
    Wording,
    check_has_effect,
    check_labels,
)
from scsampler_cli.errors import SettingsError
from scsampler_cli.model_zoo.bundled_weights import check_weight_file

Labels = str | Path | tuple[str, ...] | None


def check_classifier(
    name: str,
    *,
    weights: str | Path | None,
    arch: str | None,
    spec: tuple[str, ...],
    labels: Labels,
    wording: Wording,
) -> None:
    """Refuse options on the classifier that do not go together.

    Args:
        name: of the classifier, or its file, or "auto".
        weights: a weight file for a classifier that has a name.
        arch: the network of a plain state dict.
        spec: "KEY=VALUE" fields.
        labels: class names, as `ModelOptions` has them.
        wording: of the labels of a text-image model.

    Raises:
        SettingsError: they do not go together.
        WeightsError: a weight file that cannot be read.
        InputError: labels that cannot be read.
    """
    is_named = name != "auto" or weights is not None
    given = {
        "labels": labels is not None,
        "a spec": bool(spec),
        "prompts": bool(wording.prompts),
        "background_labels": bool(wording.background),
    }
    for option, is_given in given.items():
        if is_given and not is_named:
            raise SettingsError(
                f"{option} {'needs' if option == 'a spec' else 'need'} a classifier "
                f"{_PURPOSE[option]}",
                code="classifier-options-incomplete",
                hint="name the classifier",
            )
    fields: dict[str, Any] = {}
    if spec:
        # imported late: few commands have a spec, and it needs numpy
        from scsampler_cli.classifiers.model_spec import parse_fields

        fields = parse_fields(spec)
    # the registry gives a path for a model file, an entry for a name
    found = None if name == "auto" else registry.find(name)
    is_file = isinstance(found, Path)
    if arch is not None and not is_file and (found is not None or weights is None):
        raise SettingsError(
            "arch names the network of a weight file, and there is no weight file",
            code="classifier-options-incomplete",
            hint="name the file as the classifier",
        )
    if isinstance(found, Path):
        # a folder is a Hugging Face model, which has no single weight file
        if not found.is_dir():
            check_weight_file(found)
        if weights is not None:
            raise SettingsError(
                f"two weight files: {name} as the classifier, and {weights} as its weights",
                code="classifier-options-incomplete",
                hint="name a network as the classifier, such as r2plus1d_18",
            )
    _check_wording(name, found, fields, labels=labels, wording=wording)


_PURPOSE = {
    "labels": "whose classes they name",
    "a spec": "that it describes",
    "prompts": "that compares pictures with sentences",
    "background_labels": "that compares pictures with sentences",
}


def _check_wording(
    name: str, found: object, fields: dict[str, Any], *, labels: Labels, wording: Wording
) -> None:
    """Refuse what a text-image model lacks, and what no other model uses."""
    is_folder_name = isinstance(found, str) or (isinstance(found, Path) and is_folder(found))
    family = family_of(read_json(folder_of(name) / "config.json")) if is_folder_name else None
    if family is None:
        check_has_effect(wording, name)
        return
    # a TOML file in the folder may name labels and activation: it is read with the model
    if labels is None or (isinstance(labels, str | Path) and str(labels) in NAMES):
        return
    default = "sigmoid" if family.is_sigmoid else "softmax"
    competes = fields.get("activation", default) == "softmax"
    check_labels(named_by(labels) or (), wording.background, competes=competes)
