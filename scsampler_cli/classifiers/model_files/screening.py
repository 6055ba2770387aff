"""Look through a torch.export archive (.pt2) before torch opens it, since torch would run what it finds there.

An archive is JSON (a list of operators by name, shapes with symbols) and tensors. torch 2.11 looks up any operator's name below
`torch`, `operator` and `math`, evaluates symbols as Python, unpickles tensors and example inputs without restraint, and loads
compiled libraries. Let by are: operators of ATen, arithmetic, sums and products of symbols, and tensors that are no pickles.
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
    r"archive_format|archive_version|byteorder|\.data/\w+|models/\w+\.json|extra/[\w./-]+|data/sample_inputs/\w+\.pt"
    r"|data/(weights|constants)/[\w.]+"
)
_INPUTS = re.compile(r"data/sample_inputs/.*")
_OPERATOR = re.compile(
    r"""torch\.ops\.(aten|prims)\.\w+\.\w+ | torch\.sym_(int|float|max|min|ite|not|sqrt)
    | torch\.ops\.higher_order\.(wrap_with_set_grad_enabled|wrap_with_autocast|cond|while_loop|scan|map_impl|flex_attention)
    | _operator\.(add|sub|mul|floordiv|truediv|mod|pow|neg|pos|eq|ne|lt|le|gt|ge|and_|or_|not_|getitem) | math\.\w+""",
    re.VERBOSE,
)
_EXPRESSION = re.compile(
    r"""(\s | [-+*/(),<>=] | \d+(\.\d+)? | '?[suz]+f?\d+'? | True | False | positive | nonnegative | integer | real | finite
    | Symbol | Integer | Rational | Add | Mul | Pow | Mod | PythonMod | Max | Min | Eq | Ne | FloorDiv | CeilDiv | CleanDiv)*""",
    re.VERBOSE,
)
"""Sums and products of sizes such as s77, as sympy writes them."""
_CONTAINERS = frozenset(
    {"builtins.tuple", "builtins.list", "builtins.dict", "collections.OrderedDict"}
)


def screen(path: Path) -> None:
    """Refuse an archive that holds anything by which opening or running it could run code.

    Raises:
        WeightsError: it does, it is of an old format, or it cannot be looked through.
    """
    try:
        with zipfile.ZipFile(path) as archive:
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
            hint="where you trust it, open it with torch, and export a plain network of plain tensors",
        )


def _inner(name: str) -> str:
    """A member's name without the folder that all lie in."""
    return name.partition("/")[2]


def _faults(archive: zipfile.ZipFile) -> Iterator[str]:
    names = archive.namelist()
    if "serialized_exported_program.json" in map(_inner, names):
        return
    if len(set(names)) < len(names):
        yield "two parts of one name"
    for name in names:
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
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.load(io.BytesIO(data), weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, ValueError, EOFError, KeyError, AttributeError):
        return not data
    return True


def _json_faults(part: Any) -> Iterator[str]:
    if isinstance(part, list):
        for item in part:
            yield from _json_faults(item)
    elif isinstance(part, dict):
        for key, value in part.items():
            yield from _field_faults(key, value)


def _field_faults(key: str, value: Any) -> Iterator[str]:
    if key == "use_pickle" and value:
        yield "a pickled tensor"
    elif key == "path_name" and "custom_obj" in str(value):
        yield "a pickled object"
    elif key in ("target", "as_operator") and isinstance(value, str):
        if not _OPERATOR.fullmatch(value):
            yield f"the operator {value[:60]!r}"
    elif key == "expr_str" and not _EXPRESSION.fullmatch(str(value)):
        yield f"the expression {str(value)[:60]!r}"
    elif key in ("in_spec", "out_spec") and isinstance(value, str):
        yield from (f"the container {name!r}" for name in _containers(value) - _CONTAINERS)
    else:
        yield from _json_faults(value)


def _containers(spec: str) -> set[str]:
    """Types of the containers in a pytree's specification."""
    return set(re.findall(r'"type": "([^"]*)"', spec))
