"""Which rows each table has, and what stands in them."""

from dataclasses import replace

import numpy as np
import pytest

from scsampler_cli.bench.network_tables import audio_table, inputs_table
from scsampler_cli.bench.paper_tables import combinations_table, strategies_table, summary_table
from scsampler_cli.bench.plan import Plan
from scsampler_cli.bench.run_data import SamplerFacts
from scsampler_cli.bench.transfer import cross_table, novel_table
from tests.bench.making import MD, SOUND, costs, network, run, video

RIGHT = video(0, [[0.2, 0.8], [0.9, 0.1], [0.3, 0.7]], [0.1, 0.9, 0.2], [0.8, 0.1, 0.2])
WRONG = video(1, [[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]], [0.9, 0.2, 0.3], [0.1, 0.2, 0.3])
PLAN = Plan(k=1, draws=50)


def keys(table: object) -> list[str]:
    return [row["key"] for row in table.rows]  # type: ignore[attr-defined]


def test_a_sampler_with_a_background_class_has_the_papers_row_below_its_own() -> None:
    ours = replace(MD, name="MD AC, background", score="background")
    papers = replace(MD, name="MD AC", score="class")
    # by background clip 1 is the best, by class clip 0
    visual = RIGHT.scores[MD.name]
    known = replace(
        RIGHT,
        scores={ours.name: visual, papers.name: 1 - visual},
        input_counts={ours.name: 4, papers.name: 4},
    )
    both = run([known], (ours,), compared=(ours, papers))
    rows = {str(row["key"]): row for row in strategies_table(both, PLAN).rows}
    assert rows["visual-ac"]["strategy"] == "visual only, AC"
    assert rows["visual"]["strategy"] == "visual only"
    assert (rows["visual"]["top1"], rows["visual-ac"]["top1"]) == (100, 0)
    assert "1 - p(background)" in " ".join(strategies_table(both, PLAN).notes)
    named = inputs_table(both, PLAN)
    assert named is not None
    assert [row["objective"] for row in named.rows] == ["AC, background", "AC"]
    # with the paper's scores alone, or without them, there is no such row
    for alone in (run([known], (papers,)), run([known], (ours,))):
        assert "visual-ac" not in {row["key"] for row in strategies_table(alone, PLAN).rows}


def test_one_row_for_each_strategy() -> None:
    both = strategies_table(
        run([RIGHT, WRONG], (MD, SOUND), costs(), train_positions=np.full((1, 1), 0.5, np.float32)),
        PLAN,
    )
    assert keys(both) == [
        *("av-union-list", "av-convex-list", "av-convex-score", "av-intersect-list"),
        *("visual", "audio", "av-union-list-auto", "random", "uniform", "empirical", "dense"),
        *("uniform-odds", "dense-odds", "surest", "oracle"),
    ]
    found = {row["key"]: row for row in both.rows}
    assert found["visual"]["top1"] == 50
    assert found["audio"]["top1"] == 50
    assert found["oracle"]["top1"] == 100
    assert found["dense"]["top1"] == 0
    assert found["visual"]["gain"] == 50
    assert found["dense"]["speed_up"] == 1
    assert found["visual"]["speed_up"] == pytest.approx(
        found["dense"]["total_s"] / found["visual"]["total_s"]
    )
    assert found["visual"]["read_s"] == pytest.approx(0.048 + 0.3)  # the sound is not read for it
    assert found["random"]["top1_spread"] > 0


def test_a_missing_sampler_or_training_set_leaves_its_rows_out_and_is_said() -> None:
    table = strategies_table(run([RIGHT], (MD,)), PLAN)
    assert keys(table) == [
        *("visual", "visual-auto", "random", "uniform", "dense"),
        *("uniform-odds", "dense-odds", "surest", "oracle"),
    ]
    assert any("No audio sampler" in note for note in table.notes)
    assert any("no Empirical" in note for note in table.notes)
    table = strategies_table(run([RIGHT], (SOUND,)), PLAN)
    assert keys(table)[0] == "audio"


def test_networks_trained_together_are_a_row_of_their_own() -> None:
    pair = network("md", name="MD joint"), network("mel", "vgg18", name="sound joint")
    known = video(
        0,
        [[0.2, 0.8], [0.9, 0.1]],
        [0.9, 0.1],
        [0.9, 0.1],
        {"MD joint": [0.2, 0.4], "sound joint": [0.5, 0.4]},
    )
    table = combinations_table(run([known], (MD, SOUND), joint=SamplerFacts("joint", pair)), PLAN)
    assert table is not None
    row = next(row for row in table.rows if row["key"] == "av-joint-training")
    assert row["top1"] == 100  # (0.35, 0.4): the second clip
    assert row["paper_top1"] == 75.5
    visual_alone = strategies_table(run([known], (MD,), joint=SamplerFacts("joint", pair)), PLAN)
    assert keys(visual_alone)[:2] == [
        "visual",
        "av-joint-training",
    ]  # the sampler under test is first


def test_top5_only_where_it_can_miss() -> None:
    assert "top5" not in strategies_table(run([RIGHT]), PLAN).rows[0]
    wide = video(
        6, [[0.3, 0.2, 0.1, 0.1, 0.1, 0.1, 0.1], [0.2, 0.2, 0.2, 0.1, 0.1, 0.05, 0.15]], [0.9, 0.1]
    )
    near = video(5, [[0.3, 0.2, 0.1, 0.1, 0.1, 0.15, 0.05]] * 2, [0.9, 0.1])
    row = strategies_table(run([wide, near]), PLAN).rows[0]
    assert (row["top1"], row["top5"]) == (0, 50)  # the seventh of seven; the third


def test_inputs_are_combined_within_one_architecture_and_objective() -> None:
    nets = [
        network("md"),
        network("rgbr"),
        network("if"),
        network("rgbr", "shufflenet26"),
        network("rgbr", objective="sal-rank"),
    ]
    scores = {
        "md resnet18 ac": [0.9, 0.1], "rgbr resnet18 ac": [0.1, 0.8], "if resnet18 ac": [0.1, 0.8],
        "rgbr shufflenet26 ac": [0.2, 0.1], "rgbr resnet18 sal-rank": [0.2, 0.3],
    }  # fmt: skip
    known = video(0, [[0.2, 0.8], [0.9, 0.1]], scores=scores)
    table = inputs_table(run([known], nets[:2], compared=nets), PLAN)
    assert table is not None
    rows = {(row["features"], row["architecture"], row["objective"]): row for row in table.rows}
    assert len(rows) == len(table.rows) == 7 + 1 + 1
    assert rows["MD", "ResNet-18", "AC"]["top1"] == 0
    assert rows["MD + RGB-R", "ResNet-18", "AC"]["top1"] == 0  # 0.5 against 0.45
    assert rows["IF + MD + RGB-R", "ResNet-18", "AC"]["top1"] == 100  # 0.367 against 0.567
    assert rows["IF + MD + RGB-R", "ResNet-18", "AC"]["paper_top1"] == 74.9
    assert rows["RGB-R", "ResNet-18", "SAL-RANK"]["paper_top1"] is None
    assert inputs_table(run([RIGHT], (MD,)), PLAN) is None


def test_audio_networks_side_by_side() -> None:
    head = network("mel", "vgg18_pool4", "sal-rank")
    known = video(0, [[0.2, 0.8], [0.9, 0.1]], audio=[0.9, 0.1], scores={head.name: [0.1, 0.9]})
    table = audio_table(run([known], (SOUND,), compared=(SOUND, head)), PLAN)
    assert table is not None
    assert [(row["network"], row["top1"], row["paper_top1"]) for row in table.rows] == [
        ("VGG-18", 0, 67.82),
        ("FC on pool4", 100, 67.01),
    ]


def test_the_cross_table_has_every_sampler_under_every_run() -> None:
    other = SamplerFacts("other", (network("rgbr"),))
    known = video(0, [[0.2, 0.8], [0.9, 0.1]], [0.1, 0.9], scores={"rgbr resnet18 ac": [0.9, 0.1]})
    first = run([known], data="one")
    second = replace(first, data="two", samplers=(first.main, other))
    table = cross_table([first, second], PLAN)
    assert table is not None
    rows = {row["sampler"]: row for row in table.rows}
    assert list(rows) == [
        *("SCSampler", "other", "Random", "Uniform", "Dense", "surest 1 of all clips"),
    ]
    assert (rows["SCSampler"]["run1"], rows["SCSampler"]["run2"]) == (100, 100)
    assert "run1" not in rows["other"]
    assert rows["other"]["run2"] == 0
    assert cross_table([first], PLAN) is None
    summary = summary_table([first, second], PLAN)
    assert [row["data"] for row in summary.rows] == ["one", "two"]
    assert summary.rows[0]["scsampler"] == 100


def test_novel_classes_are_those_that_no_weight_file_names() -> None:
    knows_a = network("md", labels=("a",))
    videos = [video(0, [[0.2, 0.8], [0.9, 0.1]]), video(1, [[0.2, 0.8], [0.9, 0.1]])]
    scored = [
        video(v.target, v.probabilities.tolist(), scores={knows_a.name: [0.1, 0.9]}) for v in videos
    ]
    table = novel_table([run(scored, (knows_a,))], PLAN)
    assert table is not None
    assert [(row["classes"], row["videos"], row["SCSampler"]) for row in table.rows] == [
        ("seen", 1, 100),
        ("novel", 1, 0),
    ]
    assert novel_table([run([RIGHT, WRONG])], PLAN) is None
