"""Hugging Face folders as classifiers (the extra `hf`): VideoMAE, TimeSformer, ViViT, text-image.

A folder is given by its path, or as "hf:ORG/NAME" if it is in the Hugging Face cache. Nothing is
downloaded, and no code of a folder is ever run.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from scsampler_cli.classifiers.base import InputSpec
from scsampler_cli.classifiers.huggingface_files import weight_files
from scsampler_cli.classifiers.huggingface_folder import (
    CACHED,
    Config,
    folder_of,
    read_config,
)
from scsampler_cli.classifiers.huggingface_network import load_network
from scsampler_cli.classifiers.huggingface_processor import processor_fields
from scsampler_cli.classifiers.labels import distinct, names_of, numbered_labels
from scsampler_cli.classifiers.model_files.base import LayoutAdapter
from scsampler_cli.classifiers.model_spec import (
    check_field,
    complete,
    read_fields,
    with_fields,
)
from scsampler_cli.classifiers.network import NetworkClassifier
from scsampler_cli.classifiers.text_image.families import FAMILIES
from scsampler_cli.classifiers.text_image.label_wording import NO_WORDING, Wording, check_has_effect
from scsampler_cli.classifiers.text_image.open_model import open_folder
from scsampler_cli.classifiers.text_image.sentence_classifier import sentence_classifier
from scsampler_cli.errors import ClassifierError
from scsampler_cli.model_zoo.weightfile import file_sha256, files_sha256
from scsampler_cli.model_zoo.weights_info import WeightsInfo

MODELS = {
    "videomae": ("VideoMAEForVideoClassification", 4),
    "timesformer": ("TimesformerForVideoClassification", 32),
    "vivit": ("VivitForVideoClassification", 2),
}
"""(class of transformers, frame stride) by model_type.

No config contains the stride. These are for Kinetics: 16 frames x 4 (Tong et al., NeurIPS 2022), 8
x 32 (Bertasius et al., ICML 2021), 32 x 2 (Arnab et al., ICCV 2021). The spec field `stride`
replaces it."""


def open_classifier(
    name: str,
    device: torch.device,
    dtype: torch.dtype,
    *,
    labels: Sequence[str] | None = None,
    spec_fields: Sequence[str] = (),
    wording: Wording = NO_WORDING,
) -> NetworkClassifier:
    """A classifier from a folder, or from the cache.

    Args:
        name: a path, or "hf:ORG/NAME".
        device: device of the network.
        dtype: precision of the network (autocast).
        labels: class names; else those of the config.
        spec_fields: options KEY=VALUE, which replace what the folder's configs have.
        wording: of the labels of a text-image model.

    Raises:
        ClassifierError: transformers is missing, the model is of another family, or it comes with
            code of its own.
        WeightsError: its weights are missing or do not fit.
        InputError: the cache does not have it.
    """
    folder = folder_of(name)
    config = read_config(folder, ", ".join((*MODELS, *FAMILIES)))
    # a config may lack it
    kind = str(config.get("model_type"))
    if kind in FAMILIES:
        return _sentence_classifier(
            name,
            folder,
            config,
            labels=labels,
            spec_fields=spec_fields,
            wording=wording,
            device=device,
            dtype=dtype,
        )
    if kind not in MODELS:
        raise ClassifierError(
            f"{folder.name} is a {kind!r} model",
            code="hugging-face-model-unsupported",
            hint=f"models that are known: {', '.join((*MODELS, *FAMILIES))}",
        )
    check_has_effect(wording, folder.name)

    # the spec may be in scsampler.toml in the folder
    model = folder / "scsampler"
    fields = {**_fields_of_configs(folder, config), **read_fields(model, spec_fields)}
    fields = complete(fields, model, folder.name)
    names = names_of(tuple(labels) if labels is not None else fields["labels"], folder.name)

    # the weight files are checked before transformers loads them
    parts = weight_files(folder, config)
    network = load_network(
        folder, MODELS[kind][0], "is it a model that was fine-tuned for classification?"
    )
    # outputs of the network
    classes = len(_label_names(folder, config))
    if classes != len(names):
        raise ClassifierError(
            f"{len(names)} labels for the {classes} classes of {folder.name}",
            code="label-count-mismatch",
            hint="give one name for each class",
        )
    return NetworkClassifier(
        name if name.startswith(CACHED) else folder.name,
        LayoutAdapter(network, fields["layout"], None, classes=len(names)),
        names,
        spec=with_fields(InputSpec(), fields),
        # the name only: a path is of one machine
        weights=WeightsInfo(folder.name, files_sha256(parts)),
        device=device,
        dtype=dtype,
        activation=fields["activation"],
        multi_label=fields.get("multi_label"),
        background=fields.get("background"),
        # the answers depend on the config, too
        more_settings={"config": file_sha256(folder / "config.json")},
    )


def _sentence_classifier(
    name: str,
    folder: Path,
    config: Config,
    *,
    labels: Sequence[str] | None,
    spec_fields: Sequence[str],
    wording: Wording,
    device: torch.device,
    dtype: torch.dtype,
) -> NetworkClassifier:
    """A text-image model as a classifier; arguments as `open_classifier`."""
    fields = read_fields(folder / "scsampler", spec_fields)
    answer = {key: fields.pop(key, None) for key in ("activation", "multi_label")}
    named = fields.pop("labels", None)
    if labels is None and named is not None:
        labels = names_of(named, folder.name)
    if labels is None:
        raise ClassifierError(
            f"{folder.name} compares pictures with sentences: it needs labels",
            code="sentences-missing",
            hint='give the classes in plain words, such as "a goal, a dog"',
        )
    model = open_folder(name, folder, config, fields=fields, device=device, dtype=dtype)
    words = distinct([label.strip() for label in labels], folder.name)
    return sentence_classifier(model, words, wording, **answer)


def _label_names(folder: Path, config: Config) -> tuple[str, ...]:
    """The class names of a config; numbers where it has none."""
    try:
        names = config.get("id2label")
        if not names:
            # two classes are the default of transformers
            return numbered_labels(int(config.get("num_labels", 2)))
        # keys of JSON objects are strings: "10" must come after "9"
        return tuple(str(names[key]) for key in sorted(names, key=int))
    except (TypeError, ValueError) as error:
        raise ClassifierError(
            f"{folder.name}/config.json: id2label: {error}",
            code="hugging-face-folder-invalid",
            hint="is the folder complete?",
        ) from error


def _fields_of_configs(folder: Path, config: Config) -> dict[str, Any]:
    """The spec fields in config.json and in the processor's config."""
    where = f"{folder.name}/config.json, "
    # a config lacks what equals the default of its class in transformers
    default_frames = {"timesformer": 8, "vivit": 32}.get(config["model_type"], 16)
    frames = config.get("num_frames", default_frames)
    # a number, or [height, width]
    side = config.get("image_size", 224)
    is_multi_label = config.get("problem_type") == "multi_label_classification"
    fields: dict[str, Any] = {
        "frames": check_field("frames", frames, f"{where}num_frames: "),
        "stride": MODELS[config["model_type"]][1],
        "crop": check_field("crop", side, f"{where}image_size: "),
        # the processors resize with PIL, or as PIL does
        "antialias": True,
        "layout": "NTCHW",
        "activation": "sigmoid" if is_multi_label else "softmax",
        "labels": _label_names(folder, config),
    }
    return fields | processor_fields(folder, side=side, model_type=config["model_type"])
