"""TorchScript archives: deprecated since torch 2.9, and still common. They say nothing of their input."""

from __future__ import annotations

import warnings
from pathlib import Path

import torch

from scsampler_cli.classifiers.model_files.base import OpenModel
from scsampler_cli.errors import WeightsError
from scsampler_cli.model_zoo.weightfile import file_sha256


def open_model(path: Path, device: torch.device) -> OpenModel:
    """The scripted or traced module on the device. It runs in TorchScript's interpreter, never in Python's.

    Raises:
        WeightsError: damaged.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            network = torch.jit.load(path, map_location=device)  # type: ignore[no-untyped-call]
    except (
        Exception
    ) as error:  # RuntimeError, IndexError, UnicodeDecodeError, ...: whatever the damage hits
        raise WeightsError(
            f"{path.name} is a damaged TorchScript archive ({' '.join(str(error).split())[:200]})",
            code="weights-damaged",
            hint="copy it again, or save it anew with torch.export",
        ) from error
    return OpenModel(network, None, file_sha256(path))
