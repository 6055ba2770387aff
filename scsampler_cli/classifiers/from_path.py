"""Classifiers from files and folders, by their contents."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from scsampler_cli.classifiers import builtin, huggingface
from scsampler_cli.classifiers.adjusted import adjusted
from scsampler_cli.classifiers.base import ClipClassifier, InputSpec
from scsampler_cli.classifiers.builtin import BUILTINS
from scsampler_cli.classifiers.huggingface_folder import is_folder
from scsampler_cli.classifiers.labels import names_of
from scsampler_cli.classifiers.model_files.loader import WEIGHTS, kind_of, open_classifier
from scsampler_cli.classifiers.model_spec import (
    AXES,
    SpecFields,
    complete,
    parse_fields,
    read_fields,
    with_fields,
)
from scsampler_cli.classifiers.network import from_file
from scsampler_cli.classifiers.networks import architecture
from scsampler_cli.classifiers.text_image.label_wording import NO_WORDING, Wording, check_has_effect
from scsampler_cli.errors import ClassifierError
from scsampler_cli.model_zoo.bundled_weights import check_weight_file
from scsampler_cli.model_zoo.weightfile import read_metadata, read_weights


def open_path(
    found: Path | str,
    device: torch.device,
    dtype: torch.dtype,
    *,
    labels: Sequence[str] | None = None,
    spec_fields: Sequence[str] = (),
    wording: Wording = NO_WORDING,
) -> ClipClassifier:
    """A classifier from a file or folder, with the spec file next to it if there is one.

    Args:
        found: a path, or "hf:ORG/NAME".
        device: device of the network.
        dtype: precision of the network.
        labels: class names; None for those of the file.
        spec_fields: options KEY=VALUE.
        wording: of the labels of a text-image model.

    Raises:
        ClassifierError: it is no classifier, or its spec is incomplete.
        WeightsError: it is damaged or unsafe, or does not fit.
        SettingsError: a spec field has a wrong value.
    """
    # only "hf:ORG/NAME" is a string
    if isinstance(found, str) or is_folder(found):
        return huggingface.open_classifier(
            str(found), device, dtype, labels=labels, spec_fields=spec_fields, wording=wording
        )
    check_has_effect(wording, found.name)
    if found.is_dir():
        raise ClassifierError(
            f"{found} is a folder without a config.json",
            code="hugging-face-folder-invalid",
            hint="name a file, or a Hugging Face folder",
        )
    # the common errors, before anything is parsed
    check_weight_file(found)
    # by suffix and contents
    kind = kind_of(found)
    if kind != WEIGHTS:
        return open_classifier(
            found, kind, device, dtype=dtype, labels=labels, spec_fields=spec_fields
        )
    # a weight file of scsampler has its own spec; a plain state dict needs one
    if found.suffix == ".safetensors" and read_metadata(found):
        fields = parse_fields(spec_fields)
        classifier = from_file(
            found, device, dtype, architecture=fields.pop("arch", None), labels=labels
        )
        return adjusted(classifier, fields)
    # a plain state dict: its spec file may name the network
    fields = read_fields(found, spec_fields)
    network = fields.pop("arch", None)
    if network is None:
        # a damaged file is reported as such, rather than as one without a network
        read_weights(found)
        raise ClassifierError(
            f"{found.name} does not name its network",
            code="architecture-missing",
            hint="name it, such as r2plus1d_18",
        )
    if labels is None and "labels" in fields:
        labels = names_of(fields["labels"], found.name)
    # a built-in has a default geometry
    if network in BUILTINS:
        fields.pop("labels", None)
        known = builtin.load(network, device, dtype, weights=found, labels=labels)
        known.background = fields.pop("background", None)
        return adjusted(known, fields)
    return _open_state_dict(found, network, device, dtype=dtype, labels=labels, fields=fields)


def _open_state_dict(
    path: Path,
    network: str,
    device: torch.device,
    *,
    dtype: torch.dtype,
    labels: Sequence[str] | None,
    fields: SpecFields,
) -> ClipClassifier:
    """A classifier from a state dict of an architecture that has no default geometry."""
    # an unknown architecture is reported before missing fields
    architecture(network)
    fields = {"layout": AXES, "activation": "softmax", **fields}
    if labels is not None:
        fields["labels"] = tuple(labels)
    fields = complete(fields, path)
    classifier = from_file(
        path,
        device,
        dtype,
        architecture=network,
        labels=fields["labels"],
        fallback_labels=(),
        spec=with_fields(InputSpec(), fields),
    )
    classifier.background = fields.get("background")
    # the geometry is in `spec`; the other fields are options of any classifier
    names = ("activation", "multi_label")
    options = {name: value for name, value in fields.items() if name in names}
    return adjusted(classifier, options)
