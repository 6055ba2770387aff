"""Records of weight files with their metadata: those that ship and torchvision's public ones, or any that are named.

But: no network is built; whether a file fits one shows when it is used.
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
from scsampler_cli.model_zoo.weightfile import read_weights
from scsampler_cli.output.records import failure

Record = dict[str, Any]


@dataclass(frozen=True)
class _Entry:
    name: str
    path: Path
    where: str
    """"shipped", "cached" and "missing" (of public weights), or "file"."""
    metadata: Record = field(default_factory=dict)
    """What is known of a file that does not say it itself."""


def catalogue(files: Sequence[Path], failed: Callable[[ScsamplerError], None]) -> Iterator[Record]:
    """Yield a JSON-able record for each weight file; a file that cannot be read is a failed record.

    Args:
        files: to be shown; none: what ships and what is public.
        failed: told of each file that cannot be read.
    """
    named = [_Entry(str(path), path, "file") for path in map(local_path, files)]
    for entry in named or (*_read_bundled(), *_public()):
        try:
            yield _record(entry)
        except ScsamplerError as error:
            failed(error)
            yield {
                **failure("weights", str(entry.path), error),
                "name": entry.name,
                "where": entry.where,
            }


def _read_bundled() -> Iterator[_Entry]:
    for path in sorted(bundled_dir().glob("*.safetensors")):
        yield _Entry(path.stem, path, "shipped")


def _public() -> Iterator[_Entry]:
    for name, checkpoint in PUBLIC.items():
        path = cached_path(name)
        known: Record = {"data": checkpoint.data, "url": checkpoint.url}
        if name in BUILTINS:
            built = BUILTINS[name]
            labels = list(data_labels(built.data, built.classes))
            known |= {"kind": "classifier", "arch": built.network, "labels": labels}
        else:  # ImageNet weights start samplers (App. B.1) and classify no clip
            known |= {
                "kind": "start",
                "arch": name,
                "labels": list(data_labels(checkpoint.data, 1000)),
            }
        yield _Entry(name, path, "cached" if path.is_file() else "missing", metadata=known)


def _record(entry: _Entry) -> Record:
    file = None if entry.where == "missing" else read_weights(entry.path)
    metadata = entry.metadata if file is None else {**entry.metadata, **file.metadata}
    labels = metadata.get("labels")
    return {
        "schema": "scsampler.weights/1",
        "path": str(entry.path),
        "status": "ok",
        "name": entry.name,
        "kind": metadata.get("input")
        if metadata.get("kind") == "sampler"
        else metadata.get("kind"),
        "arch": metadata.get("arch"),
        "objective": metadata.get("objective"),
        "labels": len(labels) if isinstance(labels, list) else None,
        "bytes": None if file is None else entry.path.stat().st_size,
        "sha256": None if file is None else file.info.sha256,
        "where": entry.where,
        "data": _data(metadata.get("data")),
        "metadata": metadata,
    }


def _data(described: object) -> str | None:
    """The words about the training data; our own files have numbers beside them."""
    words = described.get("text") if isinstance(described, dict) else described
    return str(words) if words else None
