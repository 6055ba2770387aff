"""Defaults are the paper's; contradictions are refused with a hint."""

import pytest

from scsampler_cli.config import FeatureSettings, SelectionSettings, parse_device
from scsampler_cli.errors import SettingsError


def test_defaults_are_the_best_configuration_of_the_paper() -> None:
    settings = SelectionSettings().by_samplers()
    assert SelectionSettings().strategy == "auto"
    assert (settings.strategy, settings.k, settings.visual_share) == ("av-union-list", 10, 8)
    assert FeatureSettings().inputs == ("md", "rgbr", "mel")


@pytest.mark.parametrize(("k", "share"), [(10, 8), (5, 4), (1, 1), (3, 2), (20, 16)])
def test_k_visual_scales_with_k(k: int, share: int) -> None:
    assert SelectionSettings(k=k).visual_share == share


def test_alpha_follows_table_5() -> None:
    assert SelectionSettings(strategy="av-convex-list").weight == 0.8
    assert SelectionSettings(strategy="av-convex-score").weight == 0.9
    assert SelectionSettings(strategy="av-convex-score", alpha=0.5).weight == 0.5


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"strategy": "best"}, "unknown strategy"),
        ({"k": 0}, "k 0"),
        ({"k": 4, "k_visual": 5}, "k_visual 5"),
        ({"alpha": 1.5}, "alpha"),
        ({"clip_stride": 0}, "clip_stride"),
        ({"strategy": "empirical"}, "histogram"),
        ({"strategy": "empirical", "histogram": (0.0, 0.0)}, "histogram"),
        ({"alpha": 0.5}, "alpha has no effect with strategy 'auto'"),
        ({"strategy": "search", "diverse": True}, "diverse has no effect with strategy 'search'"),
        ({"strategy": "uniform", "diverse": True}, "diverse has no effect"),
        (
            {"strategy": "uniform", "stops_early": True},
            "k 'auto' has no effect with strategy 'uniform'",
        ),
        ({"strategy": "search", "clip_stride": 2}, "clip_stride has no effect"),
        ({"strategy": "search", "candidates": 40}, "cascade has no effect"),
        ({"strategy": "visual", "k_visual": 3}, "k_visual has no effect"),
        ({"strategy": "random", "histogram": (1.0,)}, "histogram has no effect"),
        (
            {"strategy": "packets", "candidates": 20},
            "cascade has no effect with strategy 'packets'",
        ),
        ({"strategy": "audio", "candidates": 20}, "cascade has no effect"),
        ({"strategy": "dense", "candidates": 20}, "cascade has no effect"),
        ({"strategy": "uniform", "seed": 1}, "seed has no effect with strategy 'uniform'"),
        ({"seed": 1}, "seed has no effect with strategy 'auto'"),
        (
            {"strategy": "dense", "clip_stride": 2},
            "clip_stride has no effect with strategy 'dense'",
        ),
        ({"strategy": "random", "clip_stride": 2}, "clip_stride has no effect"),
        ({"k": 10, "candidates": 9}, "9 candidates are less than k 10"),
    ],
)
def test_bad_selections_are_refused(arguments: dict, word: str) -> None:
    with pytest.raises(SettingsError, match=word):
        SelectionSettings(**arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        {"inputs": ("flow",)},
        {"inputs": ()},
        {"p_frames": -1},
        {"short_side": 8},
        {"short_side": 9999},
    ],
)
def test_bad_features_are_refused(arguments: dict) -> None:
    with pytest.raises(SettingsError):
        FeatureSettings(**arguments)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("auto", ("auto", None)),
        ("cpu", ("cpu", None)),
        ("cuda", ("cuda", None)),
        ("cuda:12", ("cuda", 12)),
    ],
)
def test_devices_have_names(name: str, parts: tuple[str, int | None]) -> None:
    assert parse_device(name) == parts


@pytest.mark.parametrize(
    "name", ["tpu", "cuda:", "cuda:x", "cpu:0", "auto:1", "", "cuda:9999", "CUDA"]
)
def test_other_devices_are_refused(name: str) -> None:
    with pytest.raises(SettingsError, match="unknown device"):
        parse_device(name)
