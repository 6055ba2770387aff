"""A Hugging Face folder, from its path or from the Hugging Face cache, and its config.

Nothing is downloaded, no code of a folder is run, and torch is not imported.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from scsampler_cli.errors import ClassifierError, InputError

CACHED = "hf:"
"""Prefix of the name of a folder in the Hugging Face cache."""
Config = dict[str, Any]


def is_folder(path: Path) -> bool:
    """True for a Hugging Face folder."""
    return (path / "config.json").is_file()


def folder_of(name: str) -> Path:
    """The folder of a name: a path, or "hf:ORG/NAME" for one in the Hugging Face cache.

    Raises:
        ClassifierError: huggingface_hub is missing.
        InputError: the cache does not have it.
    """
    return _cached_folder(name.removeprefix(CACHED)) if name.startswith(CACHED) else Path(name)


def read_config(folder: Path, known: str) -> Config:
    """The contents of config.json.

    Args:
        folder: the folder.
        known: names of the models that could be used instead, for the error.

    Raises:
        ClassifierError: it cannot be read, or the model comes with code of its own.
    """
    config = read_json(folder / "config.json")
    # names Python files in the folder, which transformers would import
    if "auto_map" in config:
        raise ClassifierError(
            f"{folder.name} needs to run code that came with it, so it is refused",
            code="hugging-face-model-unsupported",
            hint=f"models that transformers itself has the code of: {known}",
        )
    return config


def read_json(path: Path) -> Config:
    """The JSON object in a file of a folder.

    Raises:
        ClassifierError: it cannot be read, or holds something else.
    """
    try:
        # json detects UTF-8, UTF-16 and UTF-32 in bytes
        found = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        # the text of an OSError repeats the path, `strerror` does not
        why = getattr(error, "strerror", None) or error
        raise ClassifierError(
            f"{path}: {why}", code="hugging-face-folder-invalid", hint="is the folder complete?"
        ) from error
    # a list is JSON, too
    if not isinstance(found, dict):
        raise ClassifierError(
            f"{path} holds no JSON object",
            code="hugging-face-folder-invalid",
            hint="is the folder complete?",
        )
    return found


def no_transformers(name: str) -> ClassifierError:
    """The error for a model whose package is missing."""
    return ClassifierError(
        f"{name} needs transformers, which is not installed",
        code="package-missing",
        hint="pip install transformers",
    )


def _cached_folder(name: str) -> Path:
    # the name becomes part of a path in the cache
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", name) or ".." in name:
        raise InputError(
            f"invalid name {CACHED}{name}: expected {CACHED}ORG/NAME",
            code="hugging-face-folder-invalid",
            hint="such as hf:MCG-NJU/videomae-base-finetuned-kinetics",
        )
    try:
        from huggingface_hub import constants, snapshot_download
        from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError
    except ImportError as error:
        raise no_transformers(name) from error
    try:
        # looks into the cache only
        return Path(snapshot_download(name, local_files_only=True))
    except (LocalEntryNotFoundError, HFValidationError) as error:
        raise InputError(
            f"the Hugging Face cache does not hold {name!r}",
            code="hugging-face-folder-invalid",
            hint=f"fetch it first: hf download {name}; the cache is {constants.HF_HUB_CACHE}",
        ) from error
