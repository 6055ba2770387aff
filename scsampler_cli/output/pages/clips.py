"""The clips of one video, joined from two sources, and the words for each.

A record of `classify` has the labels of the selected clips; the scored clips have the rank of each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scsampler_cli.output.pages.wording import clock, percent, score

BEST, WORST = 10, 5
"""Number of best and of worst clips that are shown as pictures."""
MODALITIES = ("visual", "audio", "packets")
Clip = dict[str, Any]


@dataclass(frozen=True)
class ClipSet:
    """The scored clips and the selected clips of one video."""

    scored: Sequence[Clip]
    """Scored clips, in time order; may be empty."""
    selected: list[Clip]
    """Selected clips, best first, with the keys of both sources."""

    @property
    def modalities(self) -> list[str]:
        """The modalities for which a clip has a score."""
        # a record of `classify` alone has no scored clips
        clips = self.scored or self.selected
        return [name for name in MODALITIES if any(clip.get(name) is not None for clip in clips)]

    def combined(self, clip: Clip) -> float | None:
        """1 for the best rank, 0 for the last."""
        if "rank" not in clip:
            return None
        # a single clip must not divide by 0
        return 1 - (clip["rank"] - 1) / max(len(self.scored) - 1, 1)

    def best(self) -> list[Clip]:
        """The selected clips that are shown as pictures, best first."""
        return self.selected[:BEST]

    def worst(self) -> list[Clip]:
        """Clips with the last ranks, the last one first, without selected ones."""
        # a selected clip is among the best ones, and shown there
        others = [clip for clip in self.scored if not clip["taken"]]
        return sorted(others, key=lambda clip: -int(clip["rank"]))[:WORST]


def join(record: dict[str, Any], scored: Sequence[Clip]) -> ClipSet:
    """Join a `classify` or `score` record with the scored clips."""
    if "tags" not in record:
        selected = [clip for clip in scored if clip["taken"]]
        return ClipSet(scored, sorted(selected, key=lambda clip: clip["rank"]))
    by_index = {clip["clip"]: clip for clip in scored}
    # rank from the scored clip, label from the selected one
    selected = [{**by_index.get(clip["clip"], {}), **clip} for clip in record["clips"]]
    return ClipSet(scored, selected)


def time(clip: Clip) -> str:
    """Start and end of a clip."""
    return f"{clock(clip['start_s'])}–{clock(clip['end_s'])}"


def scores(clip: Clip, modalities: Sequence[str]) -> str:
    """The saliency of a clip.

    Example: visual 0.804, audio 1.000.
    """
    return ", ".join(f"{name} {score(clip.get(name))}" for name in modalities)


def shows(clip: Clip) -> str:
    """The classifier's label of a clip; empty where the clip was not classified."""
    if "label" not in clip:
        return ""
    if clip["label"] is None:
        return "could not be decoded"
    return f"{clip['label']} {percent(clip['probability'])}"
