"""The ImageNet network that weight files share: it comes with the package, once.

A network on frozen features differs from another one in its last layer alone. Its file leaves out
the tensors of the trunk, and its metadata states which ones they are:
`"trunk": {"file": NAME, "sha256": DIGEST}`. `read_weights` gives the whole network.
A trunk that training has changed stays in its file.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from scsampler_cli.errors import WeightsError
from scsampler_cli.model_zoo.bundled_weights import TRUNK, bundled_file
from scsampler_cli.model_zoo.safetensors_file import read_safetensors

PREFIX = "trunk."
KEY = "trunk"
_COUNTERS = "num_batches_tracked"
"""Of batch normalisations: steps of training, which inference does not use."""


def without_trunk(tensors: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, str] | None]:
    """Tensors without the shared trunk, if it is exactly the bundled one.

    Args:
        tensors: state dict of a network.

    Returns:
        what is to be written, and the value of KEY in the metadata; all tensors and None for a
        network without a trunk, with another one, or where the bundled one is missing.
    """
    path = bundled_file(TRUNK)
    own = {name: value for name, value in tensors.items() if name.startswith(PREFIX)}
    if not own or not path.is_file():
        return dict(tensors), None
    shared, sha256 = _trunk_at(path)
    if not _are_equal(own, shared):
        return dict(tensors), None
    rest = {name: value for name, value in tensors.items() if name not in own}
    return rest, {"file": TRUNK, "sha256": sha256}


def with_trunk(
    tensors: Mapping[str, Tensor], metadata: Mapping[str, Any], source: str
) -> dict[str, Tensor]:
    """Tensors of a file with those of the trunk that its metadata states, if it states one.

    Args:
        tensors: of the file.
        metadata: of the file.
        source: name of the file, for the error.

    Raises:
        WeightsError: the trunk is missing, or is another one.
    """
    stated = metadata.get(KEY)
    if stated is None:
        return dict(tensors)
    path = bundled_file(TRUNK)
    name, digest = shared_by(metadata), stated.get("sha256") if isinstance(stated, dict) else None
    if name == TRUNK and not path.is_file():
        raise WeightsError(
            f"{source} shares the network {TRUNK}, and there is no {path}",
            code="trunk-missing",
            hint="install scsampler again: the file comes with it",
        )
    shared, sha256 = _trunk_at(path) if name == TRUNK else ({}, "")
    if name != TRUNK or digest != sha256:
        raise WeightsError(
            f"{source} was trained on another network {name!r} than the one of this version",
            code="trunk-mismatch",
            hint="use the version that wrote the file, or train it again",
        )
    return {**shared, **tensors}


def shared_by(metadata: Mapping[str, Any]) -> str | None:
    """Name of the network that a file shares, by its metadata; None where it shares none."""
    stated = metadata.get(KEY)
    return str(stated.get("file")) if isinstance(stated, dict) else None


def _trunk_at(path: Path) -> tuple[dict[str, Tensor], str]:
    """Tensors and digest of the trunk in a file."""
    status = path.stat()
    return _read(path, status.st_size, status.st_mtime_ns)


# a classifier and its sampler have the same trunk: read once in a process
@functools.lru_cache(maxsize=1)
def _read(path: Path, size: int, changed_ns: int) -> tuple[dict[str, Tensor], str]:
    _, every = read_safetensors(path)
    tensors = {name: value for name, value in sorted(every.items()) if name.startswith(PREFIX)}
    sha256 = hashlib.sha256()
    for name, value in tensors.items():
        sha256.update(name.encode())
        sha256.update(value.contiguous().numpy().tobytes())
    return tensors, sha256.hexdigest()


def _are_equal(own: Mapping[str, Tensor], shared: Mapping[str, Tensor]) -> bool:
    """Whether a network has exactly the values of the trunk, some of them in half precision."""
    if set(own) != set(shared):
        return False
    return all(
        torch.equal(own[name].cpu().float(), shared[name].float())
        for name in own
        if not name.endswith(_COUNTERS)
    )
