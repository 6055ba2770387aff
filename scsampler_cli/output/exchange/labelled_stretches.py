"""Where the classes are in a video, in seconds from its beginning, for tools that take labels."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from scsampler_cli.output.cuts.cut import origin
from scsampler_cli.output.stretches import Record, left_out, stretches
from scsampler_cli.text import score


@dataclass(frozen=True)
class LabelledStretch:
    """A part of a video that shows a class."""

    start: Fraction
    """Seconds from the beginning of the file, as players count."""
    end: Fraction
    """Seconds, exclusive; after `start`."""
    label: str
    probability: float
    """Of the label, 0 to 1."""


def labelled_stretches(record: Record) -> list[LabelledStretch]:
    """The labelled stretches of a record of `classify`, in time order.

    They are its segments or, without segments, its selected clips, where clips of one label that
    touch are one. An unsure video has none: it may show none of the classes. Clips that show
    background, and clips that could not be decoded, have no class.
    """
    if not record.get("confident", True):
        return []
    zero = origin(record)
    return [
        LabelledStretch(
            stretch.start - zero,
            stretch.end - zero,
            stretch.label,
            # a network may give NaN, which JSON does not have
            probability=score(stretch.probability) or 0.0,
        )
        for stretch in stretches(record)
        if stretch.label is not None
    ]


def omitted(record: Record) -> str:
    """What a record has and `labelled_stretches` leaves out, and why; "" for nothing.

    Example: unsure, and so without labels.
    """
    if not record.get("confident", True):
        return "unsure, and so without labels"
    return left_out(record)
