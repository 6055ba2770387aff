"""The weight files of a Hugging Face folder that transformers loads, whatever they are called. Nothing is loaded here."""

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
"""In the order in which transformers looks for them; it takes the first."""


def weight_files(folder: Path, config: dict[str, Any]) -> list[Path]:
    """The files that hold the weights, in the order of their names.

    Args:
        folder: the folder.
        config: what config.json says; its "transformers_weights" may name the file.

    Raises:
        ClassifierError: the folder holds an adapter for weights that lie elsewhere.
        WeightsError: there are no weights, a file is missing or not in the folder, or loading one could run code.
    """
    if (folder / "adapter_config.json").is_file():
        raise ClassifierError(
            f"{folder.name} holds an adapter, whose base weights lie elsewhere, so it is refused",
            code="weights-elsewhere",
            hint="merge it first (merge_and_unload of peft), and save the whole model",
        )
    named = config.get("transformers_weights")
    first = (
        str(named) if named else next((name for name in _NAMES if (folder / name).is_file()), None)
    )
    if first is None:
        raise WeightsError(
            f"{folder.name} cannot be loaded: it has no weights",
            code="weights-elsewhere",
            hint=f"one of {', '.join(_NAMES)} is wanted",
        )
    names = _parts(_inside(folder, first)) if first.endswith(_INDEX) else [first]
    files = [_inside(folder, name) for name in names]
    for file in files:
        if file.suffix != ".safetensors":
            read_weights(
                file
            )  # a pickle with code is refused in the words that say how to convert it
    return files


def _parts(index: Path) -> list[str]:
    """Names of the files that an index spreads the weights over."""
    try:
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
