"""Files that an ONNX model keeps tensors in ("external data"), wherever in the model a tensor names one.

Tensors are initialisers and attributes of nodes (constants among them), also in subgraphs, functions and training graphs, and the
halves of sparse ones. onnxruntime does not tell their files; the package onnx reads the model without opening them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scsampler_cli.errors import WeightsError
from scsampler_cli.model_zoo.weightfile import leads_outside


def external_files(path: Path) -> list[Path]:
    """The files beside a model, or in folders below it, that hold its tensors; in the order of their names, each once.

    Raises:
        ImportError: the package onnx is not installed.
        WeightsError: the model is damaged, or a file is missing or not in the folder of the model.
    """
    import onnx
    from google.protobuf.message import DecodeError

    if not path.stat().st_size:  # an empty file is a valid message without any field
        raise _damaged(path)
    try:
        model = onnx.load_model(path, load_external_data=False)
        names = {
            entry.value
            for tensor in _tensors(model)
            if tensor.data_location == onnx.TensorProto.EXTERNAL
            for entry in tensor.external_data
            if entry.key == "location"
        }
    except (DecodeError, UnicodeDecodeError) as error:
        raise _damaged(path) from error
    return [_beside(path, name) for name in sorted(names)]


def _tensors(message: Any) -> Iterator[Any]:
    """Every `TensorProto` in a protocol buffer, at any depth."""
    import onnx
    from google.protobuf.message import Message

    if isinstance(message, onnx.TensorProto):
        yield message
        return
    for field, value in message.ListFields():
        if field.message_type is not None:
            for part in [value] if isinstance(value, Message) else value:
                yield from _tensors(part)


def _damaged(path: Path) -> WeightsError:
    return WeightsError(
        f"{path.name} cannot be opened as ONNX (it is damaged)",
        code="model-format-unsupported",
        hint="copy or export it again",
    )


def _beside(path: Path, name: str) -> Path:
    if leads_outside(name):
        raise WeightsError(
            f"{path.name} keeps weights in {name!r}, which is not in its own folder, so it is refused",
            code="weights-elsewhere",
            hint="save it with all weights beside it or in one file",
        )
    found = path.parent / name
    if not found.is_file():
        raise WeightsError(
            f"{path.name} keeps weights in {name!r}, and there is no such file",
            code="weights-elsewhere",
            hint="copy it beside the model",
        )
    return found
