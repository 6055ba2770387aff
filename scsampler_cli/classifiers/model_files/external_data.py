"""Files in which an ONNX model keeps tensors ("external data").

Tensors are initialisers and attributes of nodes (constants among them), also in subgraphs,
functions and training graphs, and the two parts of a sparse tensor. onnxruntime does not list their
files; the package onnx reads the model without opening them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scsampler_cli.errors import WeightsError
from scsampler_cli.model_zoo.weightfile import leads_outside


def external_files(path: Path) -> list[Path]:
    """The files with tensors of a model, sorted by name, each once.

    They are in the folder of the model or below it.

    Raises:
        ImportError: the package onnx is not installed.
        WeightsError: the model is damaged, or a file is missing or not in the folder of the model.
    """
    import onnx
    from google.protobuf.message import DecodeError

    # an empty file is a valid message without any field
    if not path.stat().st_size:
        raise _damaged(path)
    names = set()
    try:
        model = onnx.load_model(path, load_external_data=False)
        for tensor in _tensors(model):
            if tensor.data_location == onnx.TensorProto.EXTERNAL:
                # key-value pairs: location, offset, length, checksum
                names |= {entry.value for entry in tensor.external_data if entry.key == "location"}
    except (DecodeError, UnicodeDecodeError) as error:
        raise _damaged(path) from error
    return [_existing_file(path, name) for name in sorted(names)]


def _tensors(message: Any) -> Iterator[Any]:
    """Every `TensorProto` in a protocol buffer, at any depth."""
    import onnx
    from google.protobuf.message import Message

    if isinstance(message, onnx.TensorProto):
        yield message
        return
    # all fields, so that no place where a version of ONNX allows a tensor is missed
    for field, value in message.ListFields():
        if field.message_type is not None:
            # a field holds one message, or a list of them
            for part in [value] if isinstance(value, Message) else value:
                yield from _tensors(part)


def _damaged(path: Path) -> WeightsError:
    return WeightsError(
        f"{path.name} cannot be opened as ONNX (it is damaged)",
        code="model-format-unsupported",
        hint="copy or export it again",
    )


def _existing_file(path: Path, name: str) -> Path:
    """The path of a file that a model names.

    Raises:
        WeightsError: it is missing, or may be outside the folder of the model.
    """
    if leads_outside(name):
        raise WeightsError(
            f"{path.name} keeps weights in {name!r}, "
            "which is not in its own folder, so it is refused",
            code="weights-elsewhere",
            hint="save it with all weights next to it, or in one file",
        )
    found = path.parent / name
    if not found.is_file():
        raise WeightsError(
            f"{path.name} keeps weights in {name!r}, and there is no such file",
            code="weights-elsewhere",
            hint="copy it next to the model",
        )
    return found
