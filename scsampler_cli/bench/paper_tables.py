"""The paper's tables of strategies: accuracy against cost (1, 2) and combinations (5).

Not handled here: tables that compare networks are in `network_tables`, Table 3 is in `transfer`.
"""

from __future__ import annotations

from collections.abc import Sequence

from scsampler_cli.bench import published
from scsampler_cli.bench.charged_costs import charge_note
from scsampler_cli.bench.plan import Plan
from scsampler_cli.bench.replay import Outcome, paired_difference, replay
from scsampler_cli.bench.run_data import Run
from scsampler_cli.bench.strategy_list import (
    BLENDS,
    JOINT,
    all_strategies,
    baseline_strategies,
    search_strategies,
    under_test,
)
from scsampler_cli.bench.table import (
    CLIPS,
    PAPER,
    STAGE_COLUMNS,
    TOP1,
    TOP5,
    TOTAL,
    Column,
    Row,
    Table,
)
from scsampler_cli.config import DEFAULT_ALPHA
from scsampler_cli.text import counted

TOP = 5
IN_TABLE_5 = (
    *(*BLENDS, "visual", "visual-ac", "audio", "packets", "cascade", JOINT),
    *("random", "uniform", "dense"),
)
"""Keys of the strategies in the table of combinations."""


def outcome_row(outcome: Outcome) -> Row:
    """The numbers of a strategy: accuracy in percent, costs in seconds and 10^9 multiply-adds."""
    top1, low, high = outcome.accuracy()
    row: Row = {"top1": top1, "top1_low": low, "top1_high": high, "top1_spread": outcome.spread}
    # with five classes or fewer, top-5 is always right
    if outcome.run.classes > TOP:
        top5, low5, high5 = outcome.accuracy(TOP)
        row |= {"top5": top5, "top5_low": low5, "top5_high": high5}
    row["videos"] = len(outcome.run.videos)
    row["clips"] = outcome.clips_per_video
    row["gmacs"] = outcome.gmacs()
    for stage, seconds in (outcome.seconds() or {}).items():
        row[f"{stage}_s"] = seconds
    return row


def strategies_table(run: Run, plan: Plan) -> Table:
    """Accuracy against cost, a row for each strategy (Tables 1 and 2, split by stages)."""
    # each strategy is replayed once, for all columns
    outcomes = {key: replay(run, strategy) for key, strategy in all_strategies(run, plan)}
    dense = outcomes["dense"]
    # all strategies are compared with Dense
    dense_total = (dense.seconds() or {}).get("total")
    rows = []
    for key, outcome in outcomes.items():
        row: Row = {"key": key, "strategy": outcome.strategy.name, **outcome_row(outcome)}
        row["gain"], row["gain_low"], row["gain_high"] = paired_difference(outcome, dense)
        if dense_total is not None:
            row["speed_up"] = dense_total / row["total_s"]
        rows.append(row)

    title = f"Accuracy against cost, K = {plan.k} (Tables 1, 2)"
    columns = _strategy_columns(rows[0], is_timed=run.costs is not None)
    return Table("strategies", title, columns, rows=tuple(rows), notes=_notes(run, plan))


def _strategy_columns(row: Row, *, is_timed: bool) -> tuple[Column, ...]:
    """The columns for which a row has numbers."""
    # over seeds, of Random and Empirical alone
    spread = Column("+-", ("top1_spread",), "{:.1f}")
    columns = [Column("strategy", ("strategy",)), TOP1, spread]
    if "top5" in row:
        columns.append(TOP5)
    # points, and the interval in whole points
    gain_form = "{:+.1f} [{:+.0f} {:+.0f}]"
    gain = Column("over Dense", ("gain", "gain_low", "gain_high"), gain_form, brief=False)
    columns += [gain, CLIPS]
    # unknown for classifiers that do not run in torch
    if row["gmacs"] is not None:
        columns.append(Column("GMACs", ("gmacs",), "{:.1f}"))
    if is_timed:
        columns += [*STAGE_COLUMNS, TOTAL, Column("x faster", ("speed_up",), "{:.1f}")]
    return tuple(columns)


def _notes(run: Run, plan: Plan) -> tuple[str, ...]:
    notes = [
        f"{counted(len(run.videos), 'video')}; [ ] 95 % bootstrap over videos; "
        f"Random and Empirical: mean of {plan.draws} seeds, +- their standard deviation."
    ]
    if not (run.main.visual or run.main.audio):
        notes.append("There is no sampler; the search needs none.")
    elif not (run.main.visual and run.main.audio):
        # which of the two samplers there is
        missing, other = ("audio", "visual") if run.main.visual else ("visual", "audio")
        notes.append(
            f"No {missing} sampler: the AV combinations are left out, "
            f"since they would equal the {other} sampler alone."
        )
    if any(network.score == "background" for network in run.main.networks):
        notes.append(
            "The sampler scores a clip by 1 - p(background); AC is the largest probability of a "
            "class, as in the paper (Sec. 3.2.1)."
        )
    notes += _search_notes(run, plan)
    if run.train_positions is None:
        notes.append("Without training videos there is no Empirical.")
    if run.costs is None:
        return tuple(notes)

    if note := charge_note(run):
        notes.append(note)
    notes.append(
        "Seconds per video: rates measured on "
        f"{run.costs.videos} of the videos, one after the other, multiplied by the work "
        "of each strategy. Dense, the oracle and the surest clips decode and classify all clips."
    )
    if run.main.packets and run.main.visual:
        notes.append(
            "Packets first: the cost of reading is proportional to the frames "
            "from the keyframes before the M clips to the ends of these clips."
        )
    return tuple(notes)


def _search_notes(run: Run, plan: Plan) -> list[str]:
    notes = [
        "Odds: answers are combined by odds ratios, as in a search without a prior; in all other "
        f"rows they are averaged. The surest {plan.k} of all clips need the classifier's answers "
        "on all clips, and are no method."
    ]
    if not run.has_vectors:
        left_out = (
            "The search is left out: the run is of an earlier version, which did not keep what the "
            "pictures show. A new run has it."
        )
        if run.costs is not None and not run.costs.classify_one_s:
            left_out += " Nor did it time clips one at a time: k auto takes longer than it says."
        return [*notes, left_out]
    if run.tagging.has_prior:
        notes.append("Prior: the scores of the visual sampler guide the search.")
    return [*notes, "K auto: clips is the mean number of clips that were asked."]


def summary_table(runs: Sequence[Run], plan: Plan) -> Table:
    """A row for each data set and classifier, as in Tables 1 and 2."""
    # no intervals here, so that the table stays narrow
    rows = [_summary_row(run, plan) for run in runs]
    columns = (
        Column("Data", ("data",)),
        Column("Classifier", ("classifier",)),
        Column("Videos", ("videos",)),
        Column("SCSampler, %", ("scsampler",), "{:.1f}"),
        Column("s/video", ("scsampler_s",), "{:.2f}"),
        Column("Search, %", ("search",), "{:.1f}"),
        Column("Random, %", ("random",), "{:.1f}"),
        Column("Uniform, %", ("uniform",), "{:.1f}"),
        Column("Empirical, %", ("empirical",), "{:.1f}"),
        Column("Dense, %", ("dense",), "{:.1f}"),
        Column("s/video", ("dense_s",), "{:.2f}"),
        Column("Oracle, %", ("oracle",), "{:.1f}"),
    )
    scsampler, random, uniform, empirical, dense, oracle = published.TABLE_1_MC3
    note = (
        f"The paper on Sports1M, MC3-18: SCSampler {scsampler}, "
        f"Random / Uniform / Empirical {random} / {uniform} / {empirical}, "
        f"Dense {dense}, Oracle {oracle}."
    )
    title = f"By data set and classifier, K = {plan.k} (Tables 1, 2)"
    return Table("summary", title, columns, rows=tuple(rows), paper_notes=(note,))


def _summary_row(run: Run, plan: Plan) -> Row:
    # the strategy that `classify` uses
    _, first = under_test(run, plan)
    row: Row = {
        "data": run.data,
        "classifier": run.classifier["name"],
        "videos": len(run.videos),
    }
    for key, strategy in [
        ("scsampler", first),
        *search_strategies(run, plan)[:1],
        *baseline_strategies(run, plan),
    ]:
        outcome = replay(run, strategy)
        row[key] = outcome.accuracy()[0]
        row[f"{key}_s"] = (outcome.seconds() or {}).get("total")
    # which strategy stands for SCSampler: not every sampler has audio
    row["sampler"] = first.name
    return row


def combinations_table(run: Run, plan: Plan) -> Table | None:
    """Ways to combine visual and audio (Table 5); None where only one of the two has a sampler."""
    if not (run.main.visual and run.main.audio):
        return None
    rows: list[Row] = []
    for key, strategy in all_strategies(run, plan):
        if key not in IN_TABLE_5:
            continue
        row: Row = {
            "key": key,
            "scheme": strategy.name,
            **outcome_row(replay(run, strategy)),
            "paper_top1": published.TABLE_5.get(key),
            "alpha": DEFAULT_ALPHA.get(key),
        }
        rows.append(row)

    columns = (Column("combination", ("scheme",)), TOP1, TOTAL, PAPER)
    title = f"Combinations of visual and audio, K = {plan.k} (Table 5)"
    return Table(
        "combinations",
        title,
        columns,
        rows=tuple(rows),
        notes=("Other values of alpha and K' are in the curves.",),
        paper_notes=(f"Paper: {published.MINISPORTS}, K = 10.",),
    )


def videos_table(run: Run, plan: Plan) -> Table:
    """Video by video: whether each strategy is right, and which clips it selects.

    A value is the share of draws that are right: 0 or 1 for a strategy without draws, for which
    the selected clips are listed.
    """
    outcomes = {key: replay(run, strategy) for key, strategy in all_strategies(run, plan)}
    rows: list[Row] = []
    for i, video in enumerate(run.videos):
        row: Row = {"path": video.path, "label": video.label, "clips": video.clips}
        for key, outcome in outcomes.items():
            row[key] = float((outcome.label_ranks[i] < 1).mean())
            if outcome.strategy.draws == 1 and key not in ("dense", "dense-odds"):
                row[f"{key} clips"] = " ".join(map(str, outcome.clips[i][0].tolist()))
        rows.append(row)
    # the files hold the lists of clips; they are too wide for a page
    columns = (Column("path", ("path",)), *(Column(key, (key,), "{:.2g}") for key in outcomes))
    return Table("videos", f"Video by video, K = {plan.k}", columns, rows=tuple(rows))
