"""Open a text-image model from a Hugging Face folder (the extra `hf`).

Nothing is downloaded, and no code of a folder is ever run.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

from scsampler_cli.classifiers.base import InputSpec
from scsampler_cli.classifiers.huggingface_files import weight_files
from scsampler_cli.classifiers.huggingface_folder import (
    CACHED,
    Config,
    folder_of,
    no_transformers,
    read_config,
)
from scsampler_cli.classifiers.huggingface_network import load_network
from scsampler_cli.classifiers.huggingface_processor import processor_fields, size_in_patches
from scsampler_cli.classifiers.model_spec import (
    GEOMETRY,
    SpecFields,
    check_field,
    parse_fields,
    read_fields,
    with_fields,
)
from scsampler_cli.classifiers.text_image.families import FAMILIES, Family, family_of
from scsampler_cli.classifiers.text_image.text_image_model import TextImageModel
from scsampler_cli.classifiers.text_image.text_tower import TextTower
from scsampler_cli.classifiers.text_image.towers import ClipTower, FrameTower
from scsampler_cli.errors import ClassifierError, SettingsError
from scsampler_cli.files.urls import check_read
from scsampler_cli.model_zoo.weightfile import file_sha256, files_sha256
from scsampler_cli.model_zoo.weights_info import WeightsInfo

DEFAULT_MODEL = f"{CACHED}openai/clip-vit-base-patch32"
"""The model of `find` where the user names none."""
_TOKENIZERS = {"sentencepiece": "sentencepiece", "protobuf": "google.protobuf"}
"""Packages that the tokenizers of some models need, with their modules."""
OF_ANSWERS = ("labels", "activation", "multi_label")
"""Spec fields of a classifier, which do not concern the vectors."""
_INCOMPLETE = "is the folder complete, and of one model?"


def open_text_image_model(
    name: str, device: torch.device, dtype: torch.dtype, *, spec_fields: Sequence[str] = ()
) -> TextImageModel:
    """A text-image model by the path of its folder, or by "hf:ORG/NAME" from the cache.

    Args:
        name: of the model.
        device: where it runs.
        dtype: precision of its image tower.
        spec_fields: options KEY=VALUE of the clip geometry, which replace the folder's.

    Raises:
        ClassifierError: it is no text-image model, a package is missing, or the folder is
            incomplete.
        WeightsError: its weights are missing or do not fit.
        InputError: the cache does not have it, or the name is a URL.
        SettingsError: a spec field has a wrong value.
    """
    if not name.startswith(CACHED):
        _check_folder(name)
    folder = folder_of(name)
    config = read_config(folder, ", ".join(FAMILIES))
    family = family_of(config)
    if family is None:
        raise ClassifierError(
            f"{folder.name} is a {config.get('model_type')!r} model, which does not compare "
            "pictures with sentences",
            code="hugging-face-model-unsupported",
            hint=f"models that do: {', '.join(FAMILIES)}",
        )
    for option in set(parse_fields(spec_fields)) & set(OF_ANSWERS):
        raise SettingsError(
            f"{option} has no effect on the vectors of {folder.name}",
            code="no-effect",
            hint=f"fields: {', '.join(GEOMETRY)}",
        )
    fields = read_fields(folder / "scsampler", spec_fields)
    # the file of a folder may have them for classify
    for field in OF_ANSWERS:
        fields.pop(field, None)
    return open_folder(name, folder, config, fields=fields, device=device, dtype=dtype)


def _check_folder(name: str) -> None:
    """Refuse a name that is no folder, such as that of another classifier.

    Raises:
        InputError: it is a URL.
        ClassifierError: there is no such folder.
    """
    check_read(name)
    # os.path.isdir is False for a folder that may not be entered, where Path.is_dir raises
    if not os.path.isdir(name):  # noqa: PTH112
        raise ClassifierError(
            f"{name!r} is not a folder with a text-image model",
            code="hugging-face-folder-invalid",
            hint=f"give the path of such a folder, or {CACHED}ORG/NAME for one in the Hugging Face "
            "cache",
        )


def open_folder(
    name: str,
    folder: Path,
    config: Config,
    *,
    fields: SpecFields,
    device: torch.device,
    dtype: torch.dtype,
) -> TextImageModel:
    """The same from a folder whose config is read and known.

    Args:
        name: of the model, for the user.
        folder: its folder.
        config: contents of config.json, of one of the families.
        fields: spec fields of the user.
        device: where it runs.
        dtype: precision of its image tower.

    Raises:
        as `open_text_image_model`.
    """
    if others := set(fields) - set(GEOMETRY):
        raise SettingsError(
            f"{min(others)} of {folder.name} cannot be changed",
            code="model-spec-fixed",
            hint="leave it out",
        )
    family = FAMILIES[str(config["model_type"])]
    own = _geometry(folder, config, family)
    fields = {**own, **fields}
    if missing := [field for field in ("resize", "mean", "std") if field not in fields]:
        raise ClassifierError(
            f"{folder.name} does not say how pictures are made ({', '.join(missing)}): it has no "
            "preprocessor_config.json",
            code="hugging-face-folder-invalid",
            hint=_INCOMPLETE,
        )
    _check_fixed(folder.name, own, fields, family=family)
    patch = _patch(config) if family.takes_patches else None
    if patch is not None:
        _check_patches(folder.name, fields["crop"], patch)

    # checked before transformers loads them
    parts = weight_files(folder, config)
    model = load_network(folder, family.model_class, _INCOMPLETE).to(device).eval()
    text = TextTower(model, _tokenizer(folder), family, folder=folder)
    tower = ClipTower(model) if family.reads_clips else FrameTower(model, patch)
    return TextImageModel(
        name if name.startswith(CACHED) else folder.name,
        tower,
        text,
        family=family,
        spec=with_fields(InputSpec(), fields),
        # the name only: a path is of one machine
        weights=WeightsInfo(folder.name, files_sha256(parts)),
        settings={
            "config": file_sha256(folder / "config.json"),
            "tokenizer": text.sha256,
        },
        device=device,
        dtype=dtype,
    )


def _geometry(folder: Path, config: Config, family: Family) -> SpecFields:
    """The spec fields of a folder, without those that it lacks.

    Raises:
        ClassifierError: the processor makes pictures of another size than the network takes.
    """
    vision = config.get("vision_config") or {}
    # a config lacks what equals the default of its class in transformers
    side = vision.get("image_size", 224)
    where = f"{folder.name}/config.json, vision_config, "
    frames = vision.get("num_frames", 8) if family.reads_clips else family.frames
    kind = str(config["model_type"])
    fields = {
        "frames": check_field("frames", frames, f"{where}num_frames: "),
        "stride": family.stride,
        "crop": check_field("crop", side, f"{where}image_size: "),
    }
    of_processor = processor_fields(folder, side=side, model_type=kind)
    crop = of_processor.get("crop", fields["crop"])
    if crop != fields["crop"] and not family.takes_patches:
        raise ClassifierError(
            f"{folder.name}: the processor makes pictures of {crop[0]} x {crop[1]}, and the "
            f"network takes {fields['crop'][0]} x {fields['crop'][1]}",
            code="hugging-face-folder-invalid",
            hint=_INCOMPLETE,
        )
    return fields | of_processor


def _check_fixed(name: str, own: SpecFields, fields: SpecFields, *, family: Family) -> None:
    """Refuse a geometry that the network cannot take.

    Raises:
        SettingsError: it cannot.
    """
    fixed = ["frames"] if family.reads_clips else []
    if not family.takes_patches:
        fixed.append("crop")
    for field in fixed:
        if fields[field] != own[field]:
            raise SettingsError(
                f"{field} of {name} is {own[field]}, and cannot be {fields[field]}",
                code="model-spec-fixed",
                hint="leave it out",
            )


def _check_patches(name: str, crop: tuple[int, int], patch: int) -> None:
    """Refuse a picture that is not whole patches.

    Raises:
        SettingsError: it is not.
    """
    if crop[0] % patch or crop[1] % patch:
        height, width = size_in_patches((1080, 1920), patch_size=patch)
        raise SettingsError(
            f"crop {crop[0]} x {crop[1]} of {name} is not whole patches of {patch} pixels",
            code="model-spec-invalid",
            hint=f"resize and crop in multiples of {patch}, such as {height},{width} for video of "
            "16:9",
        )


def _patch(config: Config) -> int:
    """Side of the patches of a model that gets a list of them, in pixels."""
    return int((config.get("vision_config") or {}).get("patch_size", 16))


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    # the package that a module is in
    except ModuleNotFoundError:
        return False


def _tokenizer(folder: Path) -> Any:
    try:
        from transformers import AutoTokenizer
    except ImportError as error:
        raise no_transformers(folder.name) from error
    try:
        return AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except Exception as error:  # transformers passes on the exceptions of many libraries
        missing = [name for name, module in _TOKENIZERS.items() if not _is_installed(module)]
        needed = [name for name in missing if name in str(error).lower()]
        if needed:
            raise ClassifierError(
                f"the tokenizer of {folder.name} needs {needed[0]}, which is not installed",
                code="package-missing",
                hint=f"pip install {' '.join(missing)}",
            ) from error
        raise ClassifierError(
            f"the tokenizer of {folder.name} cannot be loaded "
            f"({' '.join(str(error).split())[:200]})",
            code="hugging-face-folder-invalid",
            hint=_INCOMPLETE,
        ) from error
