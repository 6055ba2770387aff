"""ONNX models, run by onnxruntime (the extra `onnx`) in their own precision."""

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
        """float tensor in the model's layout -> its outputs as float32, on the same device."""
        # onnxruntime takes numpy arrays of exactly the type in the model
        values = x.float().cpu().numpy().astype(_TYPES[self._input.type])
        outputs = self._session.run(None, {self._input.name: values})
        return [torch.from_numpy(np.asarray(found, np.float32)).to(x.device) for found in outputs]


def open_model(path: Path, device: torch.device) -> OpenModel:
    """The model on the device, and the shape of its input.

    Raises:
        ClassifierError: onnx or onnxruntime is missing, or the model does not have exactly one
            input, of floating-point numbers.
        DeviceError: the device is a GPU, and onnxruntime has no CUDA.
        WeightsError: it is damaged, has weights outside its folder, or needs operators that this
            onnxruntime does not have.
    """
    try:
        import onnx  # noqa: F401 - `external_files` needs it
        import onnxruntime
    except ImportError as error:
        raise ClassifierError(
            f"{path.name} needs onnx and onnxruntime, which are not installed",
            code="package-missing",
            hint="pip install onnx onnxruntime",
        ) from error
    # one provider: no silent change to the CPU
    provider = "CUDAExecutionProvider" if device.type == "cuda" else "CPUExecutionProvider"
    if provider not in onnxruntime.get_available_providers():
        raise DeviceError(
            "this onnxruntime has no CUDA",
            code="cuda-missing",
            hint="use the device cpu, or install onnxruntime-gpu in its place",
        )

    # checked before onnxruntime opens them
    external = external_files(path)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors only; they are raised as exceptions, too
    provider_options = {"device_id": device.index or 0} if device.type == "cuda" else {}
    try:
        # a fallback would print to standard output, and use another provider
        session = onnxruntime.InferenceSession(
            str(path), options, providers=[(provider, provider_options)], enable_fallback=0
        )
        inputs = [(part.name, part.type, part.shape) for part in session.get_inputs()]
    except Exception as error:  # onnxruntime has many classes of its own
        reason = " ".join(str(error).split())[:200]
        raise WeightsError(
            f"{path.name} cannot be opened as ONNX ({reason})",
            code="model-format-unsupported",
            hint="copy or export it again; does it need a newer onnxruntime?",
        ) from error
    # a quantised model with integer inputs would need its own normalisation
    if len(inputs) != 1 or inputs[0][1] not in _TYPES:
        kinds = ", ".join(f"{name} {kind}" for name, kind, _ in inputs)
        raise ClassifierError(
            f"{path.name} takes {kinds}",
            code="onnx-input-invalid",
            hint="it must have one floating-point input, a batch of clips",
        )
    # a free axis has a name as its size, or none
    shape = tuple(size if isinstance(size, int) else None for size in inputs[0][2])
    return OpenModel(OnnxNetwork(session), shape, files_sha256([path, *external]))
