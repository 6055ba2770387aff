"""Packets in a bench: their rows, what they cost, and that a replayed cascade is the live one."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from scsampler_cli.bench.curves import candidates_chart
from scsampler_cli.bench.live_check import tagging_samplers
from scsampler_cli.bench.model_list import assemble
from scsampler_cli.bench.paper_tables import strategies_table
from scsampler_cli.bench.plan import Plan
from scsampler_cli.bench.replay import make_strategy, replay, scored_clips, selected_clips
from scsampler_cli.bench.run_data import Run, SamplerFacts
from scsampler_cli.bench.strategy_list import baseline_strategies
from scsampler_cli.config import FeatureSettings, SelectionSettings
from scsampler_cli.datasets.example import Example
from scsampler_cli.errors import SettingsError
from scsampler_cli.pipeline.stages import classify
from tests.bench.making import MD, SOUND, costs, network, run, video
from tests.bench.test_measure import Brightness, context, measured_videos, never, sampler
from tests.synthetic import pan, tone, write_video

PACKETS = network("packets", "packets1d", name="packets")
ALL = (MD, SOUND, PACKETS)
COSTS = replace(
    costs(),
    read_s={**costs().read_s, "packets": 0.001},
    score_s={**costs().score_s, "packets": 0.002},
)
# the picture likes clip 3 best, which is wrong; packets let clips 0 and 1 through
KNOWN = video(
    0,
    [[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.1, 0.9]],
    [0.5, 0.6, 0.1, 0.9],
    [0.1, 0.1, 0.1, 0.1],
    {"packets": [0.9, 0.8, 0.1, 0.2]},
)
PLAN = Plan(k=1, draws=5)


def test_packets_alone_and_first_are_rows_after_the_others() -> None:
    rows = {
        row["key"]: row for row in strategies_table(run([KNOWN], (MD, PACKETS), COSTS), PLAN).rows
    }
    assert list(rows)[:3] == ["visual", "packets", "cascade"]
    assert (rows["visual"]["top1"], rows["packets"]["top1"]) == (0, 100)
    assert rows["cascade"]["strategy"] == "packets first, M = 4"
    assert rows["cascade"]["top1"] == 0  # four candidates are all clips there are
    assert list(strategies_table(run([KNOWN], (MD, SOUND)), PLAN).rows[0]) == list(
        strategies_table(run([KNOWN], ALL), PLAN).rows[0]
    )


def test_in_a_cascade_only_candidates_are_neighbours() -> None:
    """Candidates are clips 1 and 3, which are no neighbours: their scores stay 0.4 and 0.5.

    Averaged with clip 0, clip 1 would be better than clip 3.
    """
    scores = [0.9, 0.4, 0.0, 0.5]
    known = video(0, [[0.5, 0.5]] * 4, scores, [0.1] * 4, {"packets": [0.1, 0.9, 0.2, 0.8]})
    strategy = make_strategy("", "visual", 1, sampler=SamplerFacts("", (MD, PACKETS)), candidates=2)
    assert selected_clips(replace(known, p_frames=1), strategy).tolist() == [3]


def test_i_frames_are_smoothed_however_many_p_frames_others_have() -> None:
    """[0, 0.6, 0, 0.5, 0.5, 0.4]: the best clip alone is 1, with its neighbours 4."""
    known = video(0, [[0.5, 0.5]] * 6, [0, 0.6, 0, 0.5, 0.5, 0.4], [0.1] * 6)
    for p_frames, kind, best in ((1, "md", 4), (4, "md", 1), (4, "if", 4), (None, "if", 1)):
        networks = (replace(MD, input=kind),)
        strategy = make_strategy("", "visual", 1, sampler=SamplerFacts("", networks))
        assert selected_clips(replace(known, p_frames=p_frames), strategy).tolist() == [best]


def test_a_cascade_takes_among_its_candidates_and_costs_what_they_cost() -> None:
    strategy = make_strategy("", "visual", 1, sampler=SamplerFacts("", (MD, PACKETS)), candidates=2)
    assert scored_clips(KNOWN, strategy).tolist() == [0, 1]
    assert selected_clips(KNOWN, strategy).tolist() == [1]
    spent = replay(run([KNOWN], (MD, PACKETS), COSTS), strategy).seconds()
    whole = replay(
        run([KNOWN], (MD,), COSTS), make_strategy("", "visual", 1, sampler=SamplerFacts("", (MD,)))
    ).seconds()
    assert spent is not None
    assert whole is not None
    index = COSTS.index_s * KNOWN.frames
    # half of the frames lie before the end of clip 1, and half of the clips are scored
    assert spent["read"] - index == pytest.approx((whole["read"] - index) / 2 + 4 * 0.001)
    assert spent["score"] == pytest.approx(whole["score"] / 2 + 4 * 0.002)


def test_the_curve_ends_at_the_full_strategy() -> None:
    known = run([KNOWN], (MD, PACKETS))
    chart = candidates_chart(
        known, PLAN, replay(known, dict(baseline_strategies(known, PLAN))["dense"])
    )
    assert chart is not None
    (line,) = chart.series
    assert line.x == (1, 2, 4, 6, 8, 12)
    assert line.y == (100, 100, 0, 0, 0, 0)
    assert (
        candidates_chart(
            run([KNOWN], (MD,)),
            PLAN,
            replay(known, dict(baseline_strategies(known, PLAN))["dense"]),
        )
        is None
    )


def test_packets_are_of_the_sampler_under_test_alone() -> None:
    packets = sampler("packets", "packets1d", 1, 4)
    with pytest.raises(SettingsError, match="packet network"):
        assemble(
            Brightness(),
            "float32",
            [sampler("md", "shufflenet26", 2, 1)],
            others={},
            joint=[],
            single=[packets],
        )


def test_a_replayed_cascade_is_that_of_a_live_run(tmp_path: Path) -> None:
    frames = pan(160, 3, 1, 64, 96)
    path = write_video(tmp_path / "v.mp4", frames, audio=tone(6.4, 500))
    networks = [
        sampler("md", "shufflenet26", 2, 1),
        sampler("mel", "vgg18", 1, 3),
        sampler("packets", "packets1d", 1, 4),
    ]
    loaded = assemble(Brightness(), "float32", networks, others={}, joint=[], single=[])
    (known,) = measured_videos(
        [Example(path, "right", "val")], loaded, context(tmp_path / "cache"), never
    )
    for selection in (
        SelectionSettings(strategy="packets", k=3),
        SelectionSettings(strategy="visual", k=2, candidates=4),
        SelectionSettings(strategy="av-union-list", k=2, candidates=5),
    ):
        record = classify(
            path,
            tagging_samplers(loaded),
            loaded.classifier,
            features=FeatureSettings(),
            selection=selection,
        ).record()
        facts = loaded.samplers[0]
        strategy = replace(make_strategy("", "visual", 2, sampler=facts), selection=selection)
        if selection.candidates:
            assert len(scored_clips(known, strategy)) == selection.candidates
        ours = selected_clips(known, strategy)
        assert [clip["clip"] for clip in record["clips"]] == ours.tolist()
        assert np.isfinite([clip["packets"] for clip in record["clips"]]).all()
    assert Run(
        "",
        {},
        loaded.samplers,
        joint=None,
        networks=(),
        videos=(known,),
        failures=(),
        train_positions=None,
        costs=None,
    ).main.packets
