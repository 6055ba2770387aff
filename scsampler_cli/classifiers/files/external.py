"""Files that an ONNX model keeps tensors in ("external data"), wherever in the model a tensor names one.

The model is read as protocol buffers (onnx.proto, https://onnx.ai/onnx/repo-docs/ExternalData.html), as far as tensors need it:
the package onnx is no dependency, and onnxruntime does not tell. Tensors are initialisers and attributes of nodes (constants
among them), also in subgraphs, functions and training graphs, and the halves of sparse ones.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from scsampler_cli.errors import WeightsError
from scsampler_cli.weightfile import outside

_PARTS = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "function": {7: "node", 11: "attribute"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {
        **{5: "tensor", 6: "graph", 10: "tensor", 11: "graph"},
        **{22: "sparse", 23: "sparse"},
    },
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {13: "entry"},
}
"""Message -> number of a field -> the message in it; other fields lead to no tensor."""
_LOCATION, _EXTERNAL = 14, 1
"""Field of a tensor that says where its values are, and its value for a file of their own."""
_VARINT, _BYTES = 0, 2
_FIXED = {1: 8, 5: 4}
"""Kinds of fields in protocol buffers; those of a fixed length with their bytes."""

Field = tuple[int, int | memoryview]
"""Number of a field, and its value."""


def external_files(path: Path) -> list[Path]:
    """The files beside a model, or in folders below it, that hold its tensors; in the order of their names, each once.

    Raises:
        WeightsError: the model is damaged, or a file is missing or not in the folder of the model.
    """
    if not path.stat().st_size:
        raise _damaged(path)
    names = None
    with (
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content,
        # raised below: an error that is on its way holds parts of the file, which could not be closed
        suppress(ValueError, IndexError),
    ):
        names = sorted(set(_locations(memoryview(content))))
    if names is None:
        raise _damaged(path)
    return [_beside(path, name) for name in names]


def _damaged(path: Path) -> WeightsError:
    return WeightsError(f"{path.name} cannot be opened as ONNX (it is damaged)", hint="copy or export it again")


def _beside(path: Path, name: str) -> Path:
    if outside(name):
        raise WeightsError(
            f"{path.name} keeps weights in {name!r}, which is not in its own folder, so it is refused",
            hint="save it with all weights beside it or in one file",
        )
    found = path.parent / name
    if not found.is_file():
        raise WeightsError(
            f"{path.name} keeps weights in {name!r}, and there is no such file", hint="copy it beside the model"
        )
    return found


def _locations(whole: memoryview) -> Iterator[str]:
    """Names of the files, as they stand in the model."""
    waiting = [("model", whole)]
    while waiting:
        message, content = waiting.pop()
        parts = _PARTS[message]
        entries: list[memoryview] = []
        external = False
        for number, value in _fields(content):
            if message == "tensor" and number == _LOCATION:
                external = value == _EXTERNAL
            if number not in parts or not isinstance(value, memoryview):
                continue
            if parts[number] == "entry":
                entries.append(value)
            else:
                waiting.append((parts[number], value))
        if external:
            yield from _names(entries)


def _names(entries: list[memoryview]) -> Iterator[str]:
    """Values of the entries with the key "location"."""
    for entry in entries:
        text = {number: bytes(value) for number, value in _fields(entry) if isinstance(value, memoryview)}
        if text.get(1) == b"location":
            yield text.get(2, b"").decode()


def _fields(content: memoryview) -> Iterator[Field]:
    at = 0
    while at < len(content):
        key, at = _varint(content, at)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            value, at = _varint(content, at)
            yield number, value
            continue
        if kind == _BYTES:
            size, at = _varint(content, at)
        elif kind in _FIXED:
            size = _FIXED[kind]
        else:
            raise ValueError(f"field of kind {kind}")
        if at + size > len(content):
            raise ValueError("cut off")
        yield number, content[at : at + size]
        at += size


def _varint(content: memoryview, at: int) -> tuple[int, int]:
    """(value, where the next one begins)."""
    value = 0
    for shift in range(0, 70, 7):
        byte = content[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("a number too long")
