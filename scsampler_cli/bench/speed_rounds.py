"""Names of the rounds of `bench --speed`, under which their progress is reported."""

from __future__ import annotations

ALL_STAGES, SCORING = "all stages", "scoring alone"
"""What is run in a round."""


def round_names(what: str, repeats: int) -> list[str]:
    """The names of the rounds; the first one is a warm-up, which is not counted.

    Args:
        what: ALL_STAGES or SCORING.
        repeats: number of rounds after the warm-up.

    Example: all stages, warm-up; all stages, round 1 of 3; ...
    """
    rounds = [f"{what}, round {number} of {repeats}" for number in range(1, repeats + 1)]
    return [f"{what}, warm-up", *rounds]
