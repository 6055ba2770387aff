"""The order of the selected clips in a record, which depends on the strategy.

A search lists them in the order in which the classifier was asked, which is not that of their
worth; baselines list them in time order.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from scsampler_cli.config import BASELINES
from scsampler_cli.text import counted

Record = dict[str, Any]


def selection_of(record: Record) -> Record:
    """The settings of the selection; empty in records of earlier versions."""
    found: Record = record.get("settings", {}).get("selection", {})
    return found


def is_search(record: Record) -> bool:
    """True where the classifier's own answers decided which clips it got next."""
    return bool(selection_of(record).get("strategy") == "search")


def order_of(record: Record) -> str:
    """The order of the selected clips, as words after a comma."""
    if is_search(record):
        return "in the order of asking"
    # a strategy by samplers selects evenly where no clip has a score
    reasons = [clip["why"] for clip in record["clips"] if clip.get("taken", True)]
    return "in time order" if all(why in BASELINES for why in reasons) else "best first"


def answers(record: Record) -> dict[int, Record]:
    """Clip -> "predicted" and "observed", in the order in which the clips were asked.

    It is empty for a selection that did not depend on answers.
    """
    return {entry["clip"]: entry for entry in selection_of(record).get("asked", ())}


def by_observed(clips: Iterable[Record]) -> list[Record]:
    """Clips by their observed confidence, the highest first; clips without one come last.

    Args:
        clips: with "observed", as in `answers`.
    """

    def place(clip: Record) -> float:
        return 1.0 if clip["observed"] is None else -float(clip["observed"])

    # stable: of equal clips the one that was asked first
    return sorted(clips, key=place)


def best_first(record: Record) -> list[Record]:
    """The selected clips of a `classify` record, best first.

    Those of a search are in the order of their observed confidence; a baseline has no order.
    """
    clips: list[Record] = record["clips"]
    if not is_search(record):
        return list(clips)
    observed = answers(record)
    return by_observed({**clip, **observed[clip["clip"]]} for clip in clips)


def asking(record: Record) -> str:
    """How many clips were asked, and why no more; empty where K clips were asked and answered.

    Example: 5 of 113 clips asked, at most 20; stopped: no single answer decides the tag.
    """
    selection = selection_of(record)
    asked = selection.get("asked", ())
    # a search asks another clip in the place of one that cannot be decoded
    failed = sum(entry["observed"] is None for entry in asked)
    stopped = selection.get("stopped")
    if not failed and stopped is None:
        return ""
    words = f"{len(asked)} of {counted(record['video']['clips'], 'clip')} asked"
    if failed:
        words += f", {failed} of them could not be decoded"
    if stopped is not None:
        words += f", at most {selection['k']}; stopped: {stopped}"
    return words
