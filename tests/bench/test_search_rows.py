"""Rows, lines and costs of a search, on runs made by hand."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from scsampler_cli.bench import run_folder
from scsampler_cli.bench.asked_clips import asked_rounds, joined, ranks, selected_clips
from scsampler_cli.bench.curves import MOST, charts
from scsampler_cli.bench.paper_tables import (
    combinations_table,
    strategies_table,
    summary_table,
    videos_table,
)
from scsampler_cli.bench.picture_vectors import PictureVectors
from scsampler_cli.bench.plan import Plan
from scsampler_cli.bench.pooling import pooled
from scsampler_cli.bench.replay import make_strategy, replay
from scsampler_cli.bench.run_data import Run, SamplerFacts, Tagging, VideoData
from scsampler_cli.bench.strategy_list import search_strategies
from scsampler_cli.bench.summary import summarise
from scsampler_cli.bench.transfer import cross_table, novel_table
from scsampler_cli.selection.search import Search
from tests.bench.making import LITE0, MD, SOUND, costs, network, run, video

PLAN = Plan(k=3, draws=4)
RNG = np.random.default_rng(3)


def some(count: int = 4, clips: int = 30) -> list[VideoData]:
    found = []
    for i in range(count):
        p = RNG.random(clips)
        found.append(
            video(
                i % 2,
                np.stack([p, 1 - p], 1).tolist(),
                RNG.random(clips).tolist(),
                RNG.random(clips).tolist(),
                path=f"v{i}.mp4",
                vectors=RNG.normal(size=(clips, 8)).tolist(),
            )
        )
    return found


def searched(videos: list[VideoData], *networks: object, **more: object) -> Run:
    return run(videos, networks or (MD, SOUND), costs(), pictures=LITE0, **more)  # type: ignore[arg-type]


FITS = Tagging(searches=False, has_prior=True)
RUN = searched(some(), tagging=FITS)


def rows(of: Run, plan: Plan = PLAN) -> dict[str, dict[str, object]]:
    return {row["key"]: row for row in strategies_table(of, plan).rows}


def test_the_search_has_rows_beside_those_of_the_sampler() -> None:
    found = rows(RUN)
    assert list(found) == [
        *("av-union-list", "av-convex-list", "av-convex-score", "av-intersect-list"),
        *("visual", "audio", "search", "search-prior", "auto", "av-union-list-auto", "diverse"),
        *("random", "uniform", "dense", "uniform-odds", "dense-odds", "surest", "oracle"),
    ]
    assert found["search"]["clips"] == 3
    assert 4 <= found["auto"]["clips"] <= 20
    # the answers of Uniform, combined in another way
    assert found["uniform-odds"]["total_s"] == found["uniform"]["total_s"]
    assert found["surest"]["total_s"] == found["dense"]["total_s"]
    videos = videos_table(RUN, PLAN)
    assert videos.rows[0]["search clips"] == " ".join(
        map(str, selected_clips(RUN.videos[0], make_strategy("", "search", 3)).tolist())
    )
    assert "dense-odds clips" not in videos.rows[0]
    table = combinations_table(RUN, PLAN)
    assert table is not None
    assert {row["key"] for row in table.rows} & {"search", "auto", "surest", "dense-odds"} == set()
    assert summary_table([RUN], PLAN).rows[0]["search"] == found["search"]["top1"]


def test_the_first_row_is_what_classify_uses() -> None:
    assert next(iter(rows(replace(RUN, tagging=Tagging(searches=True))))) == "search"
    guided = rows(replace(RUN, tagging=Tagging(searches=True, has_prior=True)))
    assert next(iter(guided)) == "search-prior"
    # a search that leaves out the sampler has no prior
    assert "search-prior" not in rows(replace(RUN, tagging=Tagging(searches=True)))
    alone = searched(some(), tagging=Tagging(searches=True))
    without = replace(alone, samplers=(SamplerFacts("SCSampler", ()),), networks=())
    found = rows(without)
    assert list(found)[:3] == ["search", "auto", "random"]
    section = summarise([without], PLAN).sections[0]
    assert "search is right on" in section.verdict
    assert "There is no sampler" in " ".join(section.tables[0].notes)
    assert {chart.key for chart in section.charts} == {"positions", "clips", "runtime"}


def test_an_earlier_run_says_that_the_search_is_left_out(tmp_path: Path) -> None:
    """Its folder has neither vectors nor the fields of the search."""
    run_folder.save([RUN], PLAN, tmp_path / "known")
    folder = tmp_path / "known" / "run1"
    (folder / "vectors.npy").unlink()
    (folder / "pictures.npy").unlink()
    record = json.loads((folder / "run.json").read_text())
    del record["pictures"], record["tagging"]
    for name in ("round_s", "classify_one_s"):
        del record["costs"][name]
    (folder / "run.json").write_text(json.dumps(record))

    (old,) = run_folder.load(tmp_path / "known")
    assert not old.has_vectors
    table = strategies_table(old, PLAN)
    assert "search" not in {row["key"] for row in table.rows}
    assert "The search is left out: the run is of an earlier version" in " ".join(table.notes)
    assert not any(
        line.role in ("rival", "auto") for chart in charts(old, PLAN) for line in chart.series
    )
    # k auto of the sampler needs no pictures
    assert "av-union-list-auto" in rows(old)


def test_vectors_come_back_from_the_disk_each_picture_once(tmp_path: Path) -> None:
    nan = [math.nan] * 2
    shown = [[1, 0], [1, 0], nan, [1, 0], [0.5, 2], [0.5, 2]]
    first = video(0, [[0.5, 0.5]] * 6, [0.1] * 6, vectors=shown)
    blind = video(0, [[0.5, 0.5]] * 2, [0.1] * 2, path="blind", vectors=[nan, nan])
    last = video(1, [[0.5, 0.5]] * 3, [0.1] * 3, path="last", vectors=[[3, 4]] * 3)
    run_folder.save([searched([first, blind, last], MD)], PLAN, tmp_path / "known")
    assert np.load(tmp_path / "known" / "run1" / "vectors.npy").tolist() == [
        *([1, 0], [1, 0], [0.5, 2], [3, 4])
    ]
    (again,) = run_folder.load(tmp_path / "known")
    for ours, theirs in zip((first, blind, last), again.videos, strict=True):
        every = np.arange(ours.clips)
        assert theirs.vectors is not None
        assert ours.vectors is not None
        assert np.array_equal(theirs.vectors.of(every), ours.vectors.of(every), equal_nan=True)
    found = again.videos[0].vectors
    assert found is not None
    assert np.array_equal(found.of(np.array([4, 2])), np.float32([[0.5, 2], nan]), equal_nan=True)


@pytest.mark.parametrize("name", ["vectors.npy", "pictures.npy"])
@pytest.mark.parametrize("damage", ["gone", "short"])
def test_damaged_vectors_are_told(tmp_path: Path, name: str, damage: str) -> None:
    run_folder.save([RUN], PLAN, tmp_path / "known")
    path = tmp_path / "known" / "run1" / name
    if damage == "short":
        np.save(path, np.load(path)[:-1])
    else:
        path.unlink()
    with pytest.raises(run_folder.InputError, match="damaged"):
        run_folder.load(tmp_path / "known")


def test_a_clip_that_cannot_be_decoded_is_replaced_and_comes_back(tmp_path: Path) -> None:
    (known,) = some(1)
    strategy = make_strategy("", "search", 3)
    dark = int(selected_clips(known, strategy)[-1])
    probabilities = known.probabilities.copy()
    probabilities[dark] = math.nan
    known = replace(known, probabilities=probabilities)
    asked = joined(asked_rounds(known, strategy))
    assert dark in asked
    assert len(asked) == 4
    assert replay(searched([known]), strategy).label_ranks.max() <= 1
    # a run with such a clip can be replayed from the disk
    run_folder.save([searched([known])], PLAN, tmp_path / "known")
    (again,) = run_folder.load(tmp_path / "known")
    assert np.isnan(again.videos[0].probabilities[dark]).all()


def test_the_search_is_that_of_the_library() -> None:
    for known in RUN.videos:
        assert known.vectors is not None
        found = Search(known.vectors.of(np.arange(known.clips)), 7)
        while len(clips := found.propose()):
            found.observe(clips, known.probabilities[clips])
        strategy = make_strategy("", "search", 7)
        assert selected_clips(known, strategy).tolist() == [each.clip for each in found.asked]
        # the asked clips in order, then the others by what is believed of them
        order = np.argsort(ranks(known, strategy))
        assert order[:7].tolist() == [each.clip for each in found.asked]
        belief = found.belief()[0]
        assert (np.diff(belief[order[7:]]) <= 1e-9).all()


def test_surest_clips_are_those_of_any_class_but_background() -> None:
    probabilities = [[0.1, 0.2, 0.7], [0.1, 0.8, 0.1], [0.6, 0.3, 0.1], [math.nan] * 3]
    known = video(0, probabilities, [0.1] * 4)
    strategy = make_strategy("", "surest", 2)
    assert selected_clips(known, strategy).tolist() == [1, 0]
    assert selected_clips(replace(known, background=2), strategy).tolist() == [1, 2]


def test_rounds_are_decoded_and_classified_one_after_the_other() -> None:
    """Four clips of 16 frames in two GOPs, each with a picture; two first clips, then one."""
    known = video(
        0,
        [[0.9, 0.1], [0.2, 0.8], [0.5, 0.5], [0.4, 0.6]],
        [0.5] * 4,
        keyframes=(0, 32),
        vectors=[[1, 0], [1, 0], [0, 1], [0, -1]],
    )
    rates = replace(costs(), round_s=0.07, classify_one_s=0.6)
    one = searched([known], MD)
    one = replace(one, costs=rates, pictures=replace(LITE0, gmacs=0.25))
    strategy = make_strategy("", "search", 3)
    rounds = asked_rounds(known, strategy)
    assert [each.tolist() for each in rounds[:1]] == [[1, 3]]
    assert rounds[1].tolist() in ([0], [2])
    spent = replay(one, strategy).seconds()
    assert spent is not None
    assert spent["read"] == pytest.approx(0.001 * 64 + 4 * 0.04)
    assert spent["score"] == pytest.approx(4 * 0.005)
    # both GOPs whole, then a third clip at the start of one of them
    assert spent["decode"] == pytest.approx(0.01 * (64 + 16) + 0.002 * 48 + 0.07)
    assert spent["classify"] == pytest.approx(2 * 0.5 + 0.6)
    assert replay(one, strategy).gmacs() == pytest.approx(3 * 10 + 3 * 0.25)

    prior = make_strategy("", "search", 3, sampler=SamplerFacts("", (MD,)))
    more = replay(one, prior).seconds()
    assert more is not None
    assert more["read"] == pytest.approx(0.001 * 64 + 4 * 0.13)
    assert more["score"] == pytest.approx(4 * (0.005 + 0.02))


def test_odds_and_mean_are_each_rows_own_aggregate() -> None:
    """Three clips that say nothing, with a habit for b; one that is sure of a."""
    known = video(0, [[0.3, 0.7]] * 3 + [[0.95, 0.05]], [0.5] * 4)
    one = run([known])
    assert replay(one, make_strategy("", "dense", 4)).top1 == 0
    assert replay(one, make_strategy("", "dense", 4, aggregate="odds")).top1 == 100
    # as `classify` has it: the mean with a sampler, and where classes do not exclude each other
    assert dict(search_strategies(RUN, PLAN))["search"].aggregate == "odds"
    assert dict(search_strategies(RUN, PLAN))["search-prior"].aggregate == "mean"
    many = replace(RUN, classifier={**RUN.classifier, "multi_label": True})
    assert {each.aggregate for _, each in search_strategies(many, PLAN)} == {"mean"}


def test_lines_of_the_search_agree_with_the_table() -> None:
    found = {chart.key: chart for chart in charts(RUN, PLAN)}
    lines = {line.role: line for line in found["clips"].series}
    table = rows(RUN)
    assert lines["rival"].name == "search"
    assert dict(zip(lines["rival"].x, lines["rival"].y, strict=True))[3] == table["search"]["top1"]
    assert len(lines["auto"].x) == len(MOST)
    at_20 = MOST.index(20)
    assert lines["auto"].x[at_20] == table["auto"]["clips"]
    assert lines["auto"].y[at_20] == table["auto"]["top1"]
    assert {"rival", "auto"} <= {line.role for line in found["runtime"].series}
    assert "rival" in {line.role for line in found["positions"].series}
    # where the search is under test, the sampler is the rival
    other = {c.key: c for c in charts(replace(RUN, tagging=Tagging(searches=True)), PLAN)}
    named = {line.role: line.name for line in other["clips"].series}
    assert (named["scsampler"], named["rival"]) == ("search", "AV-union-list")


def test_samplers_are_compared_with_the_search_on_novel_classes() -> None:
    knows_a = network("md", labels=("a",))
    scored = [
        replace(
            each,
            scores={knows_a.name: each.scores[MD.name]},
            input_counts={**each.input_counts, knows_a.name: 30},
        )
        for each in some()
    ]
    foreign = searched(scored, knows_a, tagging=Tagging(searches=True))
    table = novel_table([foreign], PLAN)
    assert table is not None
    names = ("SCSampler", "search", "Random", "Uniform", "Dense", "surest 3 of all clips")
    assert [column.keys[0] for column in table.columns][4:] == list(names)
    assert all(0 <= row[name] <= 100 for row in table.rows for name in names)
    cross = cross_table([foreign, replace(foreign, data="again")], PLAN)
    assert cross is not None
    assert [row["sampler"] for row in cross.rows] == list(names)
    assert cross.rows[1]["run1"] == rows(foreign)["search"]["top1"]


def test_pooled_runs_have_a_search_where_all_have() -> None:
    halves = [searched(list(RUN.videos[:2]), tagging=FITS), searched(list(RUN.videos[2:]))]
    whole = pooled(halves, "all")
    assert whole.has_vectors
    assert whole.tagging == Tagging()
    assert rows(whole)["search"]["top1"] == rows(RUN)["search"]["top1"]
    old = replace(halves[0], videos=tuple(replace(v, vectors=None) for v in halves[0].videos))
    assert "search" not in rows(pooled([old, halves[1]], "all"))


def test_no_clips_have_no_vectors() -> None:
    found = PictureVectors.of_rows(np.zeros((0, 4), np.float16))
    assert found.of(np.zeros(0, np.int64)).shape == (0, 4)
