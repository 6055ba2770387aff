"""The numbers of the paper stand among the user's own on request only."""

from dataclasses import replace

from scsampler_cli.bench.plan import Plan
from scsampler_cli.bench.summary import Summary, summarise
from scsampler_cli.bench.table import PAPER
from tests.bench.making import MD, SOUND, network, run, video

RGBR = network("rgbr")
VIDEOS = [
    video(
        i % 2,
        [[0.2, 0.8], [0.6, 0.4], [0.9, 0.1]],
        [0.1, 0.5, 0.9],
        [0.3, 0.2, 0.1],
        scores={RGBR.name: [0.2, 0.1, 0.7]},
        path=f"{i}.mp4",
    )
    for i in range(4)
]
RUN = run(VIDEOS, (MD, SOUND), compared=(MD, RGBR, SOUND))


def made(*, paper: bool) -> Summary:
    return summarise([RUN, replace(RUN, data="other")], Plan(k=2, draws=2, paper=paper))


def test_by_default_no_number_of_the_paper_is_shown() -> None:
    summary = made(paper=False)
    tables = [*summary.across, *(t for section in summary.sections for t in section.tables)]
    assert {table.key for table in tables} >= {"summary", "cross", "inputs", "combinations"}
    for table in tables:
        assert PAPER not in table.columns
        assert not any("paper_top1" in row for row in table.rows)
        assert table.paper_notes == ()
        assert not any("miniSports" in note or "MC3-18" in note for note in table.notes)
    charts = [chart for section in summary.sections for chart in section.charts]
    assert len(charts) > 3
    assert all(chart.marks == () for chart in charts)


def test_on_request_they_stand_beside_the_own_ones() -> None:
    summary = made(paper=True)
    [combinations] = [t for t in summary.sections[0].tables if t.key == "combinations"]
    assert PAPER in combinations.columns
    assert any(row.get("paper_top1") == 76.0 for row in combinations.rows)
    assert combinations.notes[-1] == "Paper: miniSports, MC3-18, K = 10."
    [across] = [t for t in summary.across if t.key == "summary"]
    assert any("SCSampler 72.8" in note for note in across.notes)
    assert any(chart.marks for chart in summary.sections[0].charts)
    # the own numbers are the same
    [plain] = [t for t in made(paper=False).sections[0].tables if t.key == "combinations"]
    assert [row["top1"] for row in plain.rows] == [row["top1"] for row in combinations.rows]
