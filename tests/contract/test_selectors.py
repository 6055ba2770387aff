"""What holds for every strategy, whatever the scores."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scsampler_cli import Tagger
from scsampler_cli.config import BASELINES, RANDOM_STRATEGIES, STRATEGIES, SelectionSettings
from scsampler_cli.selection.scores import ClipScores
from scsampler_cli.selection.strategies import combined_rank, select
from tests.colour_clip import write_shape_video
from tests.text_models import FAMILIES

VALUES = st.sampled_from([0.0, 0.25, 0.25, 0.5, 0.75, 1.0, float("nan")])


@st.composite
def found(draw: st.DrawFn) -> ClipScores:
    length = draw(st.integers(1, 40))
    stride = draw(st.sampled_from([1, 1, 2, 3]))
    clips = np.arange(0, length, stride, dtype=np.int64)
    column = st.lists(VALUES, min_size=len(clips), max_size=len(clips))
    arrays = [draw(st.none() | column.map(lambda v: np.array(v, np.float32))) for _ in range(3)]
    return ClipScores(clips, length, *arrays)


# a search has no selection before the first answer: tests/selection/test_search.py
@pytest.mark.parametrize("strategy", [name for name in STRATEGIES if name != "search"])
@settings(max_examples=60, deadline=None)
@given(scores=found(), k=st.integers(1, 15), seed=st.integers(0, 3), data=st.data())
def test_contract(
    strategy: str, scores: ClipScores, k: int, seed: int, data: st.DataObject
) -> None:
    share = data.draw(st.none() | st.integers(0, k)) if strategy == "av-union-list" else None
    alpha = data.draw(st.none() | st.floats(0, 1)) if "convex" in strategy else None
    histogram = (1.0, 0.0, 2.0) if strategy == "empirical" else None
    seed = seed if strategy in RANDOM_STRATEGIES else 0
    options = SelectionSettings(
        strategy=strategy, k=k, k_visual=share, alpha=alpha, seed=seed, histogram=histogram
    )
    chosen = select(scores, options)
    ranked = strategy not in BASELINES
    pool = scores.clips.tolist() if ranked else list(range(scores.clip_count))
    wanted = len(pool) if strategy == "dense" else min(k, len(pool))
    clips = chosen.clips.tolist()
    assert len(clips) == wanted  # all of them where there are fewer than K
    assert len(set(clips)) == wanted
    assert set(clips) <= set(pool)
    assert len(chosen.reasons) == wanted
    assert all(chosen.reasons)
    assert chosen.clips.dtype == np.int64
    again = select(scores, options)
    assert again.clips.tolist() == clips
    assert again.reasons == chosen.reasons
    assert sorted(combined_rank(scores, options).tolist()) == list(range(len(scores.clips)))


@pytest.mark.parametrize(
    "strategy",
    [s for s in STRATEGIES if s.startswith("av-") or s in ("visual", "audio", "packets")],
)
def test_all_ties_go_to_the_earlier_clip(strategy: str) -> None:
    flat = np.full(9, 0.5, np.float32)
    chosen = select(
        ClipScores(np.arange(9), 9, flat, audio=flat, packets=flat),
        SelectionSettings(strategy=strategy, k=4),
    )
    assert chosen.clips.tolist() == [0, 1, 2, 3]


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("videos") / "v.mp4"
    parts = [(None, 4.0), ("a red circle", 4.0), ("a blue square", 4.0), (None, 4.0)]
    return write_shape_video(path, parts)


@pytest.mark.parametrize("name", FAMILIES)
def test_a_search_with_a_text_image_model(name: str, video: Path, tmp_path: Path) -> None:
    """The features of the search are those of the model itself, where it reads pictures."""
    FAMILIES[name](tmp_path / name)
    found = [
        Tagger(
            tmp_path / name,
            labels=("a red circle", "a blue square", "a dog"),
            selection=SelectionSettings(strategy="search", k=3),
            device="cpu",
            precision="fp32",
        ).tag(video)
        for _ in range(2)
    ]
    first, second = ([(clip.clip, clip.reason) for clip in each.clips] for each in found)
    assert len({clip for clip, _ in first}) == 3
    assert all(reason for _, reason in first)
    assert first == second
    assert {label for label, _ in found[0].tags} <= {"a red circle", "a blue square", "a dog"}
