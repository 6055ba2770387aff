"""TorchScript archives: deprecated since torch 2.9, and still common. They have no input shape."""

from __future__ import annotations

import warnings
from pathlib import Path

import torch

from scsampler_cli.classifiers.model_files.base import OpenModel
from scsampler_cli.errors import WeightsError
from scsampler_cli.model_zoo.weightfile import file_sha256


def open_model(path: Path, device: torch.device) -> OpenModel:
    """The scripted or traced module on the device.

    It runs in TorchScript's interpreter, not in Python's, so that it cannot run code of its own.

    Raises:
        WeightsError: the file cannot be opened.
    """
    try:
        with warnings.catch_warnings():
            # of torch.jit as a whole
            warnings.simplefilter("ignore", DeprecationWarning)
            network = torch.jit.load(path, map_location=device)  # type: ignore[no-untyped-call]
    # RuntimeError, IndexError, UnicodeDecodeError and others, depending on where the damage is
    except Exception as error:
        raise WeightsError(
            f"{path.name} cannot be opened as TorchScript; it may be damaged "
            f"({' '.join(str(error).split())[:200]})",
            code="weights-damaged",
            hint="copy it again, or export it with torch.export",
        ) from error
    return OpenModel(network, None, file_sha256(path))
