"""Weight files: safetensors with scsampler's metadata, or a state dict that loads without code.

The metadata is one JSON object under the safetensors key "scsampler". It describes the network, so
that a file is enough to rebuild it.

Not handled here: pickles with code in them. They are refused; the error has a command to convert
them.
"""

from __future__ import annotations

import hashlib
import json
import pickle
import re
import warnings
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor, nn

from scsampler_cli.errors import OutputError, WeightsError
from scsampler_cli.files.output_paths import sibling
from scsampler_cli.model_zoo.bundled_weights import check_weight_file
from scsampler_cli.model_zoo.safetensors_file import read_safetensors
from scsampler_cli.model_zoo.shared_trunk import with_trunk
from scsampler_cli.model_zoo.weights_header import (
    FORMAT,
    METADATA_KEY,
    SAMPLER_KEY,
    SAMPLER_PREFIX,
    read_header,
)
from scsampler_cli.model_zoo.weights_info import WeightsInfo

_PREFIXES = ("module.", "_orig_mod.", "backbone.", "model.", "net.", "encoder.")
"""Prefixes that wrappers put before all names, such as DataParallel and torch.compile."""
_CONVERSION = (
    'if you trust the file, convert it: python -c "import torch; '
    "from safetensors.torch import save_model as s, save_file as f; "
    "m = torch.load('{name}', map_location='cpu', weights_only=False); "
    "s(m, '{stem}.safetensors') if isinstance(m, torch.nn.Module) else "
    "f({{k: v.contiguous() for k, v in m.get('state_dict', m).items()}}, '{stem}.safetensors')\""
)
"""Command that converts a pickled module, or a checkpoint with other objects than tensors."""
_WRAPPERS = ("state_dict", "model_state", "model_state_dict", "model", "net", "weights")
"""Keys under which checkpoints hold their state dict."""


@dataclass(frozen=True)
class WeightFile:
    """Contents of one weight file."""

    metadata: dict[str, Any]
    """scsampler's metadata; empty for files of other programs."""
    tensors: dict[str, Tensor]
    """State dict, on the CPU; with the trunk that the file shares with others."""
    info: WeightsInfo
    sampler: WeightFile | None = None
    """The sampler that a classifier's file may hold besides; `info` is that of the same file."""

    def part_for(self, kind: str) -> WeightFile:
        """The network for "classifier", or for the input of a sampler.

        Only a file that holds both has a choice.
        """
        return self if kind == "classifier" else self.sampler or self


def read_weights(path: str | Path) -> WeightFile:
    """Read a weight file.

    Args:
        path: .safetensors; or .pth / .pt with a state dict, which may be in a checkpoint under
            "state_dict", "model_state" and the like.

    Raises:
        WeightsError: missing, truncated, not a state dict, a pickle that would run code, or of a
            later format; or the ImageNet network that it shares is missing or another one.
    """
    path = Path(path)
    check_weight_file(path)
    # results contain it, so that they can be traced
    digest = file_sha256(path)
    info = WeightsInfo(path.name, digest)
    if path.suffix != ".safetensors":
        return WeightFile({}, strip_prefixes(_read_torch(path)), info)
    metadata, tensors = read_safetensors(path)
    about = metadata.get(SAMPLER_KEY)
    if not isinstance(about, dict):
        return _whole(metadata, strip_prefixes(tensors), info)
    # two networks in one file
    parts: tuple[dict[str, Tensor], dict[str, Tensor]] = {}, {}
    for name, tensor in tensors.items():
        is_sampler = name.startswith(SAMPLER_PREFIX)
        parts[is_sampler][name.removeprefix(SAMPLER_PREFIX)] = tensor
    return _whole(metadata, parts[0], info, sampler=_whole(about, parts[1], info))


def _whole(
    metadata: dict[str, Any],
    tensors: dict[str, Tensor],
    info: WeightsInfo,
    *,
    sampler: WeightFile | None = None,
) -> WeightFile:
    """A network of a file, with the trunk that it shares with others."""
    return WeightFile(metadata, with_trunk(tensors, metadata, info.source), info, sampler=sampler)


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def files_sha256(paths: Sequence[Path]) -> str:
    """SHA-256 of one file; for several files the SHA-256 of their digests, in order. In hex."""
    digests = [file_sha256(path) for path in paths]
    if len(digests) == 1:
        return digests[0]
    return hashlib.sha256("".join(digests).encode()).hexdigest()


def leads_outside(name: str) -> bool:
    """True where a file name in a model may lead out of the model's folder, on any system."""
    path = PurePosixPath(name)
    # Windows has drives and backslashes; a NUL byte ends the name for C libraries
    drive = PureWindowsPath(name).drive
    return path.is_absolute() or bool(drive) or ".." in path.parts or "\\" in name or "\0" in name


def read_metadata(path: str | Path) -> dict[str, Any]:
    """scsampler's metadata in a safetensors file; empty for a file of another program.

    The tensors are not read.

    Raises:
        WeightsError: missing or damaged.
    """
    return read_header(Path(path))


def _read_torch(path: Path) -> dict[str, Tensor]:
    try:
        with warnings.catch_warnings():
            # torch warns of old pickles; the errors below report what matters
            warnings.simplefilter("ignore")
            loaded = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        # torch names the first function that the pickle would call
        found = re.search(r"GLOBAL (\S+)", str(error))
        what = f"it holds {found[1]}" if found else "it is a pickle of another kind"
        raise WeightsError(
            f"weight file {path} is not a plain state dict ({what}); "
            "loading it could run code, so it is refused",
            code="weights-unsafe",
            hint=_CONVERSION.format(name=path.name, stem=path.stem),
        ) from error
    except (RuntimeError, EOFError, ValueError, KeyError, OSError, zipfile.BadZipFile) as error:
        reason = "not a torch file"
        # the text of a KeyError is bytes of the file
        if str(error) and not isinstance(error, KeyError):
            reason = str(error).splitlines()[0]
        raise WeightsError(
            f"weight file {path} is damaged ({reason})",
            code="weights-damaged",
            hint="copy or download it again",
        ) from error
    # checkpoints of training scripts have the state dict under some key
    state = _unwrapped(loaded)
    if not state:
        raise WeightsError(
            f"weight file {path} holds no state dict",
            code="state-dict-missing",
            hint="save model.state_dict(), not the model",
        )
    return state


def _unwrapped(loaded: object) -> dict[str, Tensor]:
    """The state dict in a checkpoint; empty where there is none."""
    if not isinstance(loaded, Mapping):
        return {}
    for key in _WRAPPERS:
        if isinstance(loaded.get(key), Mapping):
            return _unwrapped(loaded[key])
    # counters such as an epoch are no tensors
    return {str(name): value for name, value in loaded.items() if isinstance(value, Tensor)}


def strip_prefixes(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Remove the prefixes of wrappers that all names have, such as "module." of DataParallel.

    Example: {"module.fc.bias": b} -> {"fc.bias": b}.
    """
    stripped = dict(tensors)
    changed = True
    # wrappers may be nested in any order
    while changed and stripped:
        changed = False
        for prefix in _PREFIXES:
            if all(name.startswith(prefix) for name in stripped):
                stripped = {name.removeprefix(prefix): value for name, value in stripped.items()}
                changed = True
    return stripped


def load_into(module: nn.Module, tensors: Mapping[str, Tensor], source: str) -> None:
    """Load a state dict that must have all tensors of the module, and no others.

    Args:
        module: the network.
        tensors: state dict.
        source: name of its file, for the error.

    Raises:
        WeightsError: with the missing and unexpected names and the wrong shapes, a few of each.
    """
    own = module.state_dict()
    # old checkpoints lack these counters, and inference does not use them
    counters = {name for name in own if name.endswith("num_batches_tracked")}
    # of the names that both have
    misshapen = []
    for name in sorted(set(own) & set(tensors)):
        shape, own_shape = tuple(tensors[name].shape), tuple(own[name].shape)
        if shape != own_shape:
            misshapen.append(f"{name} {shape} instead of {own_shape}")
    faults = {
        "missing": sorted(set(own) - set(tensors) - counters),
        "unexpected": sorted(set(tensors) - set(own)),
        "misshapen": misshapen,
    }
    if any(faults.values()):
        parts = [f"{len(keys)} {kind}: {_first(keys)}" for kind, keys in faults.items() if keys]
        raise WeightsError(
            f"weights of {source} do not fit the network: {'; '.join(parts)}",
            code="weights-mismatch",
            hint="check that the architecture and the number of classes are the ones "
            "these weights were trained for",
        )
    module.load_state_dict({**{name: own[name] for name in counters}, **tensors})


def _first(keys: list[str]) -> str:
    """The first three keys for a message."""
    return ", ".join(keys[:3]) + (", ..." if len(keys) > 3 else "")


def in_half_precision(tensors: Mapping[str, Tensor], single_up_to: int = 0) -> dict[str, Tensor]:
    """Tensors as they are written: on the CPU, floats in half precision, in alphabetical order.

    Args:
        tensors: state dict.
        single_up_to: tensors of at most this number of values stay in single precision.
    """
    written = {}
    for name, tensor in sorted(tensors.items()):
        value = tensor.detach().cpu().contiguous()
        is_halved = value.is_floating_point() and value.numel() > single_up_to
        written[name] = value.half() if is_halved else value
    return written


def write_weights(
    path: Path,
    tensors: Mapping[str, Tensor],
    metadata: Mapping[str, Any],
    *,
    single_up_to: int = 0,
) -> None:
    """Write safetensors in half precision. The same input gives the same bytes.

    Args:
        path: the file; it appears under its name when it is complete.
        tensors: state dict.
        metadata: description of the network, for JSON.
        single_up_to: as in `in_half_precision`.

    Raises:
        OutputError: the file cannot be written.
    """
    text = json.dumps({"format": FORMAT, **metadata}, sort_keys=True)
    data = save(in_half_precision(tensors, single_up_to), {METADATA_KEY: text})
    # renamed when complete, so that no half file has the name
    part = sibling(path, ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(data)
        part.replace(path)
    except OSError as error:
        raise OutputError(
            f"cannot write {path}: {error.strerror or error}",
            code="write-failed",
            hint="name a file in a folder you may write to",
        ) from error
