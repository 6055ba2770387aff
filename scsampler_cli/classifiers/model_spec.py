"""The spec of a model file: clip geometry, normalisation, order of axes, activation, labels.

A model file does not contain these fields. They come from a TOML file next to it (model.onnx ->
model.toml), from KEY=VALUE options, or both. If some are missing, the error names them and has a
template to fill in.

This module opens no model and does not import torch.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from scsampler_cli.classifiers.base import InputSpec
from scsampler_cli.errors import ClassifierError, InputError, SettingsError
from scsampler_cli.files.text_files import read_text

AXES = "NCTHW"
"""Batch, channel, time, height, width."""
ACTIVATIONS = ("softmax", "sigmoid", "none")
CHOICES = {"interpolation": ("bilinear", "bicubic"), "rounding": ("nearest", "down")}
"""Values of fields that have a few."""
_NEEDED = ("frames", "stride", "resize", "crop", "mean", "std")
GEOMETRY = (*_NEEDED, "antialias", *CHOICES)
"""Fields of `InputSpec`. They can also be changed for a classifier that has a name."""
REQUIRED = (*_NEEDED, "layout", "activation", "labels")
SWITCHES = ("multi_label", "antialias")
OPTIONAL = ("arch", "background", *SWITCHES, *CHOICES)
SpecFields = dict[str, Any]
"""Fields by name, with values as `check_field` returns them."""

_MAX_STATISTIC = 4
"""Largest mean and std of values in 0-1: statistics of 0-255, the usual mistake, are larger."""
_MAX_WHOLE = 4096
"""Largest number of frames, stride, and side in pixels."""
_MIN_SIDE = 8
"""Smallest side in pixels."""
_TEMPLATE = {
    "frames": ("16", "frames in a clip"),
    "stride": ("1", "2 takes every second frame of the video"),
    "resize": (
        "[128, 171]",
        "height and width of a stretched frame; or its short side, such as 256",
    ),
    "crop": ("112", "height and width of the centre crop; or [height, width]"),
    "mean": ("[0.43216, 0.394666, 0.37645]", "RGB, of values in 0-1"),
    "std": ("[0.22803, 0.22145, 0.216989]", "RGB, of values in 0-1"),
    "layout": (f'"{AXES}"', "axes of the input: batch, channel, time, height, width"),
    "activation": (
        '"softmax"',
        "of the outputs: softmax, sigmoid, or none for probabilities",
    ),
    "labels": (
        '"labels.txt"',
        'a file with one name per line; or ["a", "b"], "kinetics400", "sports1m"',
    ),
}
"""Example and meaning of each required field."""


def read_fields(model: Path, spec_fields: Sequence[str]) -> SpecFields:
    """Fields from the TOML file next to a model, if there is one, and from KEY=VALUE options.

    An option replaces the field of the file.

    Args:
        model: the model file.
        spec_fields: options KEY=VALUE.

    Raises:
        SettingsError: an option has an unknown field, or a wrong value.
        ClassifierError: the TOML file cannot be read, or has an unknown field or a wrong value.
    """
    toml = model.with_suffix(".toml")
    fields = _read_toml(toml) if toml.exists() else {}
    return fields | parse_fields(spec_fields)


def _read_toml(toml: Path) -> SpecFields:
    fields: SpecFields = {}
    try:
        for name, value in tomllib.loads(read_text(toml)).items():
            fields[name] = check_field(name, value, f"{toml.name}: ")
    except (OSError, InputError, tomllib.TOMLDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ClassifierError(
            f"{toml}: {reason}",
            code="model-spec-unreadable",
            hint="it is a TOML file, such as: frames = 16",
        ) from error
    except SettingsError as error:  # a wrong value in a file is no usage error
        raise ClassifierError(str(error), code=error.code, hint=error.hint) from error

    # a file of labels is named relative to the folder of the TOML file
    labels = fields.get("labels")
    if isinstance(labels, str) and (toml.parent / labels).is_file():
        fields["labels"] = str(toml.parent / labels)
    return fields


def parse_fields(spec_fields: Sequence[str]) -> SpecFields:
    """Fields from options KEY=VALUE. A value is TOML, numbers with commas, or a word.

    Raises:
        SettingsError: a field is unknown, or a value is wrong.

    Example: ["frames=16", "mean=0.5,0.5,0.5", "layout=NTCHW"].
    """
    fields: SpecFields = {}
    for text in spec_fields:
        name, equals, value = text.partition("=")
        # KEY alone
        if not equals:
            raise SettingsError(
                f"invalid spec {text!r}: expected KEY=VALUE",
                code="model-spec-invalid",
                hint="such as frames=16",
            )
        fields[name.strip()] = check_field(name.strip(), _parse_value(value.strip()), "spec: ")
    return fields


def _parse_value(text: str) -> Any:
    """A value as TOML has it, else as a list of numbers, else as a string."""
    candidates = [text, f"[{text}]"] if "," in text else [text]
    for candidate in candidates:
        try:
            return tomllib.loads(f"v = {candidate}")["v"]
        except tomllib.TOMLDecodeError:
            continue
    return text


def check_field(name: str, value: Any, where: str = "") -> Any:
    """The value of a field in the form in which `InputSpec` has it: tuples for lists.

    Args:
        name: name of the field.
        value: value as TOML or JSON has it.
        where: source of the value, for the error.

    Raises:
        SettingsError: the field is unknown, or the value is wrong.
    """
    if name not in _CHECKS:
        raise SettingsError(
            f"{where}unknown field {name!r}",
            code="model-spec-invalid",
            hint=f"fields: {', '.join(REQUIRED)}, and {', '.join(OPTIONAL)}",
        )
    # one number means a square
    if name == "crop" and _is_side(value):
        value = [value, value]
    if not _CHECKS[name](value):
        raise SettingsError(
            f"{where}{name} cannot be {value!r}", code="model-spec-invalid", hint=_example(name)
        )
    return tuple(value) if isinstance(value, list) else value


def _is_whole(value: object, least: int) -> bool:
    # True and False are integers in Python
    if not isinstance(value, int) or isinstance(value, bool):
        return False
    return least <= value <= _MAX_WHOLE


def _is_count(value: object) -> bool:
    return _is_whole(value, 1)


def _is_side(value: object) -> bool:
    return _is_whole(value, _MIN_SIDE)


def _is_pair_of_sides(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(_is_side, value))


def _is_resize(value: object) -> bool:
    return _is_side(value) or _is_pair_of_sides(value)


def _is_number(value: object) -> bool:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    # a comparison with NaN is false, so that NaN is refused, too
    return -_MAX_STATISTIC <= value <= _MAX_STATISTIC


def _is_mean(value: object) -> bool:
    return isinstance(value, list) and len(value) == 3 and all(map(_is_number, value))


def _is_std(value: object) -> bool:
    return isinstance(value, list) and _is_mean(value) and all(part > 0 for part in value)


def _is_layout(value: object) -> bool:
    return isinstance(value, str) and sorted(value) == sorted(AXES)


def _is_activation(value: object) -> bool:
    return value in ACTIVATIONS


def _is_interpolation(value: object) -> bool:
    return value in CHOICES["interpolation"]


def _is_rounding(value: object) -> bool:
    return value in CHOICES["rounding"]


def _is_switch(value: object) -> bool:
    return isinstance(value, bool)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_labels(value: object) -> bool:
    # a name of a list or of a file, or the list itself
    return _is_text(value) or (isinstance(value, list) and all(map(_is_text, value)))


_EXAMPLES = {
    "arch": '"r2plus1d_18"',
    "background": '"none of these" (one of the labels)',
    "interpolation": '"bicubic" (or "bilinear")',
    "rounding": '"down" (or "nearest")',
}
"""Examples of optional fields; the others are switches."""
_CHECKS: dict[str, Callable[[object], bool]] = {
    "frames": _is_count,
    "stride": _is_count,
    "resize": _is_resize,
    "crop": _is_pair_of_sides,
    "mean": _is_mean,
    "std": _is_std,
    "layout": _is_layout,
    "activation": _is_activation,
    "labels": _is_labels,
    "arch": _is_text,
    "background": _is_text,
    "multi_label": _is_switch,
    "antialias": _is_switch,
    "interpolation": _is_interpolation,
    "rounding": _is_rounding,
}
"""What a value must be, by field."""


def _example(name: str) -> str:
    if name not in _TEMPLATE:
        return f"such as {name} = {_EXAMPLES.get(name, 'true')}"
    value, meaning = _TEMPLATE[name]
    return f"such as {name} = {value} ({meaning})"


def merged(from_model: Mapping[str, Any], fields: SpecFields, model: str) -> SpecFields:
    """The fields that follow from a model's input shape, and the specified ones.

    Args:
        from_model: fields that follow from the shape.
        fields: fields that the user or the spec file specifies.
        model: name of the model, for the error.

    Raises:
        ClassifierError: two values of a field differ.
    """
    for name, value in from_model.items():
        # a field that is not specified cannot contradict
        other = fields.get(name, value)
        if other != value:
            raise ClassifierError(
                f"{model} has {name} = {_toml(value)} in its input shape, not {_toml(other)}",
                code="model-spec-wrong",
                hint=f"leave {name} out, or export the model again",
            )
    return {**from_model, **fields}


def complete(fields: SpecFields, model: Path, name: str | None = None) -> SpecFields:
    """Return the fields, after a check that none is missing.

    Args:
        fields: fields that are known.
        model: the model file; its TOML file goes next to it.
        name: name of the model for the error, if it is not that of the file.

    Raises:
        ClassifierError: fields are missing. The error names them, and has a template with the known
            ones filled in.
    """
    # all at once, so that one run is enough to see them
    missing = [name for name in REQUIRED if name not in fields]
    if missing:
        raise ClassifierError(
            f"{name or model.name} lacks the spec fields {', '.join(missing)}",
            code="model-spec-incomplete",
            hint=f"fill in the template as {model.with_suffix('.toml')}, or give each as KEY=VALUE",
            example=template(fields),
        )
    return fields


def template(fields: SpecFields) -> str:
    """A TOML file with the known fields filled in, and examples for the others."""
    lines = []
    for name, (example, meaning) in _TEMPLATE.items():
        if name == "labels" and name in fields:
            continue  # the list may have thousands of names
        value = _toml(fields[name]) if name in fields else example
        lines.append(f"{f'{name} = {value}':<40} # {meaning}")
    return "\n".join(lines)


def _toml(value: Any) -> str:
    """A value as TOML has it."""
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(part) for part in value) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value).lower()


def with_fields(spec: InputSpec, fields: SpecFields) -> InputSpec:
    """The geometry with the given fields replaced; fields of another kind are ignored."""
    return replace(spec, **{name: value for name, value in fields.items() if name in GEOMETRY})
