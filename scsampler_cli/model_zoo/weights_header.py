"""scsampler's metadata of a weight file, read without torch and without the tensors.

The checks before a run use it, and `weightfile` for what it reads.

A file may hold a classifier together with the sampler that was trained with it. The names of the
sampler's tensors then begin with `SAMPLER_PREFIX`, and its metadata is the value of `SAMPLER_KEY`.

Not handled here: the tensors, see `weightfile`.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from scsampler_cli.errors import WeightsError
from scsampler_cli.model_zoo.bundled_weights import check_weight_file

FORMAT = "scsampler-weights/1"
METADATA_KEY = "scsampler"
"""Key of safetensors metadata under which scsampler has one JSON object."""
SAMPLER_PREFIX = "sampler."
SAMPLER_KEY = "sampler"
_MAX_HEADER = 100_000_000
"""Bytes; the limit of the safetensors library."""


def read_header(path: Path) -> dict[str, Any]:
    """scsampler's metadata of a safetensors file; empty for a file of another program.

    Raises:
        WeightsError: missing, damaged, or of a later format.
    """
    check_weight_file(path)
    try:
        with path.open("rb") as file:
            # safetensors: the length of a JSON header in 8 bytes, the header, the tensors
            length = int.from_bytes(file.read(8), "little")
            if length > _MAX_HEADER:
                raise ValueError("header too large")
            header = json.loads(file.read(length))
        metadata = header.get("__metadata__") or {}
        return checked_metadata(metadata.get(METADATA_KEY, "{}"), path)
    # RecursionError: brackets in brackets
    except (OSError, ValueError, AttributeError, TypeError, RecursionError) as error:
        raise damaged(path, error) from error


def checked_metadata(text: str, path: Path) -> dict[str, Any]:
    """scsampler's metadata from its JSON text.

    Args:
        text: the value of METADATA_KEY.
        path: its file, for the error.

    Raises:
        ValueError: it is not JSON.
        WeightsError: it is of a later format.
    """
    metadata = json.loads(text)
    # files of other programs have no format; those of a later version have another one
    if not isinstance(metadata, dict) or metadata.get("format", FORMAT) != FORMAT:
        raise WeightsError(
            f"weight file {path} has a format this version does not know",
            code="weights-format-unknown",
            hint="update scsampler",
        )
    return metadata


def damaged(path: Path, error: Exception) -> WeightsError:
    """The error for a file that is not safetensors."""
    return WeightsError(
        f"weight file {path} is damaged or not safetensors ({error})",
        code="weights-damaged",
        hint="copy or download it again",
    )


def sampler_in(path: Path) -> str | None:
    """The input of the sampler that a classifier's weight file holds; None where it holds none.

    Also None for what is no safetensors file: a name, a folder, a file of another kind.

    Raises:
        WeightsError: a safetensors file that is damaged, or of a later format.
    """
    # os.path is False where pathlib raises: for names that are too long
    if path.suffix != ".safetensors" or not os.path.isfile(path):  # noqa: PTH113
        return None
    sampler = read_header(path).get(SAMPLER_KEY)
    return str(sampler.get("input")) if isinstance(sampler, dict) else None
