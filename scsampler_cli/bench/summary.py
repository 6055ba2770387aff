"""All tables and figures of a bench, and what they come to, from runs alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from scsampler_cli.bench.curves import Chart, charts, overhead_clips
from scsampler_cli.bench.knowledge import KnownVideo, Run
from scsampler_cli.bench.request import Plan
from scsampler_cli.bench.tables import (
    Row,
    Table,
    audio_table,
    combinations_table,
    inputs_table,
    strategies_table,
    summary_table,
    videos_table,
)
from scsampler_cli.bench.transfer import cross_table, novel_table
from scsampler_cli.errors import SettingsError
from scsampler_cli.report import counted

SCHEMA = "scsampler.bench/1"


@dataclass(frozen=True)
class Section:
    """One data set under one classifier."""

    run: Run
    verdict: str
    tables: tuple[Table, ...]
    charts: tuple[Chart, ...]
    answers: Table
    """Video by video."""


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
    return {
        "data": run.data,
        "classifier": dict(run.classifier),
        "samplers": [{"name": s.name, "networks": [asdict(n) for n in s.networks]} for s in run.samplers],
        "joint": run.joint and [asdict(network) for network in run.joint.networks],
        "videos": len(run.videos),
        "clips": sum(video.clips for video in run.videos),
        "seconds": sum(video.seconds for video in run.videos),
        "failures": [dict(failure) for failure in run.failures],
        "notes": [{"path": video.path, "note": note} for video in run.videos for note in video.notes],
        "settings": dict(run.settings),
        "costs": run.costs and run.costs.record(),
        "verdict": section.verdict,
        "tables": {table.key: table.record() for table in section.tables},
        "figures": {chart.key: chart.record() for chart in section.charts},
        "answers": section.answers.record(),
    }


def summarise(runs: Sequence[Run], plan: Plan) -> Summary:
    """Make everything that can be made of the runs."""
    sections = tuple(_section(run, plan) for run in runs)
    across = [cross_table(runs, plan), novel_table(runs, plan)]
    if len(runs) > 1:
        across.insert(0, summary_table(runs, plan))
    return Summary(plan, tuple(table for table in across if table is not None), sections)


def _section(run: Run, plan: Plan) -> Section:
    first = strategies_table(run, plan)
    more = (inputs_table(run, plan), combinations_table(run, plan), audio_table(run, plan))
    tables = (first, *(table for table in more if table is not None))
    return Section(run, verdict(run, first, plan), tables, tuple(charts(run, plan)), videos_table(run, plan))


def verdict(run: Run, table: Table, plan: Plan) -> str:
    """Is it worth it, for these videos and this classifier? In words, with the numbers that say so."""
    best: Row = table.rows[0]
    by_key: Mapping[str, Row] = {row["key"]: row for row in table.rows}
    dense, uniform = by_key["dense"], by_key["uniform"]
    gain = f"{best['gain']:+.1f} points, 95 % within {best['gain_low']:+.1f} and {best['gain_high']:+.1f}"
    text = [
        f"With K = {plan.k}, {best['strategy']} names {best['top1']:.1f} % of {counted(len(run.videos), 'video')} right, "
        f"Dense {dense['top1']:.1f} % ({gain}), Uniform {uniform['top1']:.1f} %."
    ]
    speed_up = best.get("speed_up")
    if speed_up is not None:
        overhead = overhead_clips(run, {"read": best["read_s"], "score": best["score_s"]})
        how = f"{speed_up:.1f} times faster" if speed_up > 1 else f"{1 / speed_up:.1f} times slower"
        text.append(
            f"It takes {best['total_s']:.2f} s a video against {dense['total_s']:.2f} s, {how}; the sampler costs as much as "
            f"{overhead:.1f} clip evaluations."
        )
    if best["gain_low"] > 0:
        faster = ", and faster." if (speed_up or 0) > 1 else ", but slower: this classifier is too cheap for a sampler."
        text.append(f"It is more accurate than Dense{'.' if speed_up is None else faster}")
    elif best["gain_high"] < 0:
        text.append("It is less accurate than Dense here: train a sampler for these videos, or take more clips.")
    else:
        text.append("Whether it is more accurate than Dense these videos cannot tell.")
    return " ".join(text)


def pooled(runs: Sequence[Run], name: str) -> Run:
    """Several runs as one data set, such as the halves of one that have a classifier each.

    Samplers and networks are those that all runs have, by name; classifiers may differ, and so may their labels. Times are left
    out, since they belong to a run.

    Raises:
        SettingsError: a video is in two runs.
    """
    first = runs[0]
    every = Counter(video.path for run in runs for video in run.videos)
    if twice := [path for path, count in every.items() if count > 1]:
        raise SettingsError(
            f"{twice[0]} is in several of the runs: pooled, it would count more than once",
            hint="pool runs of different videos",
        )
    shared = [n for n in first.networks if all(n.name in {m.name for m in run.networks} for run in runs)]
    samplers = [s for s in first.samplers if all(_same(s.name, first, run) for run in runs)]
    positions = [run.train_positions for run in runs if run.train_positions is not None]
    joint = first.joint if all(run.joint is not None for run in runs) else None
    videos: tuple[KnownVideo, ...] = tuple(video for run in runs for video in run.videos)
    names = " + ".join(dict.fromkeys(str(run.classifier["name"]) for run in runs))
    classifier = {**first.classifier, "name": names, "sha256": None, "labels": []}
    return replace(
        first,
        data=name,
        classifier=classifier,
        samplers=tuple(samplers),
        joint=joint,
        networks=tuple(shared),
        videos=videos,
        failures=tuple(failure for run in runs for failure in run.failures),
        train_positions=np.concatenate(positions) if len(positions) == len(runs) else None,
        costs=None,
        thumbnails=(),
    )


def _same(name: str, first: Run, other: Run) -> bool:
    """Both runs have a sampler of that name, of networks of the same roles."""
    roles = [{s.name: [n.name for n in s.networks] for s in run.samplers}.get(name) for run in (first, other)]
    return roles[0] is not None and roles[0] == roles[1]
