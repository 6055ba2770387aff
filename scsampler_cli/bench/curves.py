"""The numbers of the paper's figures 2 and 4 to 7, and of accuracy against alpha and against M.

Not handled here: `figures` draws them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from scsampler_cli.bench import published
from scsampler_cli.bench.empirical import BINS
from scsampler_cli.bench.figure_data import ROLES, Chart, Mark, Series
from scsampler_cli.bench.plan import Plan
from scsampler_cli.bench.replay import Outcome, Strategy, make_strategy, positions, replay
from scsampler_cli.bench.run_data import Run
from scsampler_cli.bench.strategy_list import (
    Named,
    auto_strategy,
    baseline,
    baseline_strategies,
    cascade_strategy,
    rival,
    sampler_strategies,
    under_test,
)

KS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30, 50, 100)
STRIDES = tuple(range(1, 11))
DRAWS = 10
"""Most seeds of Random and Empirical at each point of a curve."""
MOST = (5, 6, 8, 10, 15, 20, 30)
"""Largest numbers of clips of a search that stops by itself."""
ALPHAS = tuple(i / 10 for i in range(11))
CANDIDATES = (1, 2, 4, 6, 8, 12)
"""Values of M at which the curve has a point, as multiples of K."""
AUTO_NAME = f"search, k auto to {MOST[0]}-{MOST[-1]}"
ACCURACY = "top-1 accuracy, % of videos"
ByK = dict[int, dict[str, Outcome]]
"""K -> role -> outcome."""


def charts(run: Run, plan: Plan) -> list[Chart]:
    """All figures for which a run has the numbers."""
    # a curve has many points, each with its draws
    plan = replace(plan, draws=min(plan.draws, DRAWS))
    by_k: ByK = {}
    for k in _ks(run, plan):
        strategies = _at_k(run, replace(plan, k=k))
        by_k[k] = {role: replay(run, strategy) for role, strategy in strategies}

    autos = []
    if run.has_vectors:
        autos = [replay(run, auto_strategy(run, most)) for most in MOST]
    # the level of every chart
    dense = replay(run, baseline(run, plan, "dense"))
    found = [
        positions_chart(run, plan, by_k),
        clips_chart(by_k, dense, autos),
        share_chart(run, plan, dense),
        alpha_chart(run, plan, dense),
        candidates_chart(run, plan, dense),
        runtime_chart(by_k, dense, autos),
        stride_chart(run, plan, dense),
    ]
    return [chart for chart in found if chart is not None]


def _top1(run: Run, strategy: Strategy) -> float:
    """Percent of videos that a strategy gets right."""
    return replay(run, strategy).top1


def _at_k(run: Run, plan: Plan) -> list[Named]:
    """By role: the strategy under test, its rival, Random, Uniform, Empirical and the oracle."""
    _, first = under_test(run, plan)
    # Dense has no K
    others = [named for named in baseline_strategies(run, plan) if named[0] != "dense"]
    other = rival(run, plan)
    return [("scsampler", first), *([("rival", other[1])] if other else []), *others]


def _most_clips(run: Run) -> int:
    return max(video.clips for video in run.videos)


def _ks(run: Run, plan: Plan) -> list[int]:
    """Values of K up to the number of clips of the longest video, with the K of the tables."""
    most = _most_clips(run)
    return sorted({k for k in KS if k <= most} | {min(plan.k, most)})


def _dense_level(dense: Outcome) -> Series:
    return Series("Dense (all clips)", (0.0,), (dense.top1,), role="dense")


def positions_chart(run: Run, plan: Plan, by_k: ByK) -> Chart:
    """Where in the videos the selected clips lie (Fig. 2)."""
    # float64 [BINS + 1], and [BINS]
    edges = np.linspace(0, 1, BINS + 1)
    middles = (edges[:-1] + edges[1:]) / 2
    # a video shorter than K has no outcome at K: the next smaller one stands for it
    nearest_k = max(k for k in by_k if k <= plan.k)
    series = []
    for role, outcome in by_k[nearest_k].items():
        found = positions(run.videos, outcome.clips)
        # percent of the selected clips in each of BINS equal parts
        share = 100 * np.histogram(found, edges)[0] / max(1, len(found))
        # bars are drawn around their middles
        x, y = tuple(middles.tolist()), tuple(share.tolist())
        series.append(Series(outcome.strategy.name, x, y, role=role))
    return Chart(
        "positions",
        f"Position of the selected clips, K = {plan.k} (Fig. 2)",
        f"position in the video, 0 = start, 1 = end; {BINS} parts",
        y_label="selected clips in a part, %",
        series=tuple(series),
        bars=True,
    )


def clips_chart(by_k: ByK, dense: Outcome, autos: Sequence[Outcome]) -> Chart:
    """Accuracy against K (Fig. 4), and of a search that stops by itself against its mean number of
    clips, a point for each largest number.
    """
    x = tuple(map(float, by_k))
    # the strategies are the same at every K
    first = next(iter(by_k.values()))
    series = []
    for role, outcome in first.items():
        y = tuple(at_k[role].top1 for at_k in by_k.values())
        series.append(Series(_without_parameter(outcome.strategy.name), x, y, role=role))
    if autos:
        x_auto = tuple(outcome.clips_per_video for outcome in autos)
        y_auto = tuple(outcome.top1 for outcome in autos)
        series.append(Series(AUTO_NAME, x_auto, y_auto, role="auto"))
    # Table 5 is for K = 10; Figure 4 has no printed numbers
    published_at_10 = (("SCSampler", "av-union-list"), ("Random", "random"))
    marks = tuple(
        Mark(10, published.TABLE_5[key], f"paper, {name}, K = 10") for name, key in published_at_10
    )
    return Chart(
        "clips",
        "Accuracy against the number of clips (Fig. 4)",
        "K, clips classified per video",
        y_label=ACCURACY,
        series=tuple(series),
        levels=(_dense_level(dense),),
        marks=marks,
        log_x=True,
    )


def _without_parameter(name: str) -> str:
    """Name of a strategy without its K' or M, which change along a curve."""
    return name.split(" (")[0]


def share_chart(run: Run, plan: Plan, dense: Outcome) -> Chart | None:
    """Accuracy against K' of AV-union-list (Fig. 5); None without both samplers."""
    if not (run.main.visual and run.main.audio):
        return None
    shares = range(plan.k + 1)
    y = []
    for share in shares:
        strategy = make_strategy("", "av-union-list", plan.k, sampler=run.main, k_visual=share)
        y.append(_top1(run, strategy))

    marks = []
    # the paper's values are for K = 10; at both ends one sampler is used alone
    if plan.k == 10:
        for x, key in ((0, "audio"), (8, "av-union-list"), (10, "visual")):
            marks.append(Mark(x, published.TABLE_5[key], f"paper, K' = {x}"))
    return Chart(
        "share",
        "Accuracy against K' (Fig. 5)",
        f"K', clips selected by the visual sampler, of K = {plan.k}",
        y_label=ACCURACY,
        series=(Series("AV-union-list", tuple(map(float, shares)), tuple(y), role="scsampler"),),
        levels=(_dense_level(dense),),
        marks=tuple(marks),
        whole_x=True,
    )


def alpha_chart(run: Run, plan: Plan, dense: Outcome) -> Chart | None:
    """Accuracy against alpha of the convex combinations; None without both samplers.

    The paper has one value of alpha for each (Table 5).
    """
    if not (run.main.visual and run.main.audio):
        return None
    lines, marks = [], []
    # "empirical" is here only the style of the second line
    kinds = (("av-convex-list", "scsampler", 0.8), ("av-convex-score", "empirical", 0.9))
    for kind, role, paper_alpha in kinds:
        y = []
        for alpha in ALPHAS:
            strategy = make_strategy("", kind, plan.k, sampler=run.main, alpha=alpha)
            y.append(_top1(run, strategy))
        # "av-convex-list" -> "AV-convex-list"
        name = f"AV{kind[2:]}"
        lines.append(Series(name, ALPHAS, tuple(y), role=role))
        marks.append(Mark(paper_alpha, published.TABLE_5[kind], f"paper, {name}"))
    return Chart(
        "alpha",
        f"Accuracy against alpha, K = {plan.k} (Table 5)",
        "alpha, weight of the visual sampler",
        y_label=ACCURACY,
        series=tuple(lines),
        levels=(_dense_level(dense),),
        marks=tuple(marks),
    )


def candidates_chart(run: Run, plan: Plan, dense: Outcome) -> Chart | None:
    """Accuracy against M, the clips of the first stage that the visual sampler then scores.

    None without a packet sampler and a visual one.
    """
    if not (run.main.visual and run.main.packets):
        return None
    # M is at least K; the last point has all clips of the longest video
    counts = {max(plan.k, round(plan.k * times)) for times in CANDIDATES}
    counts.add(max(plan.k, _most_clips(run)))
    x = sorted(counts)
    y = []
    for count in x:
        # M is above 0, so that the axis can be logarithmic
        y.append(_top1(run, cascade_strategy(run, plan, count, name="packets first")))

    _, without_first_stage = sampler_strategies(run, plan)[0]
    top1 = _top1(run, without_first_stage)
    line = Series("packets first", tuple(map(float, x)), tuple(y), role="scsampler")
    # "oracle" is here only the style of the line
    level = Series("all clips scored", (0.0,), (top1,), role="oracle")
    return Chart(
        "candidates",
        f"Packets first, K = {plan.k}",
        "M, clips that the visual sampler scores",
        y_label=ACCURACY,
        series=(line,),
        levels=(_dense_level(dense), level),
        log_x=True,
    )


def runtime_chart(by_k: ByK, dense: Outcome, autos: Sequence[Outcome]) -> Chart | None:
    """Accuracy against seconds per video (Fig. 6); None where no time was measured."""
    if dense.run.costs is None:
        return None
    outcomes: dict[str, list[Outcome]] = {"dense": [dense]}
    if autos:
        outcomes["auto"] = list(autos)
    for at_k in by_k.values():
        # the oracle is no method: it must classify all clips first
        for role in at_k.keys() - {"oracle"}:
            outcomes.setdefault(role, []).append(at_k[role])

    series = []
    for role in sorted(outcomes, key=ROLES.index):
        name = _without_parameter(outcomes[role][0].strategy.name)
        # its clips do not depend on K
        if role == "dense":
            name += " (all clips)"
        if role == "auto":
            name = AUTO_NAME
        x = tuple((outcome.seconds() or {})["total"] for outcome in outcomes[role])
        y = tuple(outcome.top1 for outcome in outcomes[role])
        series.append(Series(name, x, y, role=role))
    return Chart(
        "runtime",
        "Accuracy against runtime, K from 1 up (Fig. 6)",
        "seconds per video",
        y_label=ACCURACY,
        series=tuple(series),
        log_x=True,
    )


def stride_chart(run: Run, plan: Plan, dense: Outcome) -> Chart | None:
    """Accuracy against the clip stride N (Fig. 7); None without a sampler."""
    strategies = sampler_strategies(run, plan)
    if not strategies:
        return None
    # the shortest video must keep at least one clip
    fewest = min(video.clips for video in run.videos)
    strides = [n for n in STRIDES if n <= max(1, fewest)]
    _, strategy = strategies[0]
    y = [_top1(run, _with_stride(strategy, n)) for n in strides]
    name = _without_parameter(strategy.name)
    line = Series(name, tuple(map(float, strides)), tuple(y), role="scsampler")

    # needs no scores, and so does not depend on N
    uniform = _top1(run, baseline(run, plan, "uniform"))
    level = Series("Uniform", (0.0,), (uniform,), role="uniform")
    marks = tuple(Mark(n, y, f"paper, {what}, N = {n}") for n, y, what in published.STRIDE)
    return Chart(
        "stride",
        f"Accuracy when every N-th clip is scored, K = {plan.k} (Fig. 7)",
        "N, clip stride of the sampler",
        y_label=ACCURACY,
        series=(line,),
        levels=(_dense_level(dense), level),
        marks=marks,
        whole_x=True,
    )


def _with_stride(strategy: Strategy, stride: int) -> Strategy:
    if strategy.selection is None:
        raise ValueError("the oracle scores no clips, and has no clip stride")
    return replace(strategy, selection=replace(strategy.selection, clip_stride=stride))


def overhead_clips(run: Run, seconds: dict[str, float]) -> float | None:
    """The sampler's cost in clip evaluations (App. D); None where no time was measured.

    Args:
        run: its costs give the seconds of one clip evaluation.
        seconds: of the stages "read" and "score".
    """
    if run.costs is None or not run.costs.classify_s:
        return None
    return (seconds["read"] + seconds["score"]) / run.costs.classify_s
