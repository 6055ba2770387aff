"""Programs of torch.export (.pt2). They are looked through before torch opens them, since torch would run what it finds.

A program is a list of operators by name, shapes with symbols, and tensors. torch resolves any name below `torch`, evaluates the
symbols as Python, and unpickles what it is told to; only operators, plain arithmetic with symbols, and plain tensors are let by.
"""

from __future__ import annotations

import json
import re
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from scsampler_cli.classifiers.files import OpenModel
from scsampler_cli.errors import WeightsError
from scsampler_cli.weightfile import file_sha256

_OPERATOR = re.compile(r"(torch\.ops\.(aten|prims|higher_order)\.\w+(\.\w+)?|_operator\.\w+|torch\.sym_\w+|math\.\w+)")
_UNSAFE_OPERATORS = frozenset(
    {"_operator.attrgetter", "_operator.methodcaller", "_operator.itemgetter", "_operator.call"}
)
_EXPRESSION = re.compile(
    r"""(\s | [-+*/(),<>=] | \d+(\.\d+)? | '?[suz]+f?\d+'? | True | False | positive | nonnegative | integer | real | finite
    | Symbol | Integer | Rational | Add | Mul | Pow | Mod | PythonMod | Max | Min | Eq | Ne | FloorDiv | CeilDiv | CleanDiv)*""",
    re.VERBOSE,
)
"""Sums and products of sizes such as s77, as sympy writes them."""


class Program(nn.Module):
    """An exported program's module, which was exported as it is to run and refuses to change between training and evaluation."""

    def __init__(self, program: nn.Module) -> None:
        super().__init__()
        self.program = program

    def train(self, mode: bool = True) -> Program:
        """Nothing to change."""
        return self

    def forward(self, x: Tensor) -> Tensor:
        """As exported."""
        return self.program(x)


def open_model(path: Path, device: torch.device) -> OpenModel:
    """The program as a module on the device, and the shape of its input.

    Raises:
        WeightsError: damaged, of an old format, or holding what could run code.
    """
    _screen(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of the tensors' memory, which nobody writes to here
            program = torch.export.load(path)
        if device.type != "cpu":
            from torch.export.passes import move_to_device_pass

            program = move_to_device_pass(program, str(device))
        network = Program(program.module(check_guards=False))
    except Exception as error:
        raise WeightsError(
            f"{path.name} cannot be opened as a torch.export program ({' '.join(str(error).split())[:200]})",
            hint=f"export it again with torch {torch.__version__.split('+')[0]}",
        ) from error
    return OpenModel(network, _shape(program), file_sha256(path))


def _shape(program: torch.export.ExportedProgram) -> tuple[int | None, ...] | None:
    inputs = program.graph_signature.user_inputs
    for node in program.graph.nodes:
        if node.op == "placeholder" and len(inputs) == 1 and node.name == inputs[0]:
            return tuple(size if isinstance(size, int) else None for size in node.meta["val"].shape)
    return None


def _screen(path: Path) -> None:
    """Refuse a program that holds anything but operators, sizes and plain tensors.

    Raises:
        WeightsError: it does, or it cannot be looked through.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            parts = {name: json.loads(archive.read(name)) for name in archive.namelist() if name.endswith(".json")}
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, EOFError) as error:
        raise WeightsError(f"{path.name} is damaged ({error})", hint="copy or export it again") from error
    if not any(name.split("/", 1)[-1].startswith("models/") for name in names):
        raise WeightsError(f"{path.name} is of an old torch.export format", hint="export it again with torch 2.11")
    found = next((fault for part in parts.values() for fault in _faults(part)), None)
    if found is not None:
        raise WeightsError(
            f"{path.name} holds {found}; opening it could run code, so it is refused",
            hint="where you trust it, open it with torch, and export a plain network of plain tensors",
        )


def _faults(part: Any) -> Iterator[str]:
    if isinstance(part, list):
        for item in part:
            yield from _faults(item)
    elif isinstance(part, dict):
        for key, value in part.items():
            if key == "use_pickle" and value:
                yield "a pickled tensor"
            elif key == "path_name" and "custom_obj" in str(value):
                yield "a pickled object"
            elif key == "target" and isinstance(value, str):
                if value in _UNSAFE_OPERATORS or not _OPERATOR.fullmatch(value):
                    yield f"the operator {value[:60]!r}"
            elif key == "expr_str" and not _EXPRESSION.fullmatch(str(value)):
                yield f"the expression {str(value)[:60]!r}"
            else:
                yield from _faults(value)
