"""The clips of one video, joined from two sources, and the words for each.

A record of `classify` has the labels of the selected clips; the scored clips have the rank of each,
or what a search believes of each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from scsampler_cli.output import clip_order
from scsampler_cli.output.pages.wording import clock, percent, score
from scsampler_cli.output.stretches import Stretch, stretches

PICTURED, WORST, SPREAD = 24, 5, 24
"""Number of pictures: of stretches, of the worst clips, and of clips at even distances."""
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
    stretches: Sequence[Stretch] = ()
    """The segments, in time order; where there are none, the selected clips joined where they
    touch, also those of background."""
    segments: Sequence[dict[str, Any]] | None = None
    """Segments of the record; None where they were not looked for."""
    background: str | None = None
    """Label of the background class; None for a classifier without one."""

    @property
    def modalities(self) -> list[str]:
        """The modalities for which a clip has a score."""
        # a record of `classify` alone has no scored clips
        clips = self.scored or self.selected
        return [name for name in MODALITIES if any(clip.get(name) is not None for clip in clips)]

    @property
    def lanes(self) -> list[str]:
        """The modalities, and what the strategy makes of them."""
        if self.is_search:
            return [*self.modalities, "confidence"]
        # the rank by a single modality is its own curve again
        return self.modalities if len(self.modalities) == 1 else [*self.modalities, "combined"]

    def combined(self, clip: Clip) -> float | None:
        """1 for the best rank, 0 for the last."""
        if "rank" not in clip:
            return None
        # a single clip must not divide by 0
        return 1 - (clip["rank"] - 1) / max(len(self.scored) - 1, 1)

    def worst(self) -> list[Clip]:
        """Clips with the last ranks, the last one first, without selected ones.

        Of a search, those with the lowest confidence as it is believed.
        """
        # a selected clip is among the best ones, and shown there
        others = [clip for clip in self.scored if not clip["taken"]]
        if self.is_search:
            return sorted(others, key=lambda clip: float(clip["confidence"] or 0))[:WORST]
        return sorted(others, key=lambda clip: -int(clip["rank"]))[:WORST]

    def spread(self) -> list[Clip]:
        """Scored clips at even distances, in time order: the first, the last, some between."""
        if len(self.scored) <= SPREAD:
            return list(self.scored)
        last = len(self.scored) - 1
        return [self.scored[round(i * last / (SPREAD - 1))] for i in range(SPREAD)]

    def pictured(self) -> list[Clip]:
        """The clips for the pictures of the stretches, the best clip first, without doubles."""
        first = self.first()
        found = {} if first is None else {first["clip"]: first}
        # the surest ones, where there are many
        for stretch in self._surest()[:PICTURED]:
            clip = self.of(stretch)
            if clip is not None:
                found.setdefault(clip["clip"], clip)
        return list(found.values())

    def first(self) -> Clip | None:
        """The clip that stands for the video: of its surest segment, or else the best clip."""
        if self.segments:
            return self.of(self._surest()[0])
        best = clip_order.by_observed(self.selected) if self.is_search else self.selected
        return next(iter(best), None)

    def _surest(self) -> list[Stretch]:
        return sorted(self.stretches, key=lambda stretch: -(stretch.probability or 0))

    @cached_property
    def _by_number(self) -> dict[int, Clip]:
        return {clip["clip"]: clip for clip in self.selected}

    def of(self, stretch: Stretch) -> Clip | None:
        """The clip whose picture stands for a stretch: its surest one; None without any clip."""
        inside = [self._by_number[n] for n in stretch.clips if n in self._by_number]
        alike = [clip for clip in inside if clip.get("label") == stretch.label]
        if alike or inside:
            return max(alike or inside, key=lambda clip: float(clip.get("probability") or 0))
        # a segment may rest on no selected clip: the scored clip nearest to its middle
        middle = float(stretch.start + stretch.end)
        return min(
            self.scored,
            key=lambda clip: abs(float(clip["start_s"] + clip["end_s"]) - middle),
            default=None,
        )


def join(record: dict[str, Any], scored: Sequence[Clip]) -> ClipSet:
    """Join a `classify` or `score` record with the scored clips."""
    segments = record.get("segments")
    # a classifier without a name for its background: no clip is left out
    found = stretches({**record, "classifier": {}, "segments": segments or None})
    if "tags" not in record:
        taken = [clip for clip in scored if clip["taken"]]
        taken.sort(key=lambda clip: int(clip["rank"]))
        return ClipSet(scored, taken, stretches=found)
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
    is_search = clip_order.is_search(record)
    return ClipSet(
        scored,
        selected,
        is_search=is_search,
        stretches=found,
        segments=segments,
        background=record.get("classifier", {}).get("background"),
    )


def time(start_s: float, end_s: float) -> str:
    """Start and end, in seconds, on the clock."""
    return f"{clock(start_s)}–{clock(end_s)}"


def middle_ms(clip: Clip) -> int:
    """The time of the picture of a clip, which is its middle frame, in milliseconds."""
    return round(500 * (clip["start_s"] + clip["end_s"]))


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
