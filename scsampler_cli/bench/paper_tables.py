"""The paper's tables, from what is known: 1 and 2 (strategies), 3 (cross), 4 (inputs), 5 (combinations), 6 (audio networks)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any

from scsampler_cli.bench import published
from scsampler_cli.bench.empirical import histogram
from scsampler_cli.bench.plan import Plan
from scsampler_cli.bench.replay import Outcome, Strategy, difference, outcome, strategy
from scsampler_cli.bench.run_data import SHOWN, NetworkFacts, Run, SamplerFacts
from scsampler_cli.config import AUDIO, CANDIDATES_PER_CLIP, DEFAULT_ALPHA, VISUAL
from scsampler_cli.text import counted

Row = dict[str, Any]
BLENDS = ("av-union-list", "av-convex-list", "av-convex-score", "av-intersect-list")
JOINT = "av-joint-training"
TOP = 5


@dataclass(frozen=True)
class Column:
    """How a column is shown; its numbers lie in the rows."""

    heading: str
    keys: tuple[str, ...]
    form: str = "{}"
    """Format of the keys' values."""
    brief: bool = True
    """Shown on a terminal, too."""

    def shown(self, row: Row) -> str:
        """A cell's text; "-" where there is nothing to tell."""
        values = [row.get(key) for key in self.keys]
        return (
            "-"
            if values[0] is None
            else self.form.format(*("" if value is None else value for value in values))
        )


@dataclass(frozen=True)
class Table:
    """Rows of plain values, percent and seconds as numbers, with the columns that people look at."""

    key: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = field(default=())

    def record(self) -> dict[str, Any]:
        """JSON form."""
        return {"title": self.title, "rows": list(self.rows), "notes": list(self.notes)}


TOP1 = Column("top-1, %", ("top1", "top1_low", "top1_high"), "{:.1f} [{:.0f}-{:.0f}]")
TOP5 = Column("top-5, %", ("top5", "top5_low", "top5_high"), "{:.1f} [{:.0f}-{:.0f}]")
PAPER = Column("paper, %", ("paper_top1",), "{:.1f}")
CLIPS = Column("clips", ("clips",), "{:.1f}")
TOTAL = Column("s/video", ("total_s",), "{:.2f}")
STAGE_COLUMNS = tuple(
    Column(f"{name}, s", (f"{name}_s",), "{:.2f}", brief=False)
    for name in ("read", "score", "decode", "classify")
)


def facts(found: Outcome) -> Row:
    """The numbers of a strategy's row: percent, seconds, 10^9 multiply-adds."""
    top1, low, high = found.accuracy()
    row: Row = {"top1": top1, "top1_low": low, "top1_high": high, "top1_spread": found.spread}
    if found.run.classes > TOP:
        top5, low5, high5 = found.accuracy(TOP)
        row |= {"top5": top5, "top5_low": low5, "top5_high": high5}
    row |= {"videos": len(found.run.videos), "clips": found.clips_per_video, "gmacs": found.gmacs()}
    return row | {f"{stage}_s": spent for stage, spent in (found.seconds() or {}).items()}


def sampled(run: Run, plan: Plan) -> list[tuple[str, Strategy]]:
    """The strategies that go by the sampler under test, the one that `classify` would use first: (key, strategy)."""
    ways = []
    main = replace(run.main, networks=(*run.main.visual, *run.main.audio))
    if main.visual and main.audio:
        shares = {"av-convex-list": "alpha 0.8", "av-convex-score": "alpha 0.9"}
        shares["av-union-list"] = (
            f"K' {strategy('', 'av-union-list', plan.k).selection.visual_share}"  # type: ignore[union-attr]
        )
        for kind in BLENDS:
            about = f" ({shares[kind]})" if kind in shares else ""
            ways.append((kind, strategy(f"AV{kind[2:]}{about}", kind, plan.k, sampler=main)))
    if main.visual:
        ways.append(
            (
                "visual",
                strategy(
                    "visual only", "visual", plan.k, sampler=replace(main, networks=main.visual)
                ),
            )
        )
    if main.audio:
        ways.append(
            (
                "audio",
                strategy("audio only", "audio", plan.k, sampler=replace(main, networks=main.audio)),
            )
        )
    ways += packet_ways(run, plan)
    if run.joint is not None:  # last: the first is the sampler under test
        ways.append(
            (
                JOINT,
                strategy(
                    "AV-joint-training", "av-convex-score", plan.k, sampler=run.joint, alpha=0.5
                ),
            )
        )
    return ways


def packet_ways(run: Run, plan: Plan) -> list[tuple[str, Strategy]]:
    """By packets alone, and packets first; none without a packet sampler."""
    main = run.main
    if not main.packets:
        return []
    ways = [
        (
            "packets",
            strategy(
                "packets only", "packets", plan.k, sampler=replace(main, networks=main.packets)
            ),
        )
    ]
    if main.visual:
        count = CANDIDATES_PER_CLIP * plan.k
        ways.append(("cascade", cascade(run, plan, count, name=f"packets first, M = {count}")))
    return ways


def cascade(run: Run, plan: Plan, count: int, *, name: str) -> Strategy:
    """The strategy under test behind a first stage that lets `count` clips through."""
    kind = "av-union-list" if run.main.audio else "visual"
    return strategy(name, kind, plan.k, sampler=run.main, candidates=count)


def baselines(run: Run, plan: Plan) -> list[tuple[str, Strategy]]:
    """Random, Uniform, Empirical (where training videos are known), Dense and the oracle."""
    shared: dict[str, Any] = {"draws": plan.draws, "seed": plan.seed}
    ways = [
        ("random", strategy("Random", "random", plan.k, **shared)),
        ("uniform", strategy("Uniform", "uniform", plan.k)),
    ]
    if run.train_positions is not None:
        weights = histogram(run.train_positions, plan.k)
        ways.append(
            ("empirical", strategy("Empirical", "empirical", plan.k, histogram=weights, **shared))
        )
    return [
        *ways,
        ("dense", strategy("Dense", "dense", plan.k)),
        ("oracle", strategy("Oracle", "oracle", plan.k)),
    ]


def strategies_table(run: Run, plan: Plan) -> Table:
    """Accuracy against cost, a row for each strategy (Tables 1 and 2, split by stages)."""
    found = {key: outcome(run, way) for key, way in (*sampled(run, plan), *baselines(run, plan))}
    dense = found["dense"]
    dense_total = (dense.seconds() or {}).get("total")
    rows = []
    for key, each in found.items():
        row: Row = {"key": key, "strategy": each.way.name, **facts(each)}
        row["gain"], row["gain_low"], row["gain_high"] = difference(each, dense)
        if dense_total is not None:
            row["speed_up"] = dense_total / row["total_s"]
        rows.append(row)
    columns = [Column("strategy", ("strategy",)), TOP1, Column("+-", ("top1_spread",), "{:.1f}")]
    columns += [TOP5] if "top5" in rows[0] else []
    columns += [
        Column(
            "over Dense",
            ("gain", "gain_low", "gain_high"),
            "{:+.1f} [{:+.0f} {:+.0f}]",
            brief=False,
        ),
        CLIPS,
    ]
    columns += [Column("GMACs", ("gmacs",), "{:.1f}")] if rows[0]["gmacs"] is not None else []
    if run.costs is not None:
        columns += [*STAGE_COLUMNS, TOTAL, Column("x faster", ("speed_up",), "{:.1f}")]
    return Table(
        "strategies",
        f"Accuracy against cost, K = {plan.k} (Tables 1, 2)",
        tuple(columns),
        rows=tuple(rows),
        notes=_notes(run, plan),
    )


def _notes(run: Run, plan: Plan) -> tuple[str, ...]:
    notes = [
        f"{counted(len(run.videos), 'video')}; [ ] 95 % bootstrap over videos; Random and Empirical: mean of {plan.draws} seeds, "
        "+- their standard deviation."
    ]
    if not (run.main.visual and run.main.audio):
        missing = "audio" if run.main.visual else "visual"
        notes.append(
            f"No {missing} sampler: the AV combinations would go by the other one alone, and are left out."
        )
    if run.train_positions is None:
        notes.append("No training videos were given, so that there is no Empirical.")
    if run.costs is not None:
        notes.append(
            f"Seconds per video: rates measured on {run.costs.videos} of the videos, one after the other, times what each choice "
            "of clips takes. Dense and the oracle decode and classify all clips."
        )
    if run.main.packets and run.main.visual and run.costs is not None:
        notes.append(
            "Packets first: reading costs its share of the frames from the keyframes before the M clips to their ends."
        )
    return tuple(notes)


def summary_table(runs: Sequence[Run], plan: Plan) -> Table:
    """A row for each data set and classifier, as in Tables 1 and 2."""
    rows = []
    for run in runs:
        way = sampled(run, plan)[:1] + baselines(run, plan)
        row: Row = {
            "data": run.data,
            "classifier": run.classifier["name"],
            "videos": len(run.videos),
        }
        for i, (key, each) in enumerate(way):
            found = outcome(run, each)
            name = "scsampler" if i == 0 else key
            row[name] = found.accuracy()[0]
            row[f"{name}_s"] = (found.seconds() or {}).get("total")
        row |= {"sampler": way[0][1].name}
        rows.append(row)
    columns = [Column(name.title(), (name,)) for name in ("data", "classifier", "videos")]
    for name, heading in (
        ("scsampler", "SCSampler"),
        ("random", "Random"),
        ("uniform", "Uniform"),
        ("empirical", "Empirical"),
    ):
        columns.append(Column(f"{heading}, %", (name,), "{:.1f}"))
        columns += [Column("s/video", (f"{name}_s",), "{:.2f}")] if name == "scsampler" else []
    columns += [Column("Dense, %", ("dense",), "{:.1f}"), Column("s/video", ("dense_s",), "{:.2f}")]
    columns.append(Column("Oracle, %", ("oracle",), "{:.1f}"))
    ours, random, uniform, empirical, dense, oracle = published.TABLE_1_MC3
    note = (
        f"The paper on Sports1M, MC3-18: SCSampler {ours}, Random / Uniform / Empirical {random} / {uniform} / {empirical}, "
        f"Dense {dense}, Oracle {oracle}."
    )
    title = f"By data set and classifier, K = {plan.k} (Tables 1, 2)"
    return Table("summary", title, tuple(columns), rows=tuple(rows), notes=(note,))


def combinations_table(run: Run, plan: Plan) -> Table | None:
    """Ways to combine picture and sound (Table 5); None where there is one of the two alone."""
    if not (run.main.visual and run.main.audio):
        return None
    ways = [
        *sampled(run, plan),
        *(way for way in baselines(run, plan) if way[0] in ("random", "uniform", "dense")),
    ]
    rows = []
    for key, way in ways:
        row: Row = {
            "key": key,
            "scheme": way.name,
            **facts(outcome(run, way)),
            "paper_top1": published.TABLE_5.get(key),
        }
        row["alpha"] = DEFAULT_ALPHA.get(key)
        rows.append(row)
    columns = (Column("combination", ("scheme",)), TOP1, TOTAL, PAPER)
    note = f"Paper: {published.MINISPORTS}, K = 10. Other values of alpha and K' are in the curves."
    return Table(
        "combinations",
        f"Combining picture and sound, K = {plan.k} (Table 5)",
        columns,
        rows=tuple(rows),
        notes=(note,),
    )


def inputs_table(run: Run, plan: Plan) -> Table | None:
    """Inputs and architectures of the visual sampler (Table 4); None with a single network."""
    rows = []
    for members in visual_groups(run):
        key = "+".join(n.input for n in members)
        found = outcome(run, strategy(key, "visual", plan.k, sampler=SamplerFacts(key, members)))
        known = (
            published.TABLE_4.get((key, members[0].arch)) if members[0].objective == "ac" else None
        )
        rows.append(
            {
                "features": " + ".join(SHOWN[n.input] for n in members),
                "architecture": SHOWN.get(members[0].arch, members[0].arch),
                "objective": members[0].objective.upper(),
                "weights": ", ".join(n.weights for n in members),
                **facts(found),
                "sampler_gmacs": found.sampler_gmacs(),
                "paper_top1": known[0] if known else None,
            }
        )
    if len(rows) < 2:
        return None
    columns = [Column(name, (name,)) for name in ("features", "architecture", "objective")]
    columns.append(Column("weights", ("weights",), brief=False))
    columns += [
        TOP1,
        Column("sampler GMACs", ("sampler_gmacs",), "{:.2f}"),
        *STAGE_COLUMNS[:2],
        TOTAL,
        PAPER,
    ]
    note = f"Scores of several inputs are averaged (Sec. 3.3.1). Paper: {published.MINISPORTS}, K = 10, AC."
    return Table(
        "inputs",
        f"Inputs and architecture of the visual sampler, K = {plan.k} (Table 4)",
        tuple(columns),
        rows=tuple(rows),
        notes=(note,),
    )


def visual_groups(run: Run) -> Iterator[tuple[NetworkFacts, ...]]:
    """Sets of networks on different inputs that share architecture and objective, small sets first."""
    visual = [network for network in run.networks if network.input in VISUAL]
    for kind in dict.fromkeys((n.arch, n.objective) for n in visual):
        alike = sorted((n for n in visual if (n.arch, n.objective) == kind), key=lambda n: n.input)
        for size in range(1, len(alike) + 1):
            for members in combinations(alike, size):
                if len({n.input for n in members}) == size:
                    yield members


def audio_table(run: Run, plan: Plan) -> Table | None:
    """Networks of the audio sampler (Table 6); None with less than two."""
    audio = [network for network in run.networks if network.input in AUDIO]
    rows: list[Row] = []
    for network in audio:
        found = outcome(
            run,
            strategy(network.name, "audio", plan.k, sampler=SamplerFacts(network.name, (network,))),
        )
        named = {
            "network": SHOWN.get(network.arch, network.arch),
            "objective": network.objective.upper(),
            "weights": network.weights,
        }
        known = published.TABLE_6.get(network.arch) if network.objective == "sal-rank" else None
        rows.append(
            {**named, **facts(found), "sampler_gmacs": found.sampler_gmacs(), "paper_top1": known}
        )
    if len(rows) < 2:
        return None
    columns = [Column(name, (name,)) for name in ("network", "objective", "weights")]
    columns += [
        TOP1,
        Column("sampler GMACs", ("sampler_gmacs",), "{:.2f}"),
        *STAGE_COLUMNS[:2],
        TOTAL,
        PAPER,
    ]
    note = f"VGG-18: all of it is fine-tuned; FC on a layer: nothing else is. Paper: {published.MINISPORTS}, K = 10, SAL-RANK."
    return Table(
        "audio",
        f"Networks of the audio sampler, K = {plan.k} (Table 6)",
        tuple(columns),
        rows=tuple(rows),
        notes=(note,),
    )


def videos_table(run: Run, plan: Plan) -> Table:
    """What each strategy made of each video: right or not (share of draws), and the clips taken where nothing is drawn."""
    found = {key: outcome(run, way) for key, way in (*sampled(run, plan), *baselines(run, plan))}
    rows: list[Row] = []
    for i, video in enumerate(run.videos):
        row: Row = {"path": video.path, "label": video.label, "clips": video.clips}
        for key, each in found.items():
            row[key] = float((each.places[i] < 1).mean())
            if each.way.draws == 1 and key != "dense":
                row[f"{key} clips"] = " ".join(map(str, each.clips[i][0].tolist()))
        rows.append(row)
    columns = (Column("path", ("path",)), *(Column(key, (key,), "{:.2g}") for key in found))
    return Table("videos", f"Video by video, K = {plan.k}", columns, rows=tuple(rows))
