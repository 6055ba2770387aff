"""Open whatever file or folder `--classifier` names, by what is in it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from scsampler_cli.classifiers import files, huggingface
from scsampler_cli.classifiers.adjusted import adjusted
from scsampler_cli.classifiers.base import ClipClassifier, InputSpec
from scsampler_cli.classifiers.description import Fields, complete, parse_fields, read_fields, with_fields
from scsampler_cli.classifiers.labels import read_labels
from scsampler_cli.classifiers.network import from_file
from scsampler_cli.classifiers.networks import architecture
from scsampler_cli.errors import ClassifierError
from scsampler_cli.shipped import check_weight_file


def open_path(
    found: Path | str,
    device: torch.device,
    dtype: torch.dtype,
    labels: Sequence[str] | None = None,
    given: Sequence[str] = (),
) -> ClipClassifier:
    """A classifier from a file or folder that says what it is, perhaps with a description beside it.

    Args:
        found: a path, or "hf:ORG/NAME".
        device: where it runs.
        dtype: its precision.
        labels: class names.
        given: of `--spec`.

    Raises:
        ClassifierError: it is no classifier, or its description is incomplete.
        WeightsError: damaged, unsafe, or not fitting.
        SettingsError: a field does not fit.
    """
    if isinstance(found, str) or huggingface.is_folder(found):
        return huggingface.open_classifier(str(found), device, dtype, labels, given)
    if found.is_dir():
        raise ClassifierError(
            f"{found} is a folder without a config.json", hint="name a file, or a Hugging Face folder"
        )
    check_weight_file(found)
    kind = files.kind_of(found)
    if kind != files.WEIGHTS:
        return files.open_classifier(found, kind, device, dtype, labels, given)
    return adjusted(from_file(found, device, dtype, None, labels), parse_fields(given))


def open_state_dict(
    path: Path,
    network: str,
    device: torch.device,
    dtype: torch.dtype,
    labels: Sequence[str] | None = None,
    given: Sequence[str] = (),
) -> ClipClassifier:
    """A classifier from a plain state dict of a network that is no built-in classifier and has no geometry of its own.

    Raises:
        ClassifierError: its description is incomplete.
        WeightsError: unknown network, damaged, unsafe, or not fitting.
        SettingsError: a field does not fit.
    """
    architecture(network)
    fields: Fields = {"layout": "NCTHW", "activation": "softmax", **read_fields(path, given)}
    fields |= {} if labels is None else {"labels": tuple(labels)}
    fields = complete(fields, path)
    names = fields["labels"]
    names = read_labels(names) if isinstance(names, str) else names
    classifier = from_file(path, device, dtype, network, names, (), with_fields(InputSpec(), fields))
    return adjusted(
        classifier, {name: value for name, value in fields.items() if name in ("activation", "multi_label")}
    )
