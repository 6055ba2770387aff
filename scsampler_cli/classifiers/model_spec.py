"""What a model file does not say of itself: clip geometry, normalisation, order of axes, activation, labels.

It is given in a small TOML file beside the model (model.onnx -> model.toml), field by field with `--spec KEY=VALUE`, or both.
What is missing is named, with a template to fill in. But: no model is opened here, and torch is not needed.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from scsampler_cli.classifiers.base import InputSpec
from scsampler_cli.errors import ClassifierError, InputError, SettingsError
from scsampler_cli.files.text_files import read_text

AXES = "NCTHW"
"""Batch, channel, time, height, width."""
ACTIVATIONS = ("softmax", "sigmoid", "none")
_NEEDED = ("frames", "stride", "resize", "crop", "mean", "std")
GEOMETRY = (*_NEEDED, "antialias")
"""Fields of `InputSpec`; a classifier that has a name may be given others, too."""
REQUIRED = (*_NEEDED, "layout", "activation", "labels")
SWITCHES = ("multi_label", "antialias")
OPTIONAL = ("arch", *SWITCHES)
Fields = dict[str, Any]

_HIGHEST = 4
"""Of mean and std, which are about values in 0-1: those of 0-255, the usual mistake, are beyond it (our choice)."""
_TEMPLATE = {
    "frames": ("16", "of a clip"),
    "stride": ("1", "every how many frames of the video one is taken"),
    "resize": (
        "[128, 171]",
        "height and width that frames are stretched to; or their short side, such as 256",
    ),
    "crop": ("112", "height and width of the centre crop; or [height, width]"),
    "mean": ("[0.43216, 0.394666, 0.37645]", "RGB, of values in 0-1"),
    "std": ("[0.22803, 0.22145, 0.216989]", "the same"),
    "layout": (f'"{AXES}"', "axes of the input: batch, channel, time, height, width"),
    "activation": (
        '"softmax"',
        "softmax or sigmoid is applied to the outputs; none: they are probabilities",
    ),
    "labels": (
        '"labels.txt"',
        'a file of one name a line; or ["a", "b"], "kinetics400", "sports1m"',
    ),
}


def read_fields(model: Path, spec_fields: Sequence[str]) -> Fields:
    """Fields from the TOML file beside a model, if there is one, and from `--spec`, which wins.

    Args:
        model: the model file.
        given: KEY=VALUE.

    Raises:
        SettingsError: an unknown field of `--spec`, or a value that does not fit.
        ClassifierError: the TOML file cannot be read, or holds such a one.
    """
    beside = model.with_suffix(".toml")
    fields: Fields = {}
    if beside.exists():
        try:
            fields = tomllib.loads(read_text(beside))
            fields = {
                name: checked(name, value, f"{beside.name}: ") for name, value in fields.items()
            }
        except (OSError, InputError, tomllib.TOMLDecodeError) as error:
            why = getattr(error, "strerror", None) or error
            raise ClassifierError(
                f"{beside}: {why}",
                code="model-spec-unreadable",
                hint="it is a TOML file, such as: frames = 16",
            ) from error
        except SettingsError as error:  # of a file, not of the command line
            raise ClassifierError(str(error), code=error.code, hint=error.hint) from error
        if isinstance(labels := fields.get("labels"), str) and (beside.parent / labels).is_file():
            fields["labels"] = str(beside.parent / labels)
    return fields | parse_fields(given)


def parse_fields(spec_fields: Sequence[str]) -> Fields:
    """Fields of `--spec KEY=VALUE`; a value is TOML, or numbers with commas, or a bare word.

    Raises:
        SettingsError: an unknown field, or a value that does not fit.

    Example: ["frames=16", "mean=0.5,0.5,0.5", "layout=NTCHW"].
    """
    fields: Fields = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise SettingsError(
                f"spec {text!r} is not KEY=VALUE",
                code="model-spec-invalid",
                hint="such as frames=16",
            )
        fields[name.strip()] = checked(name.strip(), _value(value.strip()), "spec: ")
    return fields


def _value(text: str) -> Any:
    for form in (text, f"[{text}]" if "," in text else text):
        try:
            return tomllib.loads(f"v = {form}")["v"]
        except tomllib.TOMLDecodeError:
            continue
    return text


def checked(name: str, value: Any, where: str = "") -> Any:
    """The value of a field as `InputSpec` has it.

    Raises:
        SettingsError: the field is unknown, or the value does not fit.
    """
    if name not in (*REQUIRED, *OPTIONAL):
        raise SettingsError(
            f"{where}unknown field {name!r}",
            code="model-spec-invalid",
            hint=f"fields: {', '.join(REQUIRED)}, and {', '.join(OPTIONAL)}",
        )
    if name in ("frames", "stride"):
        good = _whole(value, 1)
    elif name in ("resize", "crop"):
        value = [value, value] if name == "crop" and _whole(value, 8) else value
        pair = (
            isinstance(value, list) and len(value) == 2 and all(_whole(side, 8) for side in value)
        )
        good = pair or (name == "resize" and _whole(value, 8))
    elif name in ("mean", "std"):
        good = (
            isinstance(value, list)
            and len(value) == 3
            and all(_number(x, name == "std") for x in value)
        )
    elif name == "layout":
        good = isinstance(value, str) and sorted(value) == sorted(AXES)
    elif name == "activation":
        good = value in ACTIVATIONS
    elif name in SWITCHES:
        good = isinstance(value, bool)
    elif name == "arch":
        good = isinstance(value, str)
    else:
        good = isinstance(value, str) or (
            isinstance(value, list) and all(isinstance(x, str) for x in value)
        )
    if not good:
        raise SettingsError(
            f"{where}{name} cannot be {value!r}", code="model-spec-invalid", hint=_example(name)
        )
    return tuple(value) if isinstance(value, list) else value


def _whole(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= 4096


def _number(value: object, positive: bool) -> bool:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return (
        0 < value <= _HIGHEST if positive else -_HIGHEST <= value <= _HIGHEST
    )  # not a number is neither


def _example(name: str) -> str:
    if name not in _TEMPLATE:
        return 'such as arch = "r2plus1d_18"' if name == "arch" else f"such as {name} = true"
    value, meaning = _TEMPLATE[name]
    return f"such as {name} = {value} ({meaning})"


def merged(said: Mapping[str, Any], fields: Fields, model: str) -> Fields:
    """What the model's own shapes say and what was given; they must not contradict each other.

    Raises:
        ClassifierError: they do.
    """
    for name in (name for name, value in said.items() if fields.get(name, value) != value):
        raise ClassifierError(
            f"{model} itself says {name} = {_toml(said[name])}, not {_toml(fields[name])}",
            code="model-spec-wrong",
            hint=f"leave {name} out, or export the model again",
        )
    return {**said, **fields}


def complete(fields: Fields, model: Path, name: str | None = None) -> Fields:
    """The fields, if all that are needed are there.

    Args:
        fields: what is known.
        model: the file that the TOML file would lie beside.
        name: what the user calls it, where that is not the file's name.

    Raises:
        ClassifierError: some are missing; the error names them and has a template with those that are known filled in.
    """
    missing = [name for name in REQUIRED if name not in fields]
    if missing:
        raise ClassifierError(
            f"{name or model.name} does not say its {', '.join(missing)}",
            code="model-spec-incomplete",
            hint=f"fill in the template as {model.with_suffix('.toml')}, or give each as KEY=VALUE",
            example=template(fields),
        )
    return fields


def template(fields: Fields) -> str:
    """A TOML file with the known fields filled in, and examples for the others; labels that are known need no line."""
    lines = []
    for name, (value, meaning) in _TEMPLATE.items():
        if name == "labels" and name in fields:
            continue
        written = f"{name} = {_toml(fields[name]) if name in fields else value}"
        lines.append(f"{written:<40} # {meaning}")
    return "\n".join(lines)


def _toml(value: Any) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(part) for part in value) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value).lower()


def with_fields(spec: InputSpec, fields: Fields) -> InputSpec:
    """The geometry with some fields replaced."""
    return replace(spec, **{name: value for name, value in fields.items() if name in GEOMETRY})
