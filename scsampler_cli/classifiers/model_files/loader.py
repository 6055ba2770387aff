"""Which kind a model file is, and how it becomes a classifier."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from scsampler_cli.classifiers.base import InputSpec, probabilities_of
from scsampler_cli.classifiers.labels import names_of
from scsampler_cli.classifiers.model_files.base import LayoutAdapter, OpenModel
from scsampler_cli.classifiers.model_spec import AXES, complete, merged, read_fields, with_fields
from scsampler_cli.classifiers.network import NetworkClassifier
from scsampler_cli.errors import ClassifierError
from scsampler_cli.model_zoo.weights_info import WeightsInfo

WEIGHTS, EXPORTED, SCRIPTED, ONNX = "weights", "torch.export", "TorchScript", "ONNX"


_BY_NAME = {".onnx": ONNX, ".pt2": EXPORTED}


def kind_of(path: Path) -> str:
    """WEIGHTS, EXPORTED, SCRIPTED or ONNX, by the name where that says it, else by what is in the file."""
    if path.suffix in _BY_NAME:
        return _BY_NAME[path.suffix]
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name.split("/", 1)[-1] for name in archive.namelist()]
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        return WEIGHTS  # what is wrong with it is said when it is read
    if any(
        name.startswith("models/") or name == "serialized_exported_program.json" for name in names
    ):
        return EXPORTED
    return (
        SCRIPTED
        if "constants.pkl" in names and any(name.startswith("code/") for name in names)
        else WEIGHTS
    )


def open_classifier(
    path: Path,
    kind: str,
    device: torch.device,
    *,
    dtype: torch.dtype,
    labels: Sequence[str] | None = None,
    spec_fields: Sequence[str] = (),
) -> NetworkClassifier:
    """A classifier from a model file, tried on one black clip.

    Args:
        path: the model file.
        kind: EXPORTED, SCRIPTED or ONNX.
        device: where it runs.
        dtype: its precision (autocast; ONNX keeps its own).
        labels: class names; else those of the description.
        spec_fields: of `--spec`.

    Raises:
        ClassifierError: it cannot be opened, its description is incomplete, or it does not run as described.
        WeightsError: it is damaged, or could run code.
        SettingsError: a field of the description does not fit.
    """
    model = _open(path, kind, device)
    fields = read_fields(path, spec_fields)
    if "arch" in fields:
        raise ClassifierError(
            f"{path.name} brings its own network: arch says nothing of it",
            code="model-spec-fixed",
            hint="leave arch out",
        )
    if labels is not None:
        fields["labels"] = tuple(labels)
    fields = complete(merged(fields_of_shape(model.shape), fields, path.name), path)
    names = names_of(fields["labels"], f"of {path.name}")
    classifier = NetworkClassifier(
        path.name,
        LayoutAdapter(
            model.network, fields["layout"], (model.shape or (None,))[0], classes=len(names)
        ),
        names,
        spec=with_fields(InputSpec(), fields),
        weights=WeightsInfo(path.name, model.sha256),
        device=device,
        dtype=dtype,
        activation=fields["activation"],
        multi_label=fields.get("multi_label"),
        any_size=model.shape is not None
        and all(model.shape[fields["layout"].index(axis)] is None for axis in "HW"),
    )
    _try(classifier, path)
    return classifier


def _open(path: Path, kind: str, device: torch.device) -> OpenModel:
    if kind == ONNX:
        from scsampler_cli.classifiers.model_files import onnx

        return onnx.open_model(path, device)
    if kind == EXPORTED:
        from scsampler_cli.classifiers.model_files import exported

        return exported.open_model(path, device)
    from scsampler_cli.classifiers.model_files import scripted

    return scripted.open_model(path, device)


def fields_of_shape(shape: tuple[int | None, ...] | None) -> dict[str, Any]:
    """Fields that the shape of the input tells: the layout by which axis is 3 long, frames and crop where they are fixed.

    Example: (None, 3, 16, 112, 112) -> layout NCTHW, frames 16, crop (112, 112).
    """
    threes = [axis for axis, size in enumerate(shape or ()) if axis > 0 and size == 3]
    if shape is None or len(shape) != len(AXES) or len(threes) != 1:
        return {}
    layout = {1: "NCTHW", 2: "NTCHW", 4: "NTHWC"}.get(threes[0])
    if layout is None:
        return {}
    frames, height, width = (shape[layout.index(axis)] for axis in "THW")
    said: dict[str, Any] = {"layout": layout}
    if frames is not None:
        said["frames"] = frames
    if height is not None and width is not None:
        said["crop"] = (height, width)
    return said


def _try(classifier: NetworkClassifier, path: Path) -> None:
    spec = classifier.spec
    try:
        clip = np.zeros((1, spec.frames, *spec.crop, 3), np.uint8)
        found = classifier.classify(clip)
    except ClassifierError as error:
        raise ClassifierError(f"{path.name}: {error}", code=error.code, hint=error.hint) from error
    except Exception as error:
        raise ClassifierError(
            f"{path.name} does not run on clips as described ({' '.join(str(error).split())[:200]})",
            code="model-spec-wrong",
            hint="are layout, frames and crop those that it was made for?",
        ) from error
    if found.shape != (1, len(classifier.labels)):
        shape = tuple(found.shape[1:])
        raise ClassifierError(
            f"{path.name} gives {shape[0] if len(shape) == 1 else shape} values for a clip, and there are "
            f"{len(classifier.labels)} labels",
            code="label-count-mismatch",
            hint="one name for each output is wanted, in their order",
        )
    try:
        probabilities_of(classifier, clip)
    except ClassifierError as error:
        raise ClassifierError(
            str(error),
            code=error.code,
            hint="is activation right? softmax or sigmoid is applied to logits; multi_label needs no sum of 1",
        ) from error
