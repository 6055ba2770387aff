"""The numbers behind the paper's figures 2 and 4 to 7, and of accuracy against alpha (ours)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from scsampler_cli.bench import published
from scsampler_cli.bench.empirical import BINS
from scsampler_cli.bench.paper_tables import baselines, cascade, sampled
from scsampler_cli.bench.plan import Plan
from scsampler_cli.bench.replay import Outcome, Strategy, outcome, positions, strategy
from scsampler_cli.bench.run_data import Run

KS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30, 50, 100)
STRIDES = tuple(range(1, 11))
DRAWS = 10
"""Seeds of Random and Empirical along a curve, at most (our choice)."""
ByK = dict[int, dict[str, Outcome]]
"""K -> role -> what came of it."""
ALPHAS = tuple(i / 10 for i in range(11))
CANDIDATES = (1, 2, 4, 6, 8, 12)
"""M of the curve, in times K."""
ROLES = ("scsampler", "random", "uniform", "empirical", "dense", "oracle")
"""In the order of the legend."""
PER_CENT = "top-1 accuracy, % of videos"


@dataclass(frozen=True)
class Series:
    """One line of a chart."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    role: str
    """By which a drawing tells the lines apart: "scsampler", "random", ..."""


@dataclass(frozen=True)
class Mark:
    """A value of the paper, for reference."""

    x: float
    y: float
    label: str


@dataclass(frozen=True)
class Chart:
    """One figure."""

    key: str
    title: str
    x_label: str
    y_label: str
    series: tuple[Series, ...]
    levels: tuple[Series, ...] = ()
    """Values that do not depend on x, one point each."""
    marks: tuple[Mark, ...] = ()
    bars: bool = False
    """The first series is drawn as bars, the others over it."""
    log_x: bool = False
    whole_x: bool = False
    """x counts something."""

    def record(self) -> dict[str, Any]:
        """JSON form."""
        lines = [
            {"name": s.name, "role": s.role, "x": list(s.x), "y": list(s.y)}
            for s in (*self.series, *self.levels)
        ]
        marks = [{"label": mark.label, "x": mark.x, "y": mark.y} for mark in self.marks]
        return {
            "title": self.title,
            "x": self.x_label,
            "y": self.y_label,
            "series": lines,
            "paper": marks,
        }


def charts(run: Run, plan: Plan) -> list[Chart]:
    """All figures that can be made of a run."""
    plan = replace(plan, draws=min(plan.draws, DRAWS))
    by_k = {
        k: {role: outcome(run, way) for role, way in _at_k(run, replace(plan, k=k))}
        for k in _ks(run, plan)
    }
    dense = outcome(run, dict(baselines(run, plan))["dense"])
    made = [
        positions_chart(run, plan, by_k),
        clips_chart(by_k, dense),
        share_chart(run, plan, dense),
        alpha_chart(run, plan, dense),
        candidates_chart(run, plan, dense),
        runtime_chart(by_k, dense),
        stride_chart(run, plan, dense),
    ]
    return [chart for chart in made if chart is not None]


def _top1(run: Run, way: Strategy) -> float:
    return outcome(run, way).top1


def _at_k(run: Run, plan: Plan) -> list[tuple[str, Strategy]]:
    """The strategy under test, Random, Uniform, Empirical and the oracle."""
    first = [("scsampler", sampled(run, plan)[0][1])]
    return first + [way for way in baselines(run, plan) if way[0] != "dense"]


def _ks(run: Run, plan: Plan) -> list[int]:
    longest = max(video.clips for video in run.videos)
    return sorted({k for k in KS if k <= longest} | {min(plan.k, longest)})


def _level(dense: Outcome) -> Series:
    return Series("Dense (all clips)", (0.0,), (dense.top1,), role="dense")


def positions_chart(run: Run, plan: Plan, by_k: ByK) -> Chart:
    """Where in the videos the chosen clips lie (Fig. 2)."""
    edges = np.linspace(0, 1, BINS + 1)
    series = []
    for role, each in by_k[max(k for k in by_k if k <= plan.k)].items():
        found = positions(run.videos, each.clips)
        share = 100 * np.histogram(found, edges)[0] / max(1, len(found))
        middles = (edges[:-1] + edges[1:]) / 2
        series.append(
            Series(each.way.name, tuple(middles.tolist()), tuple(share.tolist()), role=role)
        )
    x, y = f"position in the video, 0 = start, 1 = end; {BINS} parts", "chosen clips in a part, %"
    return Chart(
        "positions",
        f"Where the clips lie, K = {plan.k} (Fig. 2)",
        x,
        y_label=y,
        series=tuple(series),
        bars=True,
    )


def clips_chart(by_k: ByK, dense: Outcome) -> Chart:
    """Accuracy against K (Fig. 4)."""
    first = next(iter(by_k.values()))
    series = [
        Series(
            _bare(first[role].way.name),
            tuple(map(float, by_k)),
            tuple(found[role].top1 for found in by_k.values()),
            role=role,
        )
        for role in first
    ]
    known = (("SCSampler", "av-union-list"), ("Random", "random"))
    marks = tuple(Mark(10, published.TABLE_5[key], f"paper, {name}, K = 10") for name, key in known)
    title, x_label = (
        "Accuracy against the number of clips (Fig. 4)",
        "K, clips classified per video",
    )
    return Chart(
        "clips",
        title,
        x_label,
        y_label=PER_CENT,
        series=tuple(series),
        levels=(_level(dense),),
        marks=marks,
        log_x=True,
    )


def _bare(name: str) -> str:
    """A strategy's name without the K' that would change along a curve."""
    return name.split(" (")[0]


def share_chart(run: Run, plan: Plan, dense: Outcome) -> Chart | None:
    """Accuracy against K' of AV-union-list (Fig. 5)."""
    if not (run.main.visual and run.main.audio):
        return None
    shares = list(range(plan.k + 1))
    y = [
        _top1(run, strategy("", "av-union-list", plan.k, sampler=run.main, k_visual=share))
        for share in shares
    ]
    line = Series("AV-union-list", tuple(map(float, shares)), tuple(y), role="scsampler")
    points = ((0, "audio"), (8, "av-union-list"), (10, "visual"))
    marks = (
        tuple(Mark(x, published.TABLE_5[key], f"paper, K' = {x}") for x, key in points)
        if plan.k == 10
        else ()
    )
    x_label = f"K', clips taken by the picture, of K = {plan.k}"
    return Chart(
        "share",
        "Accuracy against K' (Fig. 5)",
        x_label,
        y_label=PER_CENT,
        series=(line,),
        levels=(_level(dense),),
        marks=marks,
        whole_x=True,
    )


def alpha_chart(run: Run, plan: Plan, dense: Outcome) -> Chart | None:
    """Accuracy against alpha of the convex combinations (Table 5 gives one value of each)."""
    if not (run.main.visual and run.main.audio):
        return None
    lines, marks = [], []
    for kind, role, best in (
        ("av-convex-list", "scsampler", 0.8),
        ("av-convex-score", "empirical", 0.9),
    ):
        y = tuple(
            _top1(run, strategy("", kind, plan.k, sampler=run.main, alpha=alpha))
            for alpha in ALPHAS
        )
        lines.append(Series(f"AV{kind[2:]}", ALPHAS, y, role=role))
        marks.append(Mark(best, published.TABLE_5[kind], f"paper, AV{kind[2:]}"))
    x_label = "alpha, weight of the picture"
    title = f"Accuracy against alpha, K = {plan.k} (Table 5)"
    return Chart(
        "alpha",
        title,
        x_label,
        y_label=PER_CENT,
        series=tuple(lines),
        levels=(_level(dense),),
        marks=tuple(marks),
    )


def candidates_chart(run: Run, plan: Plan, dense: Outcome) -> Chart | None:
    """Accuracy against M, the clips that packets let through to the visual sampler (ours); None without both samplers."""
    if not (run.main.visual and run.main.packets):
        return None
    longest = max(video.clips for video in run.videos)
    counts = sorted(
        {max(plan.k, round(plan.k * times)) for times in CANDIDATES} | {max(plan.k, longest)}
    )
    found = [outcome(run, cascade(run, plan, count, name="packets first")) for count in counts]
    x = tuple(map(float, counts))
    lines = [Series("packets first", x, tuple(each.top1 for each in found), role="scsampler")]
    whole = Series(
        "all clips looked at", (0.0,), (_top1(run, sampled(run, plan)[0][1]),), role="oracle"
    )
    title, x_label = f"Packets first, K = {plan.k}", "M, clips that the visual sampler looks at"
    return Chart(
        "candidates",
        title,
        x_label,
        y_label=PER_CENT,
        series=tuple(lines),
        levels=(_level(dense), whole),
        log_x=True,
    )


def runtime_chart(by_k: ByK, dense: Outcome) -> Chart | None:
    """Accuracy against seconds per video (Fig. 6); None where no time was measured."""
    if dense.run.costs is None:
        return None
    found: dict[str, list[Outcome]] = {"dense": [dense]}
    for at in by_k.values():
        for role in at.keys() - {"oracle"}:
            found.setdefault(role, []).append(at[role])
    series = tuple(
        Series(
            _bare(each[0].way.name) + (" (all clips)" if role == "dense" else ""),
            tuple((o.seconds() or {})["total"] for o in each),
            tuple(o.top1 for o in each),
            role=role,
        )
        for role, each in sorted(found.items(), key=lambda item: ROLES.index(item[0]))
    )
    title = "Accuracy against runtime, K from 1 up (Fig. 6)"
    return Chart("runtime", title, "seconds per video", y_label=PER_CENT, series=series, log_x=True)


def stride_chart(run: Run, plan: Plan, dense: Outcome) -> Chart:
    """Accuracy against the clip stride N (Fig. 7)."""
    shortest = min(video.clips for video in run.videos)
    strides = [n for n in STRIDES if n <= max(1, shortest)]
    way = sampled(run, plan)[0][1]
    y = [_top1(run, _strided(way, n)) for n in strides]
    line = Series(_bare(way.name), tuple(map(float, strides)), tuple(y), role="scsampler")
    uniform = Series(
        "Uniform", (0.0,), (_top1(run, dict(baselines(run, plan))["uniform"]),), role="uniform"
    )
    marks = tuple(Mark(n, value, f"paper, {what}, N = {n}") for n, value, what in published.STRIDE)
    title = f"Accuracy when every N-th clip is scored, K = {plan.k} (Fig. 7)"
    levels = (_level(dense), uniform)
    return Chart(
        "stride",
        title,
        "N, clip stride of the sampler",
        y_label=PER_CENT,
        series=(line,),
        levels=levels,
        marks=marks,
        whole_x=True,
    )


def _strided(way: Strategy, stride: int) -> Strategy:
    if way.selection is None:
        raise ValueError("the oracle scores nothing")
    return replace(way, selection=replace(way.selection, clip_stride=stride))


def overhead_clips(run: Run, seconds: dict[str, float]) -> float | None:
    """The sampler's cost in clip evaluations (App. D); None where no time was measured."""
    if run.costs is None or not run.costs.classify_s:
        return None
    return (seconds["read"] + seconds["score"]) / run.costs.classify_s


def csv_rows(chart: Chart) -> Sequence[dict[str, Any]]:
    """The numbers behind a chart, a row for each point."""
    rows = [
        {"series": s.name, "x": x, "y": y}
        for s in chart.series
        for x, y in zip(s.x, s.y, strict=True)
    ]
    rows += [{"series": s.name, "x": None, "y": s.y[0]} for s in chart.levels]
    return rows + [{"series": mark.label, "x": mark.x, "y": mark.y} for mark in chart.marks]
