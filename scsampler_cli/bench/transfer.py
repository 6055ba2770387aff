"""Samplers x classifiers x data sets (Table 3), and classes that a sampler has not seen (Sec. 4.1.4)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scsampler_cli.bench.paper_tables import Column, Row, Table, baselines
from scsampler_cli.bench.plan import Plan
from scsampler_cli.bench.replay import Outcome, outcome, strategy
from scsampler_cli.bench.run_data import Run, SamplerFacts

PAPER = (
    "The paper's Table 3, MC3-18: on Kinetics 67.0 with its own sampler, 65.0 with one trained on Sports1M, 65.9 with one for "
    "R(2+1)D, Uniform 62.3, Dense 65.1; on Sports1M 72.8, 69.2, 72.1, 64.8, 66.6."
)


def cross_table(runs: Sequence[Run], plan: Plan) -> Table | None:
    """Top-1 of every sampler under every data set and classifier; None with a single number to tell."""
    names = list(dict.fromkeys(sampler.name for run in runs for sampler in run.samplers))
    if len(names) * len(runs) < 2:
        return None
    rows: list[Row] = []
    for name in names:
        row: Row = {"sampler": name}
        for i, run in enumerate(runs):
            sampler = next((s for s in run.samplers if s.name == name), None)
            if sampler is not None:
                row |= _cell(i, sampled_by(run, sampler, plan))
        rows.append(row)
    for key, heading in (("random", "Random"), ("uniform", "Uniform"), ("dense", "Dense")):
        row = {"sampler": heading}
        for i, run in enumerate(runs):
            row |= _cell(i, outcome(run, dict(baselines(run, plan))[key]))
        rows.append(row)
    columns = [Column("sampler", ("sampler",))]
    columns += [
        Column(f"{run.name}, %", _keys(i), "{:.1f} [{:.0f}-{:.0f}]") for i, run in enumerate(runs)
    ]
    title = f"Samplers on other classifiers and data sets, K = {plan.k} (Table 3)"
    return Table("cross", title, tuple(columns), rows=tuple(rows), notes=(PAPER,))


def _keys(i: int) -> tuple[str, str, str]:
    return f"run{i + 1}", f"run{i + 1}_low", f"run{i + 1}_high"


def _cell(i: int, found: Outcome) -> Row:
    return dict(zip(_keys(i), found.accuracy(), strict=True))


def sampled_by(run: Run, sampler: SamplerFacts, plan: Plan) -> Outcome:
    """What AV-union-list makes of a sampler, or the only list that it has."""
    kind = "visual" if not sampler.audio else "audio" if not sampler.visual else "av-union-list"
    return outcome(run, strategy(sampler.name, kind, plan.k, sampler=sampler))


def novel_table(runs: Sequence[Run], plan: Plan) -> Table | None:
    """Seen and novel classes apart, by the labels in the samplers' weight files; None where all classes are seen."""
    rows: list[Row] = []
    for run in runs:
        for sampler in run.samplers:
            novel = np.array([video.label not in sampler.labels for video in run.videos])
            if not sampler.labels or not novel.any():
                continue
            ways = dict(baselines(run, plan))
            found = {"SCSampler": sampled_by(run, sampler, plan)}
            found |= {
                ways[key].name: outcome(run, ways[key]) for key in ("random", "uniform", "dense")
            }
            for classes, mask in (("seen", ~novel), ("novel", novel)):
                row: Row = {
                    "data": run.name,
                    "sampler": sampler.name,
                    "classes": classes,
                    "videos": int(mask.sum()),
                }
                row |= {
                    name: 100 * float(o.hits()[mask].mean()) if mask.any() else None
                    for name, o in found.items()
                }
                rows.append(row)
    if not rows:
        return None
    columns = [Column(name, (name,)) for name in ("data", "sampler", "classes", "videos")]
    columns += [
        Column(f"{name}, %", (name,), "{:.1f}")
        for name in ("SCSampler", "Random", "Uniform", "Dense")
    ]
    note = "A class is novel where it is not among the labels that the sampler's weight files name."
    title = f"Classes that the sampler has not seen, K = {plan.k} (Sec. 4.1.4)"
    return Table("novel", title, tuple(columns), rows=tuple(rows), notes=(note,))
