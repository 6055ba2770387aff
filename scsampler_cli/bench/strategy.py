"""`Strategy`: a strategy of clip selection as a row of a table has it."""

from __future__ import annotations

from dataclasses import dataclass

from scsampler_cli.bench.run_data import SamplerFacts
from scsampler_cli.config import BASELINES, RANDOM_STRATEGIES, AnswerSettings, SelectionSettings

IDEALS = ("oracle", "surest")
"""Selections that need the classifier's answers on all clips, and so are no methods: the clips with
the largest probability of the true class, and those with the largest probability of any class."""


@dataclass(frozen=True)
class Strategy:
    """A strategy of clip selection, with its sampler."""

    name: str
    """As shown in tables and charts."""
    selection: SelectionSettings | None
    """None for one of IDEALS."""
    sampler: SamplerFacts | None = None
    """The sampler whose scores it uses; None for strategies without one."""
    k: int = 10
    """K of one of IDEALS."""
    draws: int = 1
    """Number of seeds, from the selection's own upwards."""
    aggregate: str = "mean"
    """How the answers are combined, one of `config.AGGREGATES` without "auto"."""
    ideal: str = IDEALS[0]
    """One of IDEALS, where there is no selection."""

    @property
    def needs_pictures(self) -> bool:
        """True where it depends on which clips look alike."""
        return self.selection is not None and self.selection.needs_pictures

    @property
    def is_asked(self) -> bool:
        """True where the classifier's answers decide which clips it gets, or how many."""
        return self.selection is not None and (
            self.selection.strategy == "search" or self.selection.stops_early
        )


def make_strategy(
    name: str,
    kind: str,
    k: int,
    *,
    sampler: SamplerFacts | None = None,
    draws: int = 1,
    aggregate: str = "auto",
    multi_label: bool = False,
    **parameters: object,
) -> Strategy:
    """Build a strategy from its kind.

    Args:
        name: as shown.
        kind: one of STRATEGIES, or of IDEALS.
        k: number of selected clips (K).
        sampler: its sampler; baselines and IDEALS ignore it.
        draws: number of seeds; strategies that draw nothing have one.
        aggregate: one of `config.AGGREGATES`; "auto" is that of `classify`.
        multi_label: whether the classes exclude each other, on which "auto" depends.
        **parameters: further fields of `SelectionSettings`.
    """
    if kind in IDEALS:
        return Strategy(name, None, k=k, ideal=kind)
    selection = SelectionSettings(strategy=kind, k=k, **parameters)  # type: ignore[arg-type]
    guided = sampler is not None and bool(sampler.visual)
    answer = AnswerSettings(aggregate=aggregate).for_strategy(
        kind, guided=guided, multi_label=multi_label
    )
    return Strategy(
        name,
        selection,
        sampler=None if kind in BASELINES else sampler,
        k=k,
        draws=draws if kind in RANDOM_STRATEGIES else 1,
        aggregate=answer.aggregate,
    )
