"""Splits: videos for validation, if a list names none, and checks of both splits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from scsampler_cli.datasets.example import VAL_EVERY, Listing, Problem
from scsampler_cli.datasets.rows import Row

VALIDATION_RULE = (
    f"1 of {VAL_EVERY} videos of a class is for validation, so that a class needs {VAL_EVERY} "
    "videos, or two groups in the list; or name the videos for it in the list, by the split val"
)
"""What to do about a list without videos for validation, for notes."""


def assign_splits(rows: Sequence[Row], seed: int) -> list[str]:
    """The split of each row, "train" or "val".

    A row with a split keeps it, and a group has the split of its first row with one. Of the others,
    every VAL_EVERY-th video or group of a class is for validation, in the order of their first
    appearance; a group may have videos of several classes. Rows of missing files count: a video
    must not change its split when another one is downloaded later.

    Args:
        rows: with split "train", "val" or "".
        seed: which fifth; 0 takes the fifth, tenth, ... of each class.
    """
    # reversed: the first row of a group is written last, and stays
    of_group = {row.group: row.split for row in reversed(rows) if row.split and row.group}
    known = [row.split or of_group.get(row.group, "") for row in rows]

    # label -> its units without a split, in order: the name of a group, or the number of a row
    classes: dict[str, dict[str | int, None]] = {}
    for number, row in enumerate(rows):
        if not known[number]:
            classes.setdefault(row.label, {})[row.group or number] = None

    decided: dict[str | int, str] = {}
    for units in classes.values():
        _decide(list(units), decided, seed)
    return [
        split or decided[row.group or number]
        for number, (row, split) in enumerate(zip(rows, known, strict=True))
    ]


def _decide(units: Sequence[str | int], decided: dict[str | int, str], seed: int) -> None:
    """Decide the split of the units of one class.

    A group that has a split by another class keeps it, and counts among the units of this class.
    """
    chosen = [units[number] for number in _held_out(len(units), _grouped(units), seed)]
    wanted = len(chosen) - sum(decided.get(unit) == "val" for unit in units)
    for unit in [unit for unit in chosen if unit not in decided][: max(0, wanted)]:
        decided[unit] = "val"
    for unit in units:
        decided.setdefault(unit, "train")


def _grouped(units: Iterable[str | int]) -> bool:
    """Whether there is a group among the units of a class; the others are numbers of rows."""
    return any(isinstance(unit, str) for unit in units)


def _held_out(count: int, grouped: bool, seed: int) -> range:
    """Numbers of the units for validation; never all of them: a class needs training videos."""
    if count >= VAL_EVERY:
        return range(VAL_EVERY - 1 - seed % VAL_EVERY, count, VAL_EVERY)
    # With fewer units only groups give one: a class of a few single videos keeps all for training.
    last = count - 1 - seed % count
    return range(last, last + 1) if grouped and count > 1 else range(0)


def split_group_note(rows: Sequence[Row]) -> list[str]:
    """A note on groups that the list has both in training and in validation; [] without any."""
    pairs = {(row.group, row.split) for row in rows if row.split and row.group}
    splits_of_group = Counter(group for group, _ in pairs)
    both = [count for count in splits_of_group.values() if count > 1]
    if not both:
        return []
    return [f"groups both in train and in val: {len(both)}; validation will look better than it is"]


def without_unlearnable(listing: Listing) -> Listing:
    """Leave out labels that cannot be learnt: those without training videos. Each is a problem.

    A list without any training video is returned as it is: a comparison needs none.
    """
    learnt = {example.label for example in listing.examples if example.split == "train"}
    if not learnt:
        return listing
    orphans = [example for example in listing.examples if example.label not in learnt]
    if not orphans:
        return listing

    counts = Counter(example.label for example in orphans)
    # reversed: the first video of a label is written last, and stays
    first = {example.label: example for example in reversed(orphans)}
    problems = []
    for label, count in counts.items():
        what = f"label {label!r} has no training video ({count} in val left out)"
        source, line = first[label].source, first[label].line
        problems.append(Problem(source, line, what, code="list-row-left-out"))
    examples = [example for example in listing.examples if example.label in learnt]
    return replace(listing, examples=examples, problems=listing.problems + problems)
