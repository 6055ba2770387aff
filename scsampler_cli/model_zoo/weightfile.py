"""Weight files: safetensors with our metadata, or a state dict that loads without running code.

Metadata is one JSON object under the safetensors key "scsampler"; it says what the network is, so that a file is enough to
rebuild it. Which files ship is `bundled_file`'s business.
But: nothing is ever unpickled with code in it; converting such a file is left to its owner.
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
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from scsampler_cli.errors import OutputError, WeightsError
from scsampler_cli.files.output_paths import sibling
from scsampler_cli.model_zoo.bundled_weights import check_weight_file
from scsampler_cli.model_zoo.weights_info import WeightsInfo

FORMAT = "scsampler-weights/1"
_KEY = "scsampler"
_PREFIXES = ("module.", "_orig_mod.", "backbone.", "model.", "net.", "encoder.")
_CONVERSION = (
    'where you trust it: python -c "import torch; from safetensors.torch import save_model as s, save_file as f; '
    "m = torch.load('{name}', map_location='cpu', weights_only=False); "
    "s(m, '{stem}.safetensors') if isinstance(m, torch.nn.Module) else "
    "f({{k: v.contiguous() for k, v in m.get('state_dict', m).items()}}, '{stem}.safetensors')\""
)
"""How to make a file without code of a pickled module, or of a checkpoint with more in it than tensors."""
_WRAPPERS = ("state_dict", "model_state", "model_state_dict", "model", "net", "weights")


@dataclass(frozen=True)
class WeightFile:
    """Contents of one weight file."""

    metadata: dict[str, Any]
    """Our JSON object; empty for files that others made."""
    tensors: dict[str, Tensor]
    """State dict, on the CPU."""
    info: WeightsInfo


def read_weights(path: Path) -> WeightFile:
    """Read a weight file.

    Args:
        path: .safetensors, or .pth / .pt holding a state dict (possibly inside "state_dict", "model_state", ...).

    Raises:
        WeightsError: missing, truncated, not a state dict, or a pickle that would run code.
    """
    check_weight_file(path)
    digest = file_sha256(path)
    metadata, tensors = (
        _read_safetensors(path) if _is_safetensors(path) else ({}, _read_torch(path))
    )
    return WeightFile(metadata, strip_prefixes(tensors), WeightsInfo(path.name, digest))


def file_sha256(path: Path) -> str:
    """Hex digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def files_sha256(paths: Sequence[Path]) -> str:
    """Hex digest of one file, or that of the digests of several, one after the other."""
    digests = [file_sha256(path) for path in paths]
    return (
        digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()
    )


def leads_outside(name: str) -> bool:
    """True for a file's name, as a model has it, that leads out of the model's folder, on whatever system."""
    place = PurePosixPath(name)
    drive = PureWindowsPath(name).drive
    return place.is_absolute() or bool(drive) or ".." in place.parts or "\\" in name or "\0" in name


def _is_safetensors(path: Path) -> bool:
    return path.suffix == ".safetensors"


def read_metadata(path: Path) -> dict[str, Any]:
    """Our JSON object in a safetensors file, without its tensors; empty for a file that others made.

    Raises:
        WeightsError: missing or damaged.
    """
    check_weight_file(path)
    return _read_safetensors(path, False)[0]


def _read_safetensors(
    path: Path, with_tensors: bool = True
) -> tuple[dict[str, Any], dict[str, Tensor]]:
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            tensors = {
                name: file.get_tensor(name) for name in (file.keys() if with_tensors else ())
            }
        metadata = json.loads(header.get(_KEY, "{}"))
    except (SafetensorError, ValueError, OSError, RuntimeError) as error:
        raise WeightsError(
            f"weight file {path} is damaged or not safetensors ({error})", code="weights-damaged",
            hint="copy or download it again",
        ) from error
    if not isinstance(metadata, dict) or metadata.get("format", FORMAT) != FORMAT:
        raise WeightsError(
            f"weight file {path} has a format this version does not know",
            code="weights-format-unknown",
            hint="update scsampler",
        )
    return metadata, tensors


def _read_torch(path: Path) -> dict[str, Tensor]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # torch's remarks on old pickles; what matters is said below
            loaded = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        found = re.search(r"GLOBAL (\S+)", str(error))
        what = f"it holds {found[1]}" if found else "it is a pickle of another kind"
        raise WeightsError(
            f"weight file {path} is not a plain state dict ({what}); loading it could run code, so it is refused",
            code="weights-unsafe",
            hint=_CONVERSION.format(name=path.name, stem=path.stem),
        ) from error
    except (RuntimeError, EOFError, ValueError, KeyError, OSError, zipfile.BadZipFile) as error:
        # the keys of a KeyError are bytes of the file, which tell nobody anything
        reason = (
            "not a torch file"
            if isinstance(error, KeyError) or not str(error)
            else str(error).splitlines()[0]
        )
        raise WeightsError(
            f"weight file {path} is damaged ({reason})",
            code="weights-damaged",
            hint="copy or download it again",
        ) from error
    state = _unwrapped(loaded)
    if not state:
        raise WeightsError(
            f"weight file {path} holds no state dict",
            code="state-dict-missing",
            hint="save model.state_dict(), not the model",
        )
    return state


def _unwrapped(loaded: object) -> dict[str, Tensor]:
    """The state dict inside the usual wrappings of a checkpoint; empty when there is none."""
    if not isinstance(loaded, Mapping):
        return {}
    for key in _WRAPPERS:
        if isinstance(loaded.get(key), Mapping):
            return _unwrapped(loaded[key])
    return {str(name): value for name, value in loaded.items() if isinstance(value, Tensor)}


def strip_prefixes(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Remove wrappers' prefixes that every key carries ("module." of DataParallel, "backbone.", ...).

    Example: {"module.fc.bias": b} -> {"fc.bias": b}.
    """
    names = dict(tensors)
    changed = True
    while changed and names:
        changed = False
        for prefix in _PREFIXES:
            if all(name.startswith(prefix) for name in names):
                names = {name.removeprefix(prefix): value for name, value in names.items()}
                changed = True
    return names


def load_into(module: nn.Module, tensors: Mapping[str, Tensor], source: str) -> None:
    """Load a state dict strictly.

    Raises:
        WeightsError: with the missing, unexpected and misshapen keys, a few of each.
    """
    own = module.state_dict()
    counters = {
        name for name in own if name.endswith("num_batches_tracked")
    }  # absent from old checkpoints, unused
    faults = {
        "missing": sorted(set(own) - set(tensors) - counters),
        "unexpected": sorted(set(tensors) - set(own)),
        "misshapen": [
            f"{name} {tuple(tensors[name].shape)} instead of {tuple(own[name].shape)}"
            for name in sorted(set(own) & set(tensors))
            if own[name].shape != tensors[name].shape
        ],
    }
    if any(faults.values()):
        report = "; ".join(
            f"{len(keys)} {kind}: {_some(keys)}" for kind, keys in faults.items() if keys
        )
        raise WeightsError(
            f"weights of {source} do not fit the network: {report}", code="weights-mismatch",
            hint="check that the architecture and the number of classes are the ones these weights were trained for",
        )
    module.load_state_dict({**{name: own[name] for name in counters}, **tensors})


def _some(keys: list[str]) -> str:
    return ", ".join(keys[:3]) + (", ..." if len(keys) > 3 else "")


def in_half_precision(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors as they are written: on the CPU, floats in half precision, in alphabetical order."""
    found = {name: tensor.detach().cpu().contiguous() for name, tensor in sorted(tensors.items())}
    return {
        name: tensor.half() if tensor.is_floating_point() else tensor
        for name, tensor in found.items()
    }


def write_weights(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, Any]) -> None:
    """Write safetensors in half precision, atomically; the same input gives the same bytes.

    Raises:
        OutputError: the file cannot be written.
    """
    data = save(in_half_precision(tensors), {_KEY: json.dumps({"format": FORMAT, **metadata}, sort_keys=True)})
    part = sibling(path, ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(data)
        part.replace(path)
    except OSError as error:
        raise OutputError(
            f"cannot write {path}: {error.strerror or error}", code="write-failed",
            hint="name a file in a folder you may write to",
        ) from error
