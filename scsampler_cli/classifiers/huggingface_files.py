"""The weight files that transformers loads from a Hugging Face folder. They are not loaded here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from scsampler_cli.errors import ClassifierError, WeightsError
from scsampler_cli.model_zoo.weightfile import leads_outside, read_weights

_INDEX = ".index.json"
_NAMES = (
    "model.safetensors",
    f"model.safetensors{_INDEX}",
    "pytorch_model.bin",
    f"pytorch_model.bin{_INDEX}",
)
"""File names in the order in which transformers looks for them; it takes the first."""


def weight_files(folder: Path, config: dict[str, Any]) -> list[Path]:
    """The files with the weights, sorted by name.

    Args:
        folder: the folder.
        config: contents of config.json; its "transformers_weights" may name the file.

    Raises:
        ClassifierError: the folder has an adapter for weights in another place.
        WeightsError: there are no weights, a file is missing or outside the folder, or loading it
            could run code.
    """
    # the base weights would be missing in the digest of the weights
    if (folder / "adapter_config.json").is_file():
        raise ClassifierError(
            f"{folder.name} holds an adapter, whose base weights lie elsewhere, so it is refused",
            code="weights-elsewhere",
            hint="merge it first (merge_and_unload of peft), and save the whole model",
        )
    first = config.get("transformers_weights")
    if not first:
        first = next((name for name in _NAMES if (folder / name).is_file()), None)
    if first is None:
        raise WeightsError(
            f"{folder.name} cannot be loaded: it has no weights",
            code="weights-elsewhere",
            hint=f"it must have one of {', '.join(_NAMES)}",
        )
    first = str(first)
    # large models are split over several files, which an index lists
    names = _parts(_inside(folder, first)) if first.endswith(_INDEX) else [first]
    # every file is checked before any is read
    files = [_inside(folder, name) for name in names]
    for file in files:
        # refuses a pickle with code; transformers would refuse it without a hint
        if file.suffix != ".safetensors":
            read_weights(file)
    return files


def _parts(index: Path) -> list[str]:
    """Names of the weight files that an index lists."""
    try:
        # name of a tensor -> name of its file
        weight_map = json.loads(index.read_text(encoding="utf-8"))["weight_map"]
        return sorted({str(name) for name in weight_map.values()})
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise WeightsError(
            f"{index.parent.name} cannot be loaded ({index.name}: {type(error).__name__}: {error})",
            code="hugging-face-folder-invalid",
            hint="are config.json and the weights complete, and of one model?",
        ) from error


def _inside(folder: Path, name: str) -> Path:
    if leads_outside(name):
        raise WeightsError(
            f"{folder.name} has weights in {name!r}, which is not in the folder, so it is refused",
            code="weights-elsewhere",
            hint="save the whole model into one folder",
        )
    if not (folder / name).is_file():
        raise WeightsError(
            f"{folder.name} cannot be loaded: there is no {name}",
            code="weights-elsewhere",
            hint="are config.json and the weights complete, and of one model?",
        )
    return folder / name
