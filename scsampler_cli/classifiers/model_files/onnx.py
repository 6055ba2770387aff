"""ONNX models, run by onnxruntime (the extra `onnx`), in the precision that they have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from scsampler_cli.classifiers.model_files.base import OpenModel
from scsampler_cli.classifiers.model_files.external_data import external_files
from scsampler_cli.errors import ClassifierError, DeviceError, WeightsError
from scsampler_cli.model_zoo.weightfile import files_sha256

_TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(double)": np.float64}


class OnnxNetwork(nn.Module):
    """An onnxruntime session as a module.

    Args:
        session: an `onnxruntime.InferenceSession`.
    """

    def __init__(self, session: Any) -> None:
        super().__init__()
        self._session = session
        self._input = session.get_inputs()[0]

    def forward(self, x: Tensor) -> list[Tensor]:
        """float, in the model's layout -> its outputs, on the same device."""
        values = x.float().cpu().numpy().astype(_TYPES[self._input.type])
        outputs = self._session.run(None, {self._input.name: values})
        return [torch.from_numpy(np.asarray(found, np.float32)).to(x.device) for found in outputs]


def open_model(path: Path, device: torch.device) -> OpenModel:
    """The model on the device, and the shape of its input.

    Raises:
        ClassifierError: onnx or onnxruntime is missing, or the model has several inputs, or other than floating-point ones.
        DeviceError: a GPU is asked for, and onnxruntime has no CUDA.
        WeightsError: damaged, it keeps weights outside its folder, or it wants operators that onnxruntime has not.
    """
    try:
        import onnx  # noqa: F401  # by `external_files`
        import onnxruntime
    except ImportError as error:
        raise ClassifierError(
            f"{path.name} needs onnx and onnxruntime, which are not installed",
            code="package-missing",
            hint="pip install onnx onnxruntime",
        ) from error
    provider = "CUDAExecutionProvider" if device.type == "cuda" else "CPUExecutionProvider"
    if provider not in onnxruntime.get_available_providers():
        raise DeviceError(
            "this onnxruntime has no CUDA",
            code="cuda-missing",
            hint="use the device cpu, or install onnxruntime-gpu in its place",
        )
    apart = external_files(path)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors alone; they come as exceptions, too
    chosen = [(provider, {"device_id": device.index or 0})] if device.type == "cuda" else [provider]
    try:
        # no fall-back: it would print to standard output, and take another provider than was asked for
        session = onnxruntime.InferenceSession(
            str(path), options, providers=chosen, enable_fallback=0
        )
        inputs = [(part.name, part.type, part.shape) for part in session.get_inputs()]
    except Exception as error:  # onnxruntime's own classes, of which there are many
        raise WeightsError(
            f"{path.name} cannot be opened as ONNX ({' '.join(str(error).split())[:200]})",
            code="model-format-unsupported",
            hint="copy or export it again; does it want a newer onnxruntime?",
        ) from error
    if len(inputs) != 1 or inputs[0][1] not in _TYPES:
        kinds = ", ".join(f"{name} {kind}" for name, kind, _ in inputs)
        raise ClassifierError(
            f"{path.name} takes {kinds}",
            code="onnx-input-invalid",
            hint="one floating-point input, a batch of clips, is wanted",
        )
    shape = tuple(size if isinstance(size, int) else None for size in inputs[0][2])
    return OpenModel(OnnxNetwork(session), shape, files_sha256([path, *apart]))
