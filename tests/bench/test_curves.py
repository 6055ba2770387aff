"""Points of the curves that must agree with tables."""

import numpy as np
import pytest

from scsampler_cli.bench.curves import charts
from scsampler_cli.bench.empirical import BINS, histogram, oracle_positions
from scsampler_cli.bench.figure_data import Chart, csv_rows
from scsampler_cli.bench.paper_tables import strategies_table
from scsampler_cli.bench.plan import Plan
from tests.bench.making import MD, SOUND, costs, run, video

RNG = np.random.default_rng(5)


def some_videos(count: int = 12) -> list:
    found = []
    for i in range(count):
        p = RNG.random(25)
        found.append(
            video(
                i % 2,
                np.stack([p, 1 - p], 1).tolist(),
                RNG.random(25).tolist(),
                RNG.random(25).tolist(),
                path=f"v{i}.mp4",
                vectors=np.random.default_rng(i).normal(size=(25, 8)).tolist(),
            )
        )
    return found


PLAN = Plan(k=10, draws=3)
RUN = run(
    some_videos(),
    (MD, SOUND),
    costs(),
    train_positions=np.linspace(0, 1, 20, dtype=np.float32)[None],
)
MADE = {chart.key: chart for chart in charts(RUN, PLAN)}
TABLE = {row["key"]: row["top1"] for row in strategies_table(RUN, PLAN).rows}


def line(chart: Chart, name: str) -> dict[float, float]:
    series = next(s for s in (*chart.series, *chart.levels) if s.name.startswith(name))
    return dict(zip(series.x, series.y, strict=True))


def test_all_figures_are_there() -> None:
    assert list(MADE) == ["positions", "clips", "share", "alpha", "runtime", "stride"]


def test_at_k_the_curve_is_the_table() -> None:
    chart = MADE["clips"]
    assert line(chart, "AV-union-list")[10] == TABLE["av-union-list"]
    assert line(chart, "Uniform")[10] == TABLE["uniform"]
    assert line(chart, "Oracle")[10] == TABLE["oracle"]
    assert next(iter(line(chart, "Dense").values())) == TABLE["dense"]
    assert max(line(chart, "Uniform")) == 20  # no K beyond the clips there are


def test_the_ends_of_the_shares_are_one_sampler_alone() -> None:
    found = line(MADE["share"], "AV-union-list")
    assert (found[10], found[0], found[8]) == (
        TABLE["visual"],
        TABLE["audio"],
        TABLE["av-union-list"],
    )


def test_the_ends_of_alpha_are_one_sampler_alone() -> None:
    for name, best in (("AV-convex-list", 0.8), ("AV-convex-score", 0.9)):
        found = line(MADE["alpha"], name)
        assert (found[1.0], found[0.0]) == (TABLE["visual"], TABLE["audio"])
        assert found[best] == TABLE[name.lower()]


def test_stride_one_is_the_table() -> None:
    assert line(MADE["stride"], "AV-union-list")[1] == TABLE["av-union-list"]


def test_runtime_grows_with_k_and_ends_at_dense() -> None:
    points = list(line(MADE["runtime"], "Uniform"))
    assert points == sorted(points)
    assert next(iter(line(MADE["runtime"], "Dense"))) > max(points)
    assert "runtime" not in {chart.key for chart in charts(run(some_videos(2)), PLAN)}


def test_shares_of_positions_sum_to_all() -> None:
    for series in MADE["positions"].series:
        assert len(series.y) == BINS
        assert sum(series.y) == pytest.approx(100)


def test_numbers_behind_a_chart_are_all_in_its_csv() -> None:
    rows = csv_rows(MADE["share"])
    assert sum(row["series"] == "AV-union-list" for row in rows) == 11
    assert {row["series"] for row in rows} >= {"Dense (all clips)", "paper, K' = 8"}


def test_the_empirical_histogram_by_hand() -> None:
    """Four clips, the best two are the last and the first.

    Their middles are at 0.875 and 0.125, in bins 17 and 2 of 20.
    """
    probabilities = np.array([[0.8, 0.2], [0.1, 0.9], [0.2, 0.8], [0.9, 0.1]], np.float32)
    found = oracle_positions(probabilities, 0)
    assert found[:4].tolist() == [0.875, 0.125, 0.625, 0.375]
    assert np.isnan(found[4:]).all()
    weights = histogram(found[None], 2)
    assert [i for i, weight in enumerate(weights) if weight] == [2, 17]
    assert sum(weights) == pytest.approx(1)
