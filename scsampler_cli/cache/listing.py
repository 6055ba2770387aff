"""Records of the contents of a cache: one for each kind of item, and one for all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scsampler_cli.cache.entries import UNFINISHED, CacheItem, Contents
from scsampler_cli.cache.prune import Pruned

ALL = "all"
WHAT = {
    "if": "I-frames, for train",
    "md": "motion displacements, for train",
    "rgbr": "RGB residuals, for train",
    "mel": "log-mel spectrograms, for train",
    "packets": "packet sizes and kinds, for train",
    "frames": "all frames, for train --target classifier",
    "probabilities": "answers of classifiers, for train and bench",
    "scores": "scores of samplers, for bench",
    "features": "feature files, for bench",
    "vectors": "vectors of pictures, for bench",
    "embeddings": "vectors of pictures or clips, for find",
    UNFINISHED: "being written, or left by a run that was killed",
    ALL: "",
}
"""Kind of an item -> what it is, for people."""


def records(cache: Path, contents: Contents, pruned: Pruned | None) -> Iterator[dict[str, Any]]:
    """One record for each kind, the largest first, then one for all; JSON-able.

    Args:
        cache: the folder.
        contents: of the cache, before anything was removed.
        pruned: the items that were removed, or would be; None where nothing was to be removed.
    """
    gone = set(pruned.removed) if pruned else set()
    left = [item for item in contents.items if item not in gone]
    kinds = {item.kind for item in contents.items}
    # bytes of each kind before anything was removed: their order does not depend on `prune`
    size = {kind: sum(item.bytes for item in contents.items if item.kind == kind) for kind in kinds}
    for kind in (*sorted(kinds, key=lambda kind: (-size[kind], kind)), ALL):
        # the kind "all" holds every item
        mine = [item for item in left if kind in (item.kind, ALL)]
        record = {
            "schema": "scsampler.cache/1",
            "path": str(cache),
            "status": "ok",
            "kind": kind,
            "what": WHAT.get(kind, "of another version"),
            "videos": len({item.video for item in mine}),
            "entries": len(mine),
            "bytes": sum(item.bytes for item in mine),
            "oldest_use": _moment(min((item.used for item in mine), default=None)),
            "newest_use": _moment(max((item.used for item in mine), default=None)),
        }
        yield record | _changes(kind, pruned)


def _changes(kind: str, pruned: Pruned | None) -> dict[str, int | None]:
    """Fields of a record on what `prune` did; null where it was not run."""
    if pruned is None:
        return dict.fromkeys(("removed", "removed_bytes", "in_use", "in_use_bytes"))
    gone, busy = _of_kind(kind, pruned.removed), _of_kind(kind, pruned.in_use)
    return {
        "removed": len(gone),
        "removed_bytes": sum(item.bytes for item in gone),
        "in_use": len(busy),
        "in_use_bytes": sum(item.bytes for item in busy),
    }


def _of_kind(kind: str, several: Sequence[CacheItem]) -> list[CacheItem]:
    return [item for item in several if kind in (item.kind, ALL)]


def _moment(seconds: float | None) -> str | None:
    """A time in UTC, such as "2026-11-28T17:50:00Z"."""
    if seconds is None:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        # the time of a file may lie beyond the years that datetime knows
        return None
