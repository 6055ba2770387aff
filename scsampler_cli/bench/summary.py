"""All tables and figures of a bench, and what they come to, from runs alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from scsampler_cli.bench.curves import Chart, charts, overhead_clips
from scsampler_cli.bench.paper_tables import (
    Row,
    Table,
    audio_table,
    combinations_table,
    inputs_table,
    strategies_table,
    summary_table,
    videos_table,
)
from scsampler_cli.bench.plan import Plan
from scsampler_cli.bench.run_data import NetworkFacts, Run, SamplerFacts, VideoData
from scsampler_cli.bench.transfer import cross_table, novel_table
from scsampler_cli.errors import SettingsError
from scsampler_cli.text import counted

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
        "samplers": [
            {"name": s.name, "networks": [asdict(n) for n in s.networks]} for s in run.samplers
        ],
        "joint": run.joint and [asdict(network) for network in run.joint.networks],
        "videos": len(run.videos),
        "clips": sum(video.clips for video in run.videos),
        "seconds": sum(video.seconds for video in run.videos),
        "failures": [dict(failure) for failure in run.failures],
        "notes": [
            {"path": video.path, "note": note} for video in run.videos for note in video.notes
        ],
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
    return Section(
        run,
        verdict(run, first, plan),
        tables,
        charts=tuple(charts(run, plan)),
        answers=videos_table(run, plan),
    )


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
        faster = (
            ", and faster."
            if (speed_up or 0) > 1
            else ", but slower: this classifier is too cheap for a sampler."
        )
        text.append(f"It is more accurate than Dense{'.' if speed_up is None else faster}")
    elif best["gain_high"] < 0:
        text.append(
            "It is less accurate than Dense here: train a sampler for these videos, or take more clips."
        )
    else:
        text.append("Whether it is more accurate than Dense these videos cannot tell.")
    return " ".join(text)


def pooled(runs: Sequence[Run], name: str) -> Run:
    """Several runs as one data set, such as the halves of one that have a classifier each.

    Samplers and networks are those that all runs have, by name; classifiers may differ, and so may weight files and labels.
    Times are left out, since they belong to a run.

    Raises:
        SettingsError: a video is in two runs.
    """
    first = runs[0]
    every = Counter(video.path for run in runs for video in run.videos)
    if twice := [path for path, count in every.items() if count > 1]:
        raise SettingsError(
            f"{twice[0]} is in several of the runs: pooled, it would count more than once",
            code="bench-video-invalid",
            hint="pool runs of different videos",
        )
    shared = _shared([run.networks for run in runs])
    samplers = [
        _one([s for run in runs for s in run.samplers if s.name == name]) for name in _names(runs)
    ]
    positions = [run.train_positions for run in runs if run.train_positions is not None]
    videos: tuple[VideoData, ...] = tuple(video for run in runs for video in run.videos)
    names = " + ".join(dict.fromkeys(str(run.classifier["name"]) for run in runs))
    classifier = {**first.classifier, "name": names, "sha256": None, "labels": []}
    return replace(
        first,
        data=name,
        classifier=classifier,
        samplers=tuple(samplers),
        joint=_joint(runs),
        networks=shared,
        videos=videos,
        failures=tuple(failure for run in runs for failure in run.failures),
        train_positions=np.concatenate(positions) if len(positions) == len(runs) else None,
        costs=None,
        thumbnails=(),
    )


def _names(runs: Sequence[Run]) -> list[str]:
    """Samplers that all runs have, of networks of the same roles."""
    roles = [{s.name: [n.name for n in s.networks] for s in run.samplers} for run in runs]
    return [
        name for name, mine in roles[0].items() if all(each.get(name) == mine for each in roles)
    ]


def _joint(runs: Sequence[Run]) -> SamplerFacts | None:
    pairs = [run.joint for run in runs if run.joint is not None]
    roles = {tuple(network.name for network in pair.networks) for pair in pairs}
    return _one(pairs) if len(pairs) == len(runs) and len(roles) == 1 else None


def _one(samplers: Sequence[SamplerFacts]) -> SamplerFacts:
    return replace(samplers[0], networks=_shared([sampler.networks for sampler in samplers]))


def _shared(each: Sequence[Sequence[NetworkFacts]]) -> tuple[NetworkFacts, ...]:
    """Networks of the same role in every run, as one. What differs from run to run is not claimed of all."""
    roles = [{network.name: network for network in networks} for networks in each]
    common = [name for name in roles[0] if all(name in role for role in roles)]
    return tuple(_merged([role[name] for role in roles]) for name in common)


def _merged(networks: Sequence[NetworkFacts]) -> NetworkFacts:
    first = networks[0]
    if all(network == first for network in networks):
        return first
    files = " + ".join(dict.fromkeys(network.weights for network in networks))
    labels = first.labels if all(network.labels == first.labels for network in networks) else ()
    return replace(first, weights=files, sha256=None, labels=labels)
