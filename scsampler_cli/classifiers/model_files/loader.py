"""Classifiers from model files that contain their network."""

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
"""Kinds of files. WEIGHTS has no network."""
_BY_SUFFIX = {".onnx": ONNX, ".pt2": EXPORTED}


def kind_of(path: Path) -> str:
    """WEIGHTS, EXPORTED, SCRIPTED or ONNX, by the suffix, else by the contents."""
    if path.suffix in _BY_SUFFIX:
        return _BY_SUFFIX[path.suffix]
    # .pt may be any of three kinds, all of which are ZIP archives
    try:
        with zipfile.ZipFile(path) as archive:
            # all members are in one folder, whose name does not matter
            names = [name.split("/", 1)[-1] for name in archive.namelist()]
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        return WEIGHTS  # reading it reports what is wrong

    folders = {name.partition("/")[0] for name in names if "/" in name}
    # the file is in archives of older versions of torch
    if "models" in folders or "serialized_exported_program.json" in names:
        return EXPORTED
    if "constants.pkl" in names and "code" in folders:
        return SCRIPTED
    return WEIGHTS


def open_classifier(
    path: Path,
    kind: str,
    device: torch.device,
    *,
    dtype: torch.dtype,
    labels: Sequence[str] | None = None,
    spec_fields: Sequence[str] = (),
) -> NetworkClassifier:
    """A classifier from a model file, tested on one black clip.

    Args:
        path: the model file.
        kind: EXPORTED, SCRIPTED or ONNX.
        device: device of the network.
        dtype: precision of the network (autocast; an ONNX model keeps its own).
        labels: class names; else those of the spec.
        spec_fields: options KEY=VALUE.

    Raises:
        ClassifierError: it cannot be opened, its spec is incomplete, or it does not run on clips of
            its spec.
        WeightsError: it is damaged, or could run code.
        SettingsError: a spec field has a wrong value.
    """
    model = _open_model(path, kind, device)
    # options replace fields of the file
    fields = read_fields(path, spec_fields)
    if "arch" in fields:
        raise ClassifierError(
            f"{path.name} contains its network: the spec field arch has no effect",
            code="model-spec-fixed",
            hint="leave arch out",
        )
    # labels of the caller replace those of the spec
    if labels is not None:
        fields["labels"] = tuple(labels)
    fields = complete(merged(fields_of_shape(model.shape), fields, path.name), path)
    names = names_of(fields["labels"], f"of {path.name}")

    layout, batch, any_size = fields["layout"], None, False
    if model.shape is not None:
        batch = model.shape[0]  # None where it is free
        any_size = all(model.shape[layout.index(axis)] is None for axis in "HW")
    classifier = NetworkClassifier(
        path.name,
        LayoutAdapter(model.network, layout, batch, classes=len(names)),
        names,
        spec=with_fields(InputSpec(), fields),
        weights=WeightsInfo(path.name, model.sha256),
        device=device,
        dtype=dtype,
        activation=fields["activation"],
        multi_label=fields.get("multi_label"),
        any_size=any_size,
        background=fields.get("background"),
    )
    _test_run(classifier, path)
    return classifier


def _open_model(path: Path, kind: str, device: torch.device) -> OpenModel:
    # imported here: each kind needs other packages
    if kind == ONNX:
        from scsampler_cli.classifiers.model_files import onnx

        return onnx.open_model(path, device)
    if kind == EXPORTED:
        from scsampler_cli.classifiers.model_files import exported

        return exported.open_model(path, device)
    from scsampler_cli.classifiers.model_files import scripted

    return scripted.open_model(path, device)


def fields_of_shape(shape: tuple[int | None, ...] | None) -> dict[str, Any]:
    """Spec fields that follow from the shape of the input.

    The layout follows from the only axis of length 3, frames and crop from axes of fixed length.

    Example: (None, 3, 16, 112, 112) -> layout NCTHW, frames 16, crop (112, 112).
    """
    if shape is None or len(shape) != len(AXES):
        return {}
    # the batch may be 3 long, too
    threes = [axis for axis, size in enumerate(shape) if axis > 0 and size == 3]
    if len(threes) != 1:
        return {}
    # the usual layout with the channels at that axis
    layout = {1: "NCTHW", 2: "NTCHW", 4: "NTHWC"}.get(threes[0])
    if layout is None:
        return {}

    frames, height, width = (shape[layout.index(axis)] for axis in "THW")
    fields: dict[str, Any] = {"layout": layout}
    if frames is not None:
        fields["frames"] = frames
    if height is not None and width is not None:
        fields["crop"] = (height, width)
    return fields


def _test_run(classifier: NetworkClassifier, path: Path) -> None:
    """Run the classifier on one black clip.

    Raises:
        ClassifierError: it failed, or its answer has the wrong shape or is no probabilities.
    """
    spec = classifier.spec
    clip = np.zeros((1, spec.frames, *spec.crop, 3), np.uint8)
    try:
        answer = classifier.classify(clip)
    except ClassifierError as error:
        raise ClassifierError(f"{path.name}: {error}", code=error.code, hint=error.hint) from error
    except Exception as error:  # a network may raise anything
        reason = " ".join(str(error).split())[:200]
        raise ClassifierError(
            f"{path.name} does not run on clips of its spec ({reason})",
            code="model-spec-wrong",
            hint="are layout, frames and crop those that it was made for?",
        ) from error
    # with the wrong labels the answer is right, and its meaning wrong
    if answer.shape != (1, len(classifier.labels)):
        shape = tuple(answer.shape[1:])
        count = shape[0] if len(shape) == 1 else shape
        raise ClassifierError(
            f"{path.name} gives {count} values for a clip, "
            f"and there are {len(classifier.labels)} labels",
            code="label-count-mismatch",
            hint="give one name for each output, in their order",
        )
    try:
        probabilities_of(classifier, clip)
    except ClassifierError as error:
        raise ClassifierError(
            str(error),
            code=error.code,
            hint="check `activation` in the TOML file: softmax and sigmoid are for logits; "
            "with multi_label the sum need not be 1",
        ) from error
