"""Samplers on other classifiers and data sets (Table 3), and on novel classes (Sec. 4.1.4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from scsampler_cli.bench.plan import Plan
from scsampler_cli.bench.replay import Outcome, make_strategy, replay
from scsampler_cli.bench.run_data import Run, SamplerFacts
from scsampler_cli.bench.strategy_list import Named, baseline, odds_strategies, search_strategies
from scsampler_cli.bench.table import Column, Row, Table

PAPER = (
    "The paper's Table 3, MC3-18: on Kinetics 67.0 with its own sampler, "
    "65.0 with one trained on Sports1M, 65.9 with one for R(2+1)D, Uniform 62.3, Dense 65.1; "
    "on Sports1M 72.8, 69.2, 72.1, 64.8, 66.6."
)
BASELINES = ("random", "uniform", "dense")


def cross_table(runs: Sequence[Run], plan: Plan) -> Table | None:
    """Top-1 of every sampler under every run; None for a single sampler under a single run."""
    # each name once, in the order of the runs
    names = list(dict.fromkeys(sampler.name for run in runs for sampler in _samplers(run)))
    if len(names) * len(runs) < 2:
        return None

    rows: list[Row] = []
    for name in names:
        row: Row = {"sampler": name}
        for i, run in enumerate(runs):
            # a run may lack a sampler that another one has: its cell stays empty
            for sampler in _samplers(run):
                if sampler.name == name:
                    row |= _cell(i, replay_sampler(run, sampler, plan))
        rows.append(row)
    # without a sampler: each once, also where a run has no search
    for key in dict.fromkeys(key for run in runs for key, _ in _compared(run, plan)):
        row = {}
        for i, run in enumerate(runs):
            for strategy in (s for other, s in _compared(run, plan) if other == key):
                row |= {"sampler": strategy.name, **_cell(i, replay(run, strategy))}
        rows.append(row)

    columns = [Column("sampler", ("sampler",))]
    for i, run in enumerate(runs):
        columns.append(Column(f"{run.name}, %", _keys(i), "{:.1f} [{:.0f}-{:.0f}]"))
    title = f"Samplers on other classifiers and data sets, K = {plan.k} (Table 3)"
    return Table("cross", title, tuple(columns), rows=tuple(rows), paper_notes=(PAPER,))


def _samplers(run: Run) -> list[SamplerFacts]:
    """The samplers that have networks for pictures or sound."""
    return [sampler for sampler in run.samplers if sampler.visual or sampler.audio]


def _compared(run: Run, plan: Plan) -> list[Named]:
    """What samplers are compared with: search, baselines, and the clips of which f is surest."""
    return [
        *search_strategies(run, plan)[:1],
        *((key, baseline(run, plan, key)) for key in BASELINES),
        *odds_strategies(plan)[-1:],
    ]


def _keys(i: int) -> tuple[str, str, str]:
    return f"run{i + 1}", f"run{i + 1}_low", f"run{i + 1}_high"


def _cell(i: int, outcome: Outcome) -> Row:
    return dict(zip(_keys(i), outcome.accuracy(), strict=True))


def replay_sampler(run: Run, sampler: SamplerFacts, plan: Plan) -> Outcome:
    """Replay AV-union-list with a sampler, or its only modality where it has one alone."""
    # the best combination of the paper (Table 5)
    kind = "av-union-list"
    if not sampler.audio:
        kind = "visual"
    elif not sampler.visual:
        kind = "audio"
    return replay(run, make_strategy(sampler.name, kind, plan.k, sampler=sampler))


def novel_table(runs: Sequence[Run], plan: Plan) -> Table | None:
    """Accuracy on classes that the sampler learnt, and on novel ones; None without novel classes.

    The classes that a sampler learnt are the labels in its weight files.
    """
    rows = [
        row for run in runs for sampler in _samplers(run) for row in _novel_rows(run, sampler, plan)
    ]
    if not rows:
        return None
    columns = [Column(name, (name,)) for name in ("data", "sampler", "classes", "videos")]
    names = ["SCSampler", *dict.fromkeys(s.name for run in runs for _, s in _compared(run, plan))]
    for name in names:
        columns.append(Column(f"{name}, %", (name,), "{:.1f}"))
    note = "A class is novel where it is not among the labels in the sampler's weight files."
    title = f"Classes that the sampler did not learn, K = {plan.k} (Sec. 4.1.4)"
    return Table("novel", title, tuple(columns), rows=tuple(rows), notes=(note,))


def _novel_rows(run: Run, sampler: SamplerFacts, plan: Plan) -> Iterator[Row]:
    """A row for the seen classes and one for the novel ones; nothing where all are seen."""
    # bool [V]
    novel = np.array([video.label not in sampler.labels for video in run.videos])
    # a weight file may name no labels
    if not sampler.labels or not novel.any():
        return
    outcomes = {"SCSampler": replay_sampler(run, sampler, plan)}
    for _, strategy in _compared(run, plan):
        outcomes[strategy.name] = replay(run, strategy)

    for classes, mask in (("seen", ~novel), ("novel", novel)):
        row: Row = {
            "data": run.name,
            "sampler": sampler.name,
            "classes": classes,
            "videos": int(mask.sum()),
        }
        for name, outcome in outcomes.items():
            # there may be no video with a seen class
            row[name] = 100 * float(outcome.hits()[mask].mean()) if mask.any() else None
        yield row
