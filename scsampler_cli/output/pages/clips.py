"""The clips of one video, joined from a record and its saliency: which were taken, which rank last, how each is told.

`classify` knows what the classifier saw in the clips taken; `score` knows how every clip ranks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scsampler_cli.output.pages.wording import clock, percent, score

BEST, WORST = 10, 5
"""Clips that are shown as pictures."""
MODALITIES = ("visual", "audio", "packets")
Clip = dict[str, Any]


@dataclass(frozen=True)
class ClipSet:
    """All that is known of the clips of one video."""

    scored: Sequence[Clip]
    """In time order; may be empty."""
    taken: list[Clip]
    """Best first, with whatever is known of each."""

    @property
    def modalities(self) -> list[str]:
        """What the clips were scored by."""
        return [
            m
            for m in MODALITIES
            if any(clip.get(m) is not None for clip in self.scored or self.taken)
        ]

    def combined(self, clip: Clip) -> float | None:
        """1 for the best rank, 0 for the last."""
        return None if "rank" not in clip else 1 - (clip["rank"] - 1) / max(len(self.scored) - 1, 1)

    def best(self) -> list[Clip]:
        """Taken clips that are worth a picture, best first."""
        return self.taken[:BEST]

    def worst(self) -> list[Clip]:
        """Clips with the last ranks, the last one first; none that was taken."""
        others = [clip for clip in self.scored if not clip["taken"]]
        return sorted(others, key=lambda clip: -int(clip["rank"]))[:WORST]


def join(record: dict[str, Any], scored: Sequence[Clip]) -> ClipSet:
    """Clips of a `classify` or `score` record, and the saliency of all."""
    if "tags" not in record:
        return ClipSet(
            scored,
            sorted((clip for clip in scored if clip["taken"]), key=lambda clip: clip["rank"]),
        )
    known = {clip["clip"]: clip for clip in scored}
    return ClipSet(scored, [{**known.get(clip["clip"], {}), **clip} for clip in record["clips"]])


def time(clip: Clip) -> str:
    """From when to when."""
    return f"{clock(clip['start_s'])}–{clock(clip['end_s'])}"


def scores(clip: Clip, modalities: Sequence[str]) -> str:
    """Its saliency in words. Example: visual 0.804, audio 1.000."""
    return ", ".join(f"{name} {score(clip.get(name))}" for name in modalities)


def shows(clip: Clip) -> str:
    """What the classifier saw in it; nothing where it was not asked."""
    if "label" not in clip:
        return ""
    return (
        "could not be decoded"
        if clip["label"] is None
        else f"{clip['label']} {percent(clip['probability'])}"
    )
