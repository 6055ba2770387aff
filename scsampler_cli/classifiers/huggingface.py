"""Hugging Face folders of VideoMAE, TimeSformer and ViViT (the extra `hf`): geometry, labels, weights.

A folder, or "hf:ORG/NAME" for one that the Hugging Face cache holds. Nothing is downloaded, and no code of a folder is ever run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from scsampler_cli.classifiers.base import InputSpec
from scsampler_cli.classifiers.huggingface_files import weight_files
from scsampler_cli.classifiers.labels import names_of, numbered_labels
from scsampler_cli.classifiers.model_files.base import LayoutAdapter
from scsampler_cli.classifiers.model_spec import checked, complete, read_fields, with_fields
from scsampler_cli.classifiers.network import NetworkClassifier
from scsampler_cli.errors import ClassifierError, InputError, WeightsError
from scsampler_cli.model_zoo.weightfile import file_sha256, files_sha256
from scsampler_cli.model_zoo.weights_info import WeightsInfo

CACHED = "hf:"
"""In front of the name of a folder in the Hugging Face cache."""
MODELS = {
    "videomae": ("VideoMAEForVideoClassification", 4),
    "timesformer": ("TimesformerForVideoClassification", 32),
    "vivit": ("VivitForVideoClassification", 2),
}
"""model_type -> (class of transformers, frame stride). The stride stands in no config: 16 x 4 (Tong et al., NeurIPS 2022), 8 x 32
(Bertasius et al., ICML 2021), 32 x 2 (Arnab et al., ICCV 2021), all on Kinetics; --spec stride=N gives another."""
_PROCESSORS = ("preprocessor_config.json", "video_preprocessor_config.json")
Config = dict[str, Any]


def is_folder(path: Path) -> bool:
    """Whether a path is a Hugging Face folder."""
    return (path / "config.json").is_file()


def open_classifier(
    name: str,
    device: torch.device,
    dtype: torch.dtype,
    *,
    labels: Sequence[str] | None = None,
    spec_fields: Sequence[str] = (),
) -> NetworkClassifier:
    """A classifier from a folder, or from the cache.

    Args:
        name: a path, or "hf:ORG/NAME".
        device: where it runs.
        dtype: its precision (autocast).
        labels: class names; else those of the config.
        given: of `--spec`.

    Raises:
        ClassifierError: transformers is missing, the model is of another kind, or wants to run code of its own.
        WeightsError: its weights are missing or do not fit.
        InputError: the cache does not hold it.
    """
    folder = _cached(name.removeprefix(CACHED)) if name.startswith(CACHED) else Path(name)
    config = _read(folder / "config.json")
    kind = str(config.get("model_type"))
    if "auto_map" in config:
        raise ClassifierError(
            f"{folder.name} wants to run code that came with it, so it is refused",
            code="hugging-face-model-unsupported",
            hint=f"models that transformers itself has the code of: {', '.join(MODELS)}",
        )
    if kind not in MODELS:
        raise ClassifierError(
            f"{folder.name} is a {kind!r} model",
            code="hugging-face-model-unsupported",
            hint=f"video classifiers that are known: {', '.join(MODELS)}",
        )
    beside = folder / "scsampler"
    fields = complete(
        {**_geometry(folder, config), **read_fields(beside, given)}, beside, folder.name
    )
    names = names_of(tuple(labels) if labels is not None else fields["labels"], folder.name)
    parts = weight_files(folder, config)
    network = _network(folder, MODELS[kind][0])
    classes = len(_label_names(folder, config))
    if classes != len(names):
        raise ClassifierError(
            f"{len(names)} labels for the {classes} classes of {folder.name}",
            code="label-count-mismatch",
            hint="give one name for each class",
        )
    spec = with_fields(InputSpec(), fields)
    laid = LayoutAdapter(network, fields["layout"], None, classes=len(names))
    shown = name if name.startswith(CACHED) else folder.name
    return NetworkClassifier(
        shown,
        laid,
        names,
        spec=spec,
        weights=WeightsInfo(folder.name, files_sha256(parts)),
        device=device,
        dtype=dtype,
        activation=fields["activation"],
        multi_label=fields.get("multi_label"),
        more_settings={"config": file_sha256(folder / "config.json")},
    )


def _label_names(folder: Path, config: Config) -> tuple[str, ...]:
    """The class names of a config, numbers where it has none; transformers' own default is two classes."""
    try:
        names = config.get("id2label")
        if not names:
            return numbered_labels(int(config.get("num_labels", 2)))
        return tuple(str(names[key]) for key in sorted(names, key=int))
    except (TypeError, ValueError) as error:
        raise ClassifierError(
            f"{folder.name}/config.json: id2label: {error}",
            code="hugging-face-folder-invalid",
            hint="is the folder whole?",
        ) from error


def _cached(name: str) -> Path:
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", name) or ".." in name:
        raise InputError(
            f"{CACHED}{name} is not {CACHED}ORG/NAME",
            code="hugging-face-folder-invalid",
            hint="such as hf:MCG-NJU/videomae-base-finetuned-kinetics",
        )
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError
    except ImportError as error:
        raise _no_transformers(name) from error
    try:
        return Path(snapshot_download(name, local_files_only=True))
    except (LocalEntryNotFoundError, HFValidationError) as error:
        raise InputError(
            f"the Hugging Face cache does not hold {name!r}",
            code="hugging-face-folder-invalid",
            hint=f"fetch it first: hf download {name}",
        ) from error


def _no_transformers(name: str) -> ClassifierError:
    return ClassifierError(
        f"{name} needs transformers, which is not installed",
        code="package-missing",
        hint="pip install transformers",
    )


def _read(path: Path) -> Config:
    try:
        found = json.loads(path.read_bytes())  # of any encoding
    except (OSError, ValueError) as error:
        raise ClassifierError(
            f"{path}: {error}", code="hugging-face-folder-invalid", hint="is the folder whole?"
        ) from error
    if not isinstance(found, dict):
        raise ClassifierError(
            f"{path} holds no JSON object",
            code="hugging-face-folder-invalid",
            hint="is the folder whole?",
        )
    return found


def _geometry(folder: Path, config: Config) -> dict[str, Any]:
    """The fields that config.json and the processor's config tell."""
    where = f"{folder.name}/config.json, "
    frames = config.get("num_frames", {"timesformer": 8, "vivit": 32}.get(config["model_type"], 16))
    side = config.get("image_size", 224)
    several = config.get("problem_type") == "multi_label_classification"
    fields: dict[str, Any] = {
        "frames": checked("frames", frames, f"{where}num_frames: "),
        "stride": MODELS[config["model_type"]][1],
        "crop": checked("crop", side, f"{where}image_size: "),
        "antialias": True,  # its processors work on PIL's pictures, or as PIL does
        "layout": "NTCHW",
        "activation": "sigmoid" if several else "softmax",
        "labels": _label_names(folder, config),
    }
    processor = next((folder / name for name in _PROCESSORS if (folder / name).is_file()), None)
    return fields if processor is None else fields | _processing(processor, side)


def _processing(path: Path, side: Any) -> dict[str, Any]:
    """resize, mean and std of a processor that computes ((x * rescale_factor - offset) - mean) / std on x in 0-255."""
    processor = _read(path)
    try:
        size = processor.get("size", side)
        if isinstance(size, dict):
            size = size.get("shortest_edge") or [size["height"], size["width"]]
        scale = (
            255 * processor.get("rescale_factor", 1 / 255)
            if processor.get("do_rescale", True)
            else 255.0
        )
        offset = 1.0 if processor.get("offset") else 0.0
        plain = not processor.get("do_normalize", True)
        mean = [0.0] * 3 if plain else processor["image_mean"]
        std = [1.0] * 3 if plain else processor["image_std"]
        found = {
            "resize": size,
            "mean": [(offset + value) / scale for value in mean],
            "std": [value / scale for value in std],
        }
    except (KeyError, TypeError, ZeroDivisionError) as error:
        raise ClassifierError(
            f"{path}: {type(error).__name__}: {error}",
            code="hugging-face-folder-invalid",
            hint="is the folder whole?",
        ) from error
    return {
        name: checked(name, value, f"{path.parent.name}/{path.name}, ")
        for name, value in found.items()
    }


def _network(folder: Path, class_name: str) -> nn.Module:
    try:
        import transformers
    except ImportError as error:
        raise _no_transformers(folder.name) from error
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    maker = getattr(transformers, class_name)
    try:
        network, loaded = maker.from_pretrained(
            folder,
            local_files_only=True,
            output_loading_info=True,
            dtype=torch.float32,
            ignore_mismatched_sizes=True,  # they are told below, in one line
        )
    except Exception as error:  # transformers raises whatever its parts raise
        raise WeightsError(
            f"{folder.name} cannot be loaded ({' '.join(str(error).split())[:200]})",
            code="hugging-face-folder-invalid",
            hint="are config.json and the weights whole, and of one model?",
        ) from error
    for what in ("missing_keys", "unexpected_keys", "mismatched_keys", "error_msgs"):
        if found := loaded.get(what):
            some = ", ".join(map(str, list(found)[:3]))
            raise WeightsError(
                f"weights of {folder.name} do not fit: {len(found)} {what.split('_')[0]}: {some}",
                code="weights-mismatch",
                hint="is it a model that was fine-tuned for classification?",
            )
    fitted: nn.Module = network
    return fitted
