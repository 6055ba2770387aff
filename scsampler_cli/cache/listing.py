"""Records of what a cache keeps: one for each kind and one for all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scsampler_cli.cache.entries import UNFINISHED, Contents, Kept
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
    UNFINISHED: "being written, or left by a run that was killed",
    ALL: "",
}
"""By kind."""


def records(cache: Path, contents: Contents, pruned: Pruned | None) -> Iterator[dict[str, Any]]:
    """JSON-able: what is kept of each kind, the largest first, and at last of all.

    Args:
        cache: the folder.
        contents: of it, before anything was removed.
        pruned: what was removed, or would be; None where nothing was to be removed.
    """
    gone = set(pruned.removed) if pruned else set()
    left = [kept for kept in contents.kept if kept not in gone]
    kinds = {kept.kind for kept in contents.kept}
    size = {kind: sum(kept.bytes for kept in contents.kept if kept.kind == kind) for kind in kinds}
    for kind in (*sorted(kinds, key=lambda kind: (-size[kind], kind)), ALL):
        mine = [kept for kept in left if kind in (kept.kind, ALL)]
        record = {
            "schema": "scsampler.cache/1",
            "path": str(cache),
            "status": "ok",
            "kind": kind,
            "what": WHAT.get(kind, "of another version"),
            "videos": len({kept.video for kept in mine}),
            "entries": len(mine),
            "bytes": sum(kept.bytes for kept in mine),
            "oldest_use": _moment(min((kept.used for kept in mine), default=None)),
            "newest_use": _moment(max((kept.used for kept in mine), default=None)),
        }
        yield record | _changes(kind, pruned)


def _changes(kind: str, pruned: Pruned | None) -> dict[str, int | None]:
    if pruned is None:
        return dict.fromkeys(("removed", "removed_bytes", "in_use", "in_use_bytes"))
    gone, busy = _of_kind(kind, pruned.removed), _of_kind(kind, pruned.in_use)
    return {
        "removed": len(gone),
        "removed_bytes": sum(kept.bytes for kept in gone),
        "in_use": len(busy),
        "in_use_bytes": sum(kept.bytes for kept in busy),
    }


def _of_kind(kind: str, several: Sequence[Kept]) -> list[Kept]:
    return [kept for kept in several if kind in (kept.kind, ALL)]


def _moment(seconds: float | None) -> str | None:
    """A time in UTC, such as "2026-11-28T17:50:00Z"."""
    if seconds is None:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):  # a file whose time is beyond the calendar
        return None
