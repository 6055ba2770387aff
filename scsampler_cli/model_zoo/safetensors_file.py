"""Tensors and metadata of one safetensors file, as they are in it.

Not handled here: what the tensors mean, see `weightfile`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from torch import Tensor

from scsampler_cli.model_zoo.weights_header import METADATA_KEY, checked_metadata, damaged


def read_safetensors(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """scsampler's metadata, empty for a file of another program; and all tensors, on the CPU.

    Raises:
        WeightsError: damaged, or of a later format.
    """
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        # values of safetensors metadata are strings
        metadata = checked_metadata(header.get(METADATA_KEY, "{}"), path)
    except (SafetensorError, ValueError, OSError, RuntimeError) as error:
        raise damaged(path, error) from error
    return metadata, tensors
