"""Tables that compare networks: inputs and architectures (Table 4), audio networks (Table 6)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from scsampler_cli.bench import published
from scsampler_cli.bench.paper_tables import outcome_row
from scsampler_cli.bench.plan import Plan
from scsampler_cli.bench.replay import make_strategy, replay
from scsampler_cli.bench.run_data import DISPLAY_NAMES, NetworkFacts, Run, SamplerFacts
from scsampler_cli.bench.table import (
    PAPER,
    SAMPLER_GMACS,
    STAGE_COLUMNS,
    TOP1,
    TOTAL,
    Column,
    Row,
    Table,
)
from scsampler_cli.config import AUDIO, VISUAL


def inputs_table(run: Run, plan: Plan) -> Table | None:
    """Inputs and architectures of the visual sampler (Table 4); None with a single network."""
    rows: list[Row] = []
    for members in visual_groups(run):
        key = "+".join(network.input for network in members)
        # a sampler of these networks alone
        sampler = SamplerFacts(key, members)
        outcome = replay(run, make_strategy(key, "visual", plan.k, sampler=sampler))
        first = members[0]

        # the paper's table is of action classifiers alone
        paper = published.TABLE_4.get((key, first.arch)) if first.objective_name == "AC" else None
        row: Row = {
            "features": " + ".join(DISPLAY_NAMES[network.input] for network in members),
            "architecture": DISPLAY_NAMES.get(first.arch, first.arch),
            "objective": first.objective_name,
            "weights": ", ".join(network.weights for network in members),
            **outcome_row(outcome),
            "sampler_gmacs": outcome.sampler_gmacs(),
            "paper_top1": paper[0] if paper else None,
        }
        rows.append(row)
    # a table with one row compares nothing
    if len(rows) < 2:
        return None

    columns = (
        Column("features", ("features",)),
        Column("architecture", ("architecture",)),
        Column("objective", ("objective",)),
        Column("weights", ("weights",), brief=False),
        *(TOP1, SAMPLER_GMACS, *STAGE_COLUMNS[:2], TOTAL, PAPER),
    )
    title = f"Inputs and architecture of the visual sampler, K = {plan.k} (Table 4)"
    return Table(
        "inputs",
        title,
        columns,
        rows=tuple(rows),
        notes=("Scores of several inputs are averaged (Sec. 3.3.1).",),
        paper_notes=(f"Paper: {published.MINISPORTS}, K = 10, AC.",),
    )


def visual_groups(run: Run) -> Iterator[tuple[NetworkFacts, ...]]:
    """Sets of networks of one architecture, objective and score, each on another input.

    Small sets are first.

    Example: networks on MD and RGB-R -> (MD), (RGB-R), (MD, RGB-R).
    """
    visual = [network for network in run.networks if network.input in VISUAL]
    for kind in dict.fromkeys((network.arch, network.objective_name) for network in visual):
        alike = [network for network in visual if (network.arch, network.objective_name) == kind]
        # one name for each set: "md+rgbr", never "rgbr+md"
        alike.sort(key=lambda network: network.input)
        for size in range(1, len(alike) + 1):
            for members in combinations(alike, size):
                # two networks on one input are alternatives, not a set
                if len({network.input for network in members}) == size:
                    yield members


def audio_table(run: Run, plan: Plan) -> Table | None:
    """Networks of the audio sampler (Table 6); None with fewer than two."""
    rows: list[Row] = []
    for network in run.networks:
        if network.input not in AUDIO:
            continue
        sampler = SamplerFacts(network.name, (network,))
        outcome = replay(run, make_strategy(network.name, "audio", plan.k, sampler=sampler))

        # the paper's table is of the ranking objective alone
        paper = published.TABLE_6.get(network.arch) if network.objective == "sal-rank" else None
        row: Row = {
            "network": DISPLAY_NAMES.get(network.arch, network.arch),
            "objective": network.objective_name,
            "weights": network.weights,
            **outcome_row(outcome),
            "sampler_gmacs": outcome.sampler_gmacs(),
            "paper_top1": paper,
        }
        rows.append(row)
    if len(rows) < 2:
        return None

    columns = (
        Column("network", ("network",)),
        Column("objective", ("objective",)),
        Column("weights", ("weights",)),
        *(TOP1, SAMPLER_GMACS, *STAGE_COLUMNS[:2], TOTAL, PAPER),
    )
    note = "VGG-18: the whole network is fine-tuned; FC on a layer: only the new layer is trained."
    title = f"Networks of the audio sampler, K = {plan.k} (Table 6)"
    return Table(
        "audio",
        title,
        columns,
        rows=tuple(rows),
        notes=(note,),
        paper_notes=(f"Paper: {published.MINISPORTS}, K = 10, SAL-RANK.",),
    )
