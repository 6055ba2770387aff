"""All tables and figures of a bench, and a verdict in words, from runs alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from scsampler_cli.bench.charged_costs import charged_as
from scsampler_cli.bench.curves import charts, overhead_clips
from scsampler_cli.bench.figure_data import Chart
from scsampler_cli.bench.network_tables import audio_table, inputs_table
from scsampler_cli.bench.paper_tables import (
    combinations_table,
    strategies_table,
    summary_table,
    videos_table,
)
from scsampler_cli.bench.plan import Plan
from scsampler_cli.bench.run_data import Run
from scsampler_cli.bench.segment_tables import segment_tables
from scsampler_cli.bench.table import Row, Table
from scsampler_cli.bench.transfer import cross_table, novel_table
from scsampler_cli.text import counted

SCHEMA = "scsampler.bench/1"


@dataclass(frozen=True)
class Section:
    """Tables and figures of one data set under one classifier."""

    run: Run
    verdict: str
    tables: tuple[Table, ...]
    charts: tuple[Chart, ...]
    answers: Table
    """Video by video."""
    found_segments: Table | None = None
    """Segment by segment; None without true segments."""


@dataclass(frozen=True)
class Summary:
    """The whole report."""

    plan: Plan
    across: tuple[Table, ...]
    """Tables over all runs."""
    sections: tuple[Section, ...]

    def record(self) -> dict[str, Any]:
        """JSON form; the same runs and the same plan give the same record."""
        return {
            "schema": SCHEMA,
            "plan": asdict(self.plan),
            "across": {table.key: table.record() for table in self.across},
            "runs": [_section_record(section) for section in self.sections],
        }


def _section_record(section: Section) -> dict[str, Any]:
    run = section.run
    samplers = []
    for sampler in run.samplers:
        networks = [asdict(network) for network in sampler.networks]
        samplers.append({"name": sampler.name, "networks": networks})
    notes = []
    for video in run.videos:
        notes += [{"path": video.path, "note": note} for note in video.notes]
    return {
        "data": run.data,
        "classifier": dict(run.classifier),
        "samplers": samplers,
        "joint": run.joint and [asdict(network) for network in run.joint.networks],
        "pictures": run.pictures and asdict(run.pictures),
        "tagging": asdict(run.tagging),
        "videos": len(run.videos),
        "clips": sum(video.clips for video in run.videos),
        "seconds": sum(video.seconds for video in run.videos),
        "failures": [dict(failure) for failure in run.failures],
        "notes": notes,
        "settings": dict(run.settings),
        "costs": run.costs and run.costs.record(),
        "verdict": section.verdict,
        "tables": {table.key: table.record() for table in section.tables},
        "figures": {chart.key: chart.record() for chart in section.charts},
        "answers": section.answers.record(),
        "found_segments": section.found_segments and section.found_segments.record(),
    }


def summarise(runs: Sequence[Run], plan: Plan) -> Summary:
    """Make all tables and figures for which the runs have the numbers."""
    # each run by itself, then tables that compare runs
    sections = tuple(_section(run, plan) for run in runs)
    across = [cross_table(runs, plan), novel_table(runs, plan)]
    if len(runs) > 1:
        # a single run has the same numbers in its own table
        across.insert(0, summary_table(runs, plan))
    return Summary(plan, _shown(across, plan), sections)


def _shown(tables: Iterable[Table | None], plan: Plan) -> tuple[Table, ...]:
    """The tables that have rows, with the numbers of the paper if the plan wants them."""
    return tuple(table.with_paper(plan.paper) for table in tables if table is not None)


def _section(run: Run, plan: Plan) -> Section:
    first = strategies_table(run, plan)
    # None where a run has nothing to compare
    segments = segment_tables(run, plan)
    more = (
        *segments.shown,
        inputs_table(run, plan),
        combinations_table(run, plan),
        audio_table(run, plan),
    )
    return Section(
        run,
        verdict(run, first, plan),
        _shown((first, *more), plan),
        charts=tuple(chart.with_paper(plan.paper) for chart in charts(run, plan)),
        answers=videos_table(run, plan),
        found_segments=segments.found,
    )


def verdict(run: Run, table: Table, plan: Plan) -> str:
    """Whether the sampler pays off for these videos and this classifier, with the numbers.

    Args:
        run: the run.
        table: its table of strategies; the first row is the strategy under test.
        plan: gives K, the number of clips selected per video.
    """
    best: Row = table.rows[0]
    by_key: Mapping[str, Row] = {row["key"]: row for row in table.rows}
    dense, uniform = by_key["dense"], by_key["uniform"]
    # of paired videos, so that it is narrower than the difference of two intervals
    gain = (
        f"{best['gain']:+.1f} points, "
        f"95 % interval {best['gain_low']:+.1f} to {best['gain_high']:+.1f}"
    )
    sentences = [
        f"With K = {plan.k}, {best['strategy']} is right on {best['top1']:.1f} % of "
        f"{counted(len(run.videos), 'video')}, "
        f"Dense on {dense['top1']:.1f} % ({gain}), Uniform on {uniform['top1']:.1f} %."
    ]

    speed_up = best.get("speed_up")
    if speed_up is not None:
        # the sampler's own cost, in units of the classifier (App. D)
        overhead = overhead_clips(run, {"read": best["read_s"], "score": best["score_s"]})
        # a ratio above 1 either way, with the word for its direction
        ratio = f"{speed_up:.1f} times faster"
        if speed_up <= 1:
            ratio = f"{1 / speed_up:.1f} times slower"
        sentences.append(
            f"It takes {best['total_s']:.2f} s per video, Dense {dense['total_s']:.2f} s: {ratio}; "
            f"choosing the clips costs as much as {overhead:.1f} clip evaluations."
        )
        if name := charged_as(run):
            sentences.append(f"The times are those of {name} in place of the demo's classifier.")
    sentences.append(_conclusion(best, speed_up))
    return " ".join(sentences)


def _conclusion(best: Row, speed_up: float | None) -> str:
    # the gain is certain where its interval does not contain 0
    if best["gain_low"] > 0:
        if speed_up is None:
            return "It is more accurate than Dense."
        if speed_up > 1:
            return "It is more accurate than Dense, and faster."
        return (
            "It is more accurate than Dense, but slower: "
            "the classifier costs too little for a sampler."
        )
    if best["gain_high"] < 0:
        return (
            "It is less accurate than Dense here: "
            "train a sampler on such videos, or use a larger K."
        )
    return "These videos do not show whether it is more accurate than Dense."
