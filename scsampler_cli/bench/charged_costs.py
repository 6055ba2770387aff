"""The cost of a classifier of real actions, in place of that of the demo's.

The demo's classifier has 0.05 GMACs a clip: no selection of clips can save time with it. `bench
--demo` keeps its answers, and charges each of its clips the time and the multiply-adds of
R(2+1)D-18, measured in the same run (`stand_in`).

Needs no torch, as a replay does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from scsampler_cli.bench.run_data import Run

NETWORK, NAME = "r2plus1d_18", "R(2+1)D-18"
_KEY = "charged_as"
"""Key of the name of the network in the classifier of a run."""


def charged(run: Run, measured: Mapping[str, Any]) -> Run:
    """The run with the costs of the network in place of those of its classifier.

    Args:
        run: the run, with times.
        measured: the record of `stand_in.time_stand_in`.
    """
    assert run.costs is not None
    costs = replace(
        run.costs,
        classify_s=measured["classify_s"],
        classify_one_s=measured["classify_one_s"],
    )
    classifier = {**run.classifier, "gmacs": measured["gmacs"], _KEY: NAME}
    return replace(run, classifier=classifier, costs=costs)


def charged_as(run: Run) -> str | None:
    """Name of the network whose costs the run has; None where they are the classifier's own."""
    name: str | None = run.classifier.get(_KEY)
    return name


def charge_note(run: Run) -> str | None:
    """A note on what a clip costs in the run; None where it is the classifier's own cost."""
    name = charged_as(run)
    if name is None or run.costs is None:
        return None
    return (
        "Demo: the answers are those of a small network, which costs next to nothing. Each clip is "
        f"charged what {name} takes on this machine, as classifiers of real actions do: "
        f"{run.costs.classify_s:.2f} s and {run.classifier['gmacs']:.1f} GMACs."
    )
