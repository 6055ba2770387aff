"""What a run of `scsampler train --target auto` has learnt, in words for people."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scsampler_cli.cli.train_options import Target
from scsampler_cli.config import BACKGROUND
from scsampler_cli.text import counted, printable

if TYPE_CHECKING:
    from scsampler_cli.datasets.example import Example

MOST_CLASSES = 30
"""Classes that are listed; of more, those with the lowest share of right answers."""


def result_lines(
    summary: Mapping[str, Any], examples: Sequence[Example], *, has_background: bool
) -> Iterator[str]:
    """Lines about a finished run.

    Args:
        summary: the summary of the run.
        examples: the videos that were read.
        has_background: whether there are videos of none of the classes.

    Yields:
        one line each: what was learnt, what was held out, how good it is, the file, and the next
        command.
    """
    learnt = [example for example in examples if example.split == "train"]
    held_out = [example for example in examples if example.split == "val"]
    classes = len(summary["labels"]) - has_background
    what = counted(classes, "class") + (" and background" if has_background else "")
    yield f"learnt from {counted(len(learnt), 'video')} of {what}: {_by_class(learnt)}"
    if not held_out:
        yield (
            "no video was held out, so that the accuracy is unknown: a class needs five videos, or "
            "two groups in the list"
        )
    else:
        what = f"{counted(len(held_out), 'video')}{_sources(held_out)}"
        yield f"held out {what}: {_by_class(held_out)}"
        yield from _measures(summary)
    file = Path(summary["files"][str(Target.auto)])
    yield (
        f"{printable(str(file))} ({file.stat().st_size / 1e6:.2f} MB) has the classifier and its "
        "sampler; next:"
    )
    yield f"scsampler classify --classifier {shlex.quote(str(file))} VIDEO"


def _sources(held_out: Sequence[Example]) -> str:
    """How the held-out videos are kept apart from the others."""
    # footage that shows no class may lack a group
    groups = {example.group for example in held_out if example.label != BACKGROUND}
    if groups and "" not in groups:
        return f" of {counted(len(groups), 'group')}, of which nothing was learnt"
    # clips of one recording in both splits make validation look better than it is
    return ", as if each video were a recording of its own (a list can name groups)"


def _by_class(examples: Sequence[Example]) -> str:
    """Numbers of videos of each class.

    Example: Archery 4, Bowling 5.
    """
    counts = sorted(Counter(example.label for example in examples).items())
    # background is no class, and comes last
    counts.sort(key=lambda item: item[0] == BACKGROUND)
    shown = [f"{printable(label)} {count}" for label, count in counts[:MOST_CLASSES]]
    more = len(counts) - len(shown)
    return ", ".join([*shown, *([f"and {more} more"] if more else [])])


def _measures(summary: Mapping[str, Any]) -> Iterator[str]:
    """Lines on the accuracy and the calibration on the held-out videos."""
    rows = summary.get("held_out")
    if not rows:
        return
    right = sum(row["right"] for row in rows.values())
    videos = sum(row["videos"] for row in rows.values())
    # the worst first where not all are shown
    names = sorted(rows, key=lambda name: rows[name]["right"] / rows[name]["videos"])
    names = names[:MOST_CLASSES] if len(names) > MOST_CLASSES else list(rows)
    shown = [f"{printable(name)} {rows[name]['right']} of {rows[name]['videos']}" for name in names]
    which = f"; the {MOST_CLASSES} classes with the lowest share" if len(rows) > len(names) else ""
    yield f"right on {right} of {videos} held-out videos ({right / videos:.0%}){which}: " + (
        ", ".join(shown)
    )
    found = summary["calibration"]
    yield (
        f"probabilities are off by {100 * found['ece_after']:.1f} points on average (expected "
        f"calibration error on {counted(found['clips'], 'clip')}; {100 * found['ece_before']:.1f} "
        f"before the temperature {found['temperature']:.2f})"
    )
