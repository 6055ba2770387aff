"""Which videos are for validation where a list does not say it, and whether the two sides fit each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from scsampler_cli.datasets.example import VAL_EVERY, Listing, Problem
from scsampler_cli.datasets.rows import Row


def sides(rows: Sequence[Row], seed: int) -> list[str]:
    """The side of each row, "train" or "val".

    A row whose split is given keeps it, and a group follows the first of its rows that says one. Of the rest, every
    VAL_EVERY-th video or group of a class is for validation, in order of first appearance; a group may have videos of several
    classes. Rows count whether or not their file is there: a video must not change sides when another one is downloaded later.

    Args:
        rows: with split "train", "val" or "".
        seed: which fifth; 0 takes the fifth, tenth, ... of each class.
    """
    given = {row.group: row.split for row in reversed(rows) if row.split and row.group}
    said = [row.split or given.get(row.group, "") for row in rows]
    classes: dict[str, dict[str | int, None]] = {}
    for place, row in enumerate(rows):
        if not said[place]:
            classes.setdefault(row.label, {})[row.group or place] = None
    decided: dict[str | int, str] = {}
    for units in classes.values():
        _decide(list(units), decided, seed)
    return [
        side or decided[row.group or place]
        for place, (row, side) in enumerate(zip(rows, said, strict=True))
    ]


def _decide(units: Sequence[str | int], decided: dict[str | int, str], seed: int) -> None:
    """Put the units of one class on a side; a group that another class has put on one stays there, and counts."""
    chosen = [units[number] for number in _held_out(len(units), _grouped(units), seed)]
    wanted = len(chosen) - sum(decided.get(unit) == "val" for unit in units)
    for unit in [unit for unit in chosen if unit not in decided][: max(0, wanted)]:
        decided[unit] = "val"
    for unit in units:
        decided.setdefault(unit, "train")


def _grouped(units: Iterable[str | int]) -> bool:
    """Whether there is a group among the units of a class; the others are places of rows."""
    return any(isinstance(unit, str) for unit in units)


def _held_out(count: int, grouped: bool, seed: int) -> range:
    """Numbers of the units that are for validation; never all, or the class could not be learnt."""
    if count >= VAL_EVERY:
        return range(VAL_EVERY - 1 - seed % VAL_EVERY, count, VAL_EVERY)
    last = count - 1 - seed % count
    return range(last, last + 1) if grouped and count > 1 else range(0)


def straddling(rows: Sequence[Row]) -> list[str]:
    """A note on groups that the list puts on both sides, if there are any."""
    said = {(row.group, row.split) for row in rows if row.split and row.group}
    both = [count for count in Counter(group for group, _ in said).values() if count > 1]
    if not both:
        return []
    return [f"groups both in train and in val: {len(both)}; validation will look better than it is"]


def checked(listing: Listing) -> Listing:
    """Leave out labels that cannot be learnt: those with validation videos alone, each of them a problem.

    A list without any training video is left as it is: it may be there for a comparison, which needs none.
    """
    learnt = {example.label for example in listing.examples if example.split == "train"}
    orphans = (
        [example for example in listing.examples if example.label not in learnt] if learnt else []
    )
    if not orphans:
        return listing
    counts = Counter(example.label for example in orphans)
    first = {example.label: example for example in reversed(orphans)}
    problems = [
        Problem(
            first[label].source,
            first[label].line,
            f"label {label!r} has no training video ({count} in val left out)",
            code="list-row-left-out",
        )
        for label, count in counts.items()
    ]
    kept = [example for example in listing.examples if example.label in learnt]
    return replace(listing, examples=kept, problems=listing.problems + problems)
