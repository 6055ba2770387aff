"""Records of weight files: the bundled files and the public checkpoints, or named files.

Not handled here: whether a file fits a network. No network is built.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scsampler_cli.classifiers.builtin import BUILTINS, data_labels
from scsampler_cli.errors import ScsamplerError
from scsampler_cli.files.urls import local_path
from scsampler_cli.model_zoo.bundled_weights import bundled_dir
from scsampler_cli.model_zoo.public import PUBLIC, cached_path
from scsampler_cli.model_zoo.shared_trunk import shared_by
from scsampler_cli.model_zoo.weightfile import read_weights
from scsampler_cli.model_zoo.weights_header import SAMPLER_KEY
from scsampler_cli.output.records import failure

Record = dict[str, Any]
_CALIBRATION = {"temperature", "ece_before", "ece_after", "clips", "videos"}


@dataclass(frozen=True)
class _Entry:
    name: str
    path: Path
    where: str
    """"bundled", "cached" or "missing" (for public checkpoints), or "file"."""
    metadata: Record = field(default_factory=dict)
    """Metadata that the file itself does not have."""


def weight_records(
    files: Sequence[Path], on_failure: Callable[[ScsamplerError], None]
) -> Iterator[Record]:
    """Yield a JSON-able record for each weight file; a file that cannot be read is a failed record.

    Args:
        files: the files; if empty, the bundled files and the public checkpoints.
        on_failure: called with the error of each file that cannot be read.
    """
    named = [_Entry(str(path), path, "file") for path in map(local_path, files)]
    for entry in named or (*_bundled(), *_public()):
        try:
            yield _record(entry)
        except ScsamplerError as error:
            on_failure(error)
            # as records of videos: a failure does not end the list
            yield {
                **failure("weights", str(entry.path), error),
                "name": entry.name,
                "where": entry.where,
            }


def _bundled() -> Iterator[_Entry]:
    for path in sorted(bundled_dir().glob("*.safetensors")):
        yield _Entry(path.stem, path, "bundled")


def _public() -> Iterator[_Entry]:
    for name, checkpoint in PUBLIC.items():
        path = cached_path(name)
        known: Record = {"data": checkpoint.data, "url": checkpoint.url}
        if name in BUILTINS:
            # checkpoints hold weights alone: network and labels are known by name
            built = BUILTINS[name]
            labels = list(data_labels(built.data, built.classes))
            known |= {"kind": "classifier", "arch": built.network, "labels": labels}
        else:
            # ImageNet weights: samplers start from them (App. B.1), and no clip is classified
            known |= {
                "kind": "start",
                "arch": name,
                "labels": list(data_labels(checkpoint.data, 1000)),
            }
        yield _Entry(name, path, "cached" if path.is_file() else "missing", metadata=known)


def _record(entry: _Entry) -> Record:
    file = None
    metadata = entry.metadata
    if entry.where != "missing":
        file = read_weights(entry.path)
        metadata = {**metadata, **file.metadata}
    labels = metadata.get("labels")
    # the kind of a sampler is its input, such as "md"
    kind = metadata.get("kind")
    if kind == "sampler":
        kind = metadata.get("input")
    return {
        "schema": "scsampler.weights/1",
        "path": str(entry.path),
        "status": "ok",
        "name": entry.name,
        "kind": kind,
        "arch": metadata.get("arch"),
        "objective": metadata.get("objective"),
        # the names are in "metadata"
        "labels": len(labels) if isinstance(labels, list) else None,
        # one of the labels
        "background": metadata.get("background"),
        "bytes": None if file is None else entry.path.stat().st_size,
        "sha256": None if file is None else file.info.sha256,
        "where": entry.where,
        # the bundled network that the file leaves out
        "shares": shared_by(metadata),
        # of a classifier that brings its sampler
        "sampler": _sampler(metadata.get(SAMPLER_KEY)),
        "calibration": _calibration(metadata.get("calibration")),
        "data": _data(metadata.get("data")),
        "metadata": metadata,
    }


def _sampler(metadata: object) -> Record | None:
    """The sampler in the file of a classifier, as the record of a file of its own has it."""
    if not isinstance(metadata, dict):
        return None
    labels = metadata.get("labels")
    return {
        "kind": metadata.get("input"),
        "arch": metadata.get("arch"),
        "objective": metadata.get("objective"),
        "labels": len(labels) if isinstance(labels, list) else None,
        "background": metadata.get("background"),
        "shares": shared_by(metadata),
    }


def _calibration(found: object) -> Record | None:
    """The calibration of a classifier; None for anything but numbers."""
    if not isinstance(found, dict) or not found.keys() >= _CALIBRATION:
        return None
    return found if all(isinstance(value, int | float) for value in found.values()) else None


def _data(data: object) -> str | None:
    """The description of the training data; files that `train` wrote have numbers besides it."""
    text = data.get("text") if isinstance(data, dict) else data
    return str(text) if text else None
