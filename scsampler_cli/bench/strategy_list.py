"""The strategies that a bench compares: the sampler's, the search's, and the baselines.

The strategy under test is the one that `classify` uses with the same classifier and samplers. Each
list holds pairs (key, strategy); the key identifies the strategy in reports and charts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from scsampler_cli.bench.empirical import histogram
from scsampler_cli.bench.plan import Plan
from scsampler_cli.bench.run_data import NetworkFacts, Run, SamplerFacts
from scsampler_cli.bench.strategy import Strategy, make_strategy
from scsampler_cli.config import CANDIDATES_PER_CLIP, MAX_K, RANKED

Named = tuple[str, Strategy]
BLENDS = ("av-union-list", "av-convex-list", "av-convex-score", "av-intersect-list")
JOINT = "av-joint-training"
SUREST = "surest"
PAPER, PAPER_NAME = "visual-ac", "visual only, AC"
"""A visual sampler with a background class, scored as in the paper (Sec. 3.2.1)."""


def under_test(run: Run, plan: Plan) -> Named:
    """The strategy that `classify` uses; Uniform where the data of the run are not enough for it,
    such as those of pooled runs without a common sampler.
    """
    by_sampler = [named for named in sampler_strategies(run, plan) if named[0] != JOINT]
    # "search-prior" is there where `classify` would use the prior
    keys = ("search-prior", "search")
    searches = [named for named in reversed(search_strategies(run, plan)) if named[0] in keys]
    found = [*searches, *by_sampler]
    if by_sampler and not run.tagging.searches:
        found = by_sampler
    return found[0] if found else ("uniform", baseline(run, plan, "uniform"))


def rival(run: Run, plan: Plan) -> Named | None:
    """The search where a strategy by samplers is under test, else the sampler's strategy; None
    where there is none.
    """
    first, _ = under_test(run, plan)
    pairs = [*search_strategies(run, plan)[:1], *sampler_strategies(run, plan)[:1]]
    if first.startswith("search"):
        pairs.reverse()
    others = [named for named in pairs if named[0] not in (first, JOINT)]
    return others[0] if others else None


def search_strategies(run: Run, plan: Plan) -> list[Named]:
    """The strategies in which the classifier's answers decide; empty without vectors of pictures.

    The first one is the search that knows no sampler.
    """
    if not run.has_vectors:
        return []
    many = run.is_multi_label
    strategies = [("search", make_strategy("search", "search", plan.k, multi_label=many))]
    if run.tagging.has_prior and run.main.visual:
        visual = replace(run.main, networks=run.main.visual)
        prior = make_strategy("search, prior", "search", plan.k, sampler=visual)
        strategies.append(("search-prior", prior))
    return [*strategies, ("auto", auto_strategy(run, MAX_K))]


def auto_strategy(run: Run, most: int) -> Strategy:
    """The search that stops by itself, after `most` clips at the latest."""
    name, many = f"search, k auto to {most}", run.is_multi_label
    return make_strategy(name, "search", most, multi_label=many, stops_early=True)


def variants(run: Run, plan: Plan) -> list[Named]:
    """The first strategy of the sampler under test with k auto, and without clips that look alike.

    Empty without a sampler.
    """
    strategies: list[Named] = []
    for key, first in sampler_strategies(run, plan)[:1]:
        selection = first.selection
        if key == JOINT or selection is None or selection.strategy not in RANKED:
            continue
        # without a parameter, which depends on K
        name = first.name.split(" (")[0]
        early = replace(selection, k=MAX_K, stops_early=True)
        strategies.append(
            (f"{key}-auto", replace(first, name=f"{name}, k auto to {MAX_K}", selection=early))
        )
        if run.has_vectors:
            diverse = replace(selection, diverse=True)
            strategies.append(
                ("diverse", replace(first, name=f"{name}, diverse", selection=diverse))
            )
    return strategies


def sampler_strategies(run: Run, plan: Plan) -> list[Named]:
    """The strategies of the sampler under test, the usual one first; empty without a sampler."""
    # packets have strategies of their own, below
    main = replace(run.main, networks=(*run.main.visual, *run.main.audio))
    strategies: list[Named] = []
    if main.visual and main.audio:
        strategies += _blends(main, plan)

    for modality, networks in (("visual", main.visual), ("audio", main.audio)):
        if networks:
            # the other modality is then neither read nor scored
            alone = replace(main, networks=networks)
            found = make_strategy(f"{modality} only", modality, plan.k, sampler=alone)
            strategies.append((modality, found))

    papers = paper_networks(run, main.visual)
    if papers:
        alone = replace(main, networks=papers)
        strategies.append((PAPER, make_strategy(PAPER_NAME, "visual", plan.k, sampler=alone)))
    strategies += packet_strategies(run, plan)
    if run.joint is not None:
        # last, since the first strategy is that of the sampler under test
        joint = make_strategy(
            "AV-joint-training", "av-convex-score", plan.k, sampler=run.joint, alpha=0.5
        )
        strategies.append((JOINT, joint))
    return strategies


def paper_networks(run: Run, networks: Sequence[NetworkFacts]) -> tuple[NetworkFacts, ...]:
    """The same networks, scored as in the paper where they are scored by 1 - p(background).

    Returns:
        () where all are scored as in the paper, or where the run lacks such scores of one.
    """
    found = []
    for network in networks:
        if network.score != "background":
            found.append(network)
            continue
        # pooled runs have files without a digest, and then their names
        same = (network.input, network.weights, network.sha256, "class")
        found += [n for n in run.networks if (n.input, n.weights, n.sha256, n.score) == same]
    is_other = tuple(found) != tuple(networks)
    return tuple(found) if is_other and len(found) == len(networks) else ()


def _blends(sampler: SamplerFacts, plan: Plan) -> list[Named]:
    """The combinations of visual and audio (Sec. 3.3.3), with their parameter in the name."""
    union = make_strategy("", "av-union-list", plan.k).selection
    assert union is not None  # only the oracle has no selection
    parameters = {
        "av-convex-list": " (alpha 0.8)",
        "av-convex-score": " (alpha 0.9)",
        "av-union-list": f" (K' {union.visual_share})",
    }
    strategies = []
    for kind in BLENDS:
        # "av-union-list" -> "AV-union-list"
        name = f"AV{kind[2:]}{parameters.get(kind, '')}"
        strategies.append((kind, make_strategy(name, kind, plan.k, sampler=sampler)))
    return strategies


def packet_strategies(run: Run, plan: Plan) -> list[Named]:
    """Packets alone, and packets first; empty without a packet sampler."""
    main = run.main
    if not main.packets:
        return []
    alone = replace(main, networks=main.packets)
    strategies = [("packets", make_strategy("packets only", "packets", plan.k, sampler=alone))]
    if main.visual:
        # M, as many as `--cascade` has by default
        count = CANDIDATES_PER_CLIP * plan.k
        first = cascade_strategy(run, plan, count, name=f"packets first, M = {count}")
        strategies.append(("cascade", first))
    return strategies


def cascade_strategy(run: Run, plan: Plan, count: int, *, name: str) -> Strategy:
    """The sampler under test, restricted to the `count` best clips of the first stage."""
    # the best way to combine two samplers (Sec. 3.3.3)
    kind = "av-union-list" if run.main.audio else "visual"
    return make_strategy(name, kind, plan.k, sampler=run.main, candidates=count)


def baseline_strategies(run: Run, plan: Plan) -> list[Named]:
    """Random, Uniform, Empirical (where there are training videos), Dense and the oracle."""
    seeds: dict[str, Any] = {"draws": plan.draws, "seed": plan.seed}
    strategies = [
        ("random", make_strategy("Random", "random", plan.k, **seeds)),
        ("uniform", make_strategy("Uniform", "uniform", plan.k)),
    ]
    if run.train_positions is not None:
        # float [BINS], of the oracle at this K
        weights = histogram(run.train_positions, plan.k)
        empirical = make_strategy("Empirical", "empirical", plan.k, histogram=weights, **seeds)
        strategies.append(("empirical", empirical))
    return [
        *strategies,
        ("dense", make_strategy("Dense", "dense", plan.k)),
        ("oracle", make_strategy("Oracle", "oracle", plan.k)),
    ]


def odds_strategies(plan: Plan) -> list[Named]:
    """Uniform and Dense with the aggregate of a search without a prior, and what no method can
    know: the K clips of which the classifier is surest.
    """
    return [
        ("uniform-odds", make_strategy("Uniform, odds", "uniform", plan.k, aggregate="odds")),
        ("dense-odds", make_strategy("Dense, odds", "dense", plan.k, aggregate="odds")),
        (SUREST, make_strategy(f"surest {plan.k} of all clips", SUREST, plan.k)),
    ]


def all_strategies(run: Run, plan: Plan) -> list[Named]:
    """The strategy under test, those of samplers and searches, then the baselines; each once."""
    baselines = baseline_strategies(run, plan)
    # odds beside the baselines, oracle last
    found = [under_test(run, plan), *sampler_strategies(run, plan), *search_strategies(run, plan)]
    found += [*variants(run, plan), *baselines[:-1], *odds_strategies(plan), baselines[-1]]
    return list(dict(found).items())


def baseline(run: Run, plan: Plan, key: str) -> Strategy:
    """One of the baselines, such as "dense"."""
    return dict(baseline_strategies(run, plan))[key]
