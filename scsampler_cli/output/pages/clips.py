"""The clips of one video, joined from two sources, and the words for each.

A record of `classify` has the labels of the selected clips; the scored clips have the rank of each,
or what a search believes of each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scsampler_cli.output import clip_order
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
    """Selected clips in the order of the record, with the keys of both sources. Where the answers
    decided on the clips, also with "order", "predicted" and "observed"."""
    is_search: bool = False
    """True where a search selected the clips, in the order in which they were asked."""

    @property
    def modalities(self) -> list[str]:
        """The modalities for which a clip has a score."""
        # a record of `classify` alone has no scored clips
        clips = self.scored or self.selected
        return [name for name in MODALITIES if any(clip.get(name) is not None for clip in clips)]

    @property
    def lanes(self) -> list[str]:
        """The modalities, and what the strategy makes of them."""
        return [*self.modalities, "confidence" if self.is_search else "combined"]

    def combined(self, clip: Clip) -> float | None:
        """1 for the best rank, 0 for the last."""
        if "rank" not in clip:
            return None
        # a single clip must not divide by 0
        return 1 - (clip["rank"] - 1) / max(len(self.scored) - 1, 1)

    def best(self) -> list[Clip]:
        """The selected clips that are shown as pictures: the best ones, best first.

        Of a search, those with the highest observed confidence.
        """
        if self.is_search:
            return clip_order.by_observed(self.selected)[:BEST]
        return self.selected[:BEST]

    def worst(self) -> list[Clip]:
        """Clips with the last ranks, the last one first, without selected ones.

        Of a search, those with the lowest confidence as it is believed.
        """
        # a selected clip is among the best ones, and shown there
        others = [clip for clip in self.scored if not clip["taken"]]
        if self.is_search:
            return sorted(others, key=lambda clip: float(clip["confidence"] or 0))[:WORST]
        return sorted(others, key=lambda clip: -int(clip["rank"]))[:WORST]


def join(record: dict[str, Any], scored: Sequence[Clip]) -> ClipSet:
    """Join a `classify` or `score` record with the scored clips."""
    if "tags" not in record:
        selected = [clip for clip in scored if clip["taken"]]
        return ClipSet(scored, sorted(selected, key=lambda clip: clip["rank"]))
    by_index = {clip["clip"]: clip for clip in scored}
    answers = clip_order.answers(record)
    selected = []
    for order, clip in enumerate(record["clips"], start=1):
        number = clip["clip"]
        # rank from the scored clip, label from the selected one
        joined = {**by_index.get(number, {}), **clip}
        if number in answers:
            joined |= {**answers[number], "order": order}
        selected.append(joined)
    return ClipSet(scored, selected, is_search=clip_order.is_search(record))


def time(clip: Clip) -> str:
    """Start and end of a clip."""
    return f"{clock(clip['start_s'])}–{clock(clip['end_s'])}"


def scores(clip: Clip, modalities: Sequence[str]) -> str:
    """The saliency of a clip.

    Example: visual 0.804, audio 1.000.
    """
    return ", ".join(f"{name} {score(clip.get(name))}" for name in modalities)


def confidence(clip: Clip) -> str:
    """What a search believed of a clip, and what the answer was.

    Example: predicted 0.885, observed 0.970; for a clip that was not asked: confidence 0.412.
    """
    if "observed" not in clip:
        return f"confidence {score(clip.get('confidence'))}"
    observed = f"observed {score(clip['observed'])}"
    # nothing is predicted of the first clips
    if clip["predicted"] is None:
        return observed
    return f"predicted {score(clip['predicted'])}, {observed}"


def shows(clip: Clip) -> str:
    """The classifier's label of a clip; empty where the clip was not classified."""
    if "label" not in clip:
        return ""
    if clip["label"] is None:
        return "could not be decoded"
    return f"{clip['label']} {percent(clip['probability'])}"
