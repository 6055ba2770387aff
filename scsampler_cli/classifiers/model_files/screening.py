"""Check a torch.export archive (.pt2) before torch opens it, since torch would run code in it.

An archive consists of JSON (a list of operators by name, shapes with symbols) and tensors. torch
2.11 looks up any operator name below `torch`, `operator` and `math`, evaluates symbols as Python,
unpickles tensors and example inputs without restriction, and loads compiled libraries.

Allowed are operators of ATen, arithmetic, sums and products of symbols, and tensors that are not
pickled.
"""

from __future__ import annotations

import io
import json
import pickle
import re
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from scsampler_cli.errors import WeightsError

_MEMBER = re.compile(
    r"archive_format|archive_version|byteorder|\.data/\w+|models/\w+\.json|extra/[\w./-]+"
    r"|data/sample_inputs/\w+\.pt|data/(weights|constants)/[\w.]+"
)
"""Allowed members of an archive. Compiled libraries are not among them."""
_INPUTS = re.compile(r"data/sample_inputs/.*")
_OPERATOR = re.compile(
    r"""torch\.ops\.(aten|prims)\.\w+\.\w+ | torch\.sym_(int|float|max|min|ite|not|sqrt)
    | torch\.ops\.higher_order\.(wrap_with_set_grad_enabled|wrap_with_autocast|cond|while_loop
        |scan|map_impl|flex_attention)
    | _operator\.(add|sub|mul|floordiv|truediv|mod|pow|neg|pos|eq|ne|lt|le|gt|ge|and_|or_|not_
        |getitem)
    | math\.\w+""",
    re.VERBOSE,
)
"""Allowed operators of a graph."""
_EXPRESSION = re.compile(
    r"""(\s | [-+*/(),<>=] | \d+(\.\d+)? | '?[suz]+f?\d+'? | True | False
    | positive | nonnegative | integer | real | finite
    | Symbol | Integer | Rational | Add | Mul | Pow | Mod | PythonMod | Max | Min | Eq | Ne
    | FloorDiv | CeilDiv | CleanDiv)*""",
    re.VERBOSE,
)
"""Allowed expressions: sums and products of sizes such as s77, as sympy writes them."""
_CONTAINERS = frozenset(
    {"builtins.tuple", "builtins.list", "builtins.dict", "collections.OrderedDict"}
)
"""Allowed containers of inputs and outputs: torch imports the type of any other."""


def screen(path: Path) -> None:
    """Refuse an archive with contents that could run code when it is opened or run.

    Raises:
        WeightsError: it has such contents or an old format, or it is damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            # the first one is enough
            fault = next(_faults(archive), None)
            names = {_inner(name) for name in archive.namelist()}
    except (
        zipfile.BadZipFile,
        ValueError,
        OSError,
        NotImplementedError,
        EOFError,
        RecursionError,
    ) as error:
        raise WeightsError(
            f"{path.name} is damaged ({error})",
            code="weights-damaged",
            hint="copy or export it again",
        ) from error
    if "serialized_exported_program.json" in names:
        raise WeightsError(
            f"{path.name} is of an old torch.export format",
            code="model-format-unsupported",
            hint="export it again with torch 2.11",
        )
    if fault is not None:
        raise WeightsError(
            f"{path.name} holds {fault}; opening it could run code, so it is refused",
            code="weights-unsafe",
            hint="if you trust it, open it with torch, and export a plain network of plain tensors",
        )


def _inner(name: str) -> str:
    """The name of a member without the folder that all members are in."""
    return name.partition("/")[2]


def _faults(archive: zipfile.ZipFile) -> Iterator[str]:
    names = archive.namelist()
    # `screen` refuses the old format as a whole
    if "serialized_exported_program.json" in map(_inner, names):
        return
    # torch might read another one of two members than the one that is checked here
    if len(set(names)) < len(names):
        yield "two parts of one name"
    for name in names:
        # a list of what is allowed: a later version of torch may read other members
        if not _MEMBER.fullmatch(_inner(name)):
            yield f"the part {_inner(name)[:60]!r}"
        elif name.endswith(".json"):
            content = json.loads(archive.read(name))
            if _inner(name).startswith("models/") and not isinstance(_graph(content), dict):
                raise ValueError(f"{_inner(name)} is not a program")
            yield from _json_faults(content)
        elif _INPUTS.fullmatch(_inner(name)) and not _is_plain(archive.read(name)):
            yield "example inputs that are a pickle with code"


def _graph(content: Any) -> Any:
    return content.get("graph_module") if isinstance(content, dict) else None


def _is_plain(data: bytes) -> bool:
    """True where a file of torch.save loads without code, or is empty."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # the same restriction as for weight files
            torch.load(io.BytesIO(data), weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, ValueError, EOFError, KeyError, AttributeError):
        return not data
    return True


def _json_faults(part: Any) -> Iterator[str]:
    """Faults at any depth of a JSON value."""
    if isinstance(part, list):
        for item in part:
            yield from _json_faults(item)
    elif isinstance(part, dict):
        for key, value in part.items():
            yield from _field_faults(key, value)


def _field_faults(key: str, value: Any) -> Iterator[str]:
    # keys of the JSON schema of torch.export
    if key == "use_pickle" and value:
        yield "a pickled tensor"
    elif key == "path_name" and "custom_obj" in str(value):
        yield "a pickled object"
    elif key in ("target", "as_operator") and isinstance(value, str):
        if not _OPERATOR.fullmatch(value):
            yield f"the operator {value[:60]!r}"
    elif key == "expr_str" and not _EXPRESSION.fullmatch(str(value)):
        yield f"the expression {str(value)[:60]!r}"
    # pytree specifications of inputs and outputs
    elif key in ("in_spec", "out_spec") and isinstance(value, str):
        yield from (f"the container {name!r}" for name in _containers(value) - _CONTAINERS)
    else:
        yield from _json_faults(value)


def _containers(spec: str) -> set[str]:
    """Types of the containers in a pytree's specification."""
    # a JSON document inside a string
    return set(re.findall(r'"type": "([^"]*)"', spec))
