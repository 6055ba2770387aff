"""What "auto" stands for: the classes in weight files decide, and a line says why."""

from pathlib import Path

import pytest
import torch

from scsampler_cli.config import AnswerSettings, SelectionSettings
from scsampler_cli.errors import SettingsError
from scsampler_cli.model_zoo.weightfile import write_weights
from scsampler_cli.pipeline.strategy_choice import (
    StrategyChoice,
    check_aggregate,
    check_needs_no_classifier,
    choose_strategy,
)
from scsampler_cli.samplers.lite0_sampler import Lite0Sampler

SIX = ("Archery", "BasketballDunk", "HorseRace", "PlayingPiano", "PlayingViolin", "Surfing")
OTHERS = ("cooking", "drumming", "yoga", "skating", "singing")
AUTO = {"visual": "auto", "audio": "auto", "packets": "auto"}


def chosen(
    classes: tuple[str, ...], strategy: str = "auto", auto: str = "actions6", **samplers: str
) -> StrategyChoice:
    selection = SelectionSettings(strategy=strategy)
    return choose_strategy(selection, {**AUTO, **samplers}, auto, classes=classes)


def test_a_sampler_that_was_trained_for_the_classes_selects() -> None:
    found = chosen(SIX)
    assert found.selection.strategy == "av-union-list"
    assert "was trained for these classes" in found.why
    assert (found.note, found.samplers) == ("", AUTO)
    # a classifier of some of the classes
    assert chosen(SIX[:2]).selection.strategy == "av-union-list"


def test_other_classes_are_searched_without_the_sampler() -> None:
    found = chosen(OTHERS)
    assert found.selection.strategy == "search"
    assert found.why == (
        "strategy search: no sampler was trained for cooking, drumming, yoga and 2 more"
    )
    assert found.samplers["visual"] == "none"
    # one class of a classifier that the sampler does not know is enough
    assert chosen((*SIX, "yoga")).selection.strategy == "search"


def test_without_any_sampler_there_is_a_search() -> None:
    found = chosen(SIX, visual="none", audio="none")
    assert found.selection.strategy == "search"


def test_a_named_sampler_is_used_with_a_note_on_its_classes() -> None:
    found = chosen(OTHERS, visual="actions6-paper")
    assert found.selection.strategy == "av-union-list"
    assert "the visual sampler was named" in found.why
    assert "not trained for cooking" in found.note
    assert "Archery" in found.note
    assert "background" not in found.note
    assert chosen(SIX, visual="actions6-paper").note == ""


@pytest.mark.parametrize("strategy", ["visual", "av-union-list", "av-convex-score"])
def test_a_named_strategy_gets_a_note_where_the_classes_differ(strategy: str) -> None:
    assert "strategy search without a sampler needs no training" in chosen(OTHERS, strategy).note
    assert chosen(OTHERS, strategy).selection.strategy == strategy
    assert chosen(SIX, strategy).note == ""


@pytest.mark.parametrize("strategy", ["uniform", "dense", "packets"])
def test_strategies_that_no_class_matters_to_get_none(strategy: str) -> None:
    found = chosen(OTHERS, strategy)
    assert (found.note, found.why) == ("", "")


def test_a_search_uses_only_a_sampler_that_fits_or_is_named() -> None:
    assert chosen(SIX, "search").samplers["visual"] == "auto"
    assert chosen(OTHERS, "search").samplers["visual"] == "none"
    named = chosen(OTHERS, "search", visual="actions6")
    assert named.samplers["visual"] == "actions6"
    assert "not trained for" in named.note


@pytest.mark.parametrize(
    "setting", [{"clip_stride": 2}, {"candidates": 40}, {"k_visual": 5}, {"diverse": True}]
)
def test_a_setting_for_samplers_means_a_strategy_by_samplers(setting: dict[str, int]) -> None:
    selection = SelectionSettings(**setting)  # type: ignore[arg-type]
    found = choose_strategy(selection, AUTO, "actions6", classes=OTHERS)
    assert found.selection.strategy == "av-union-list"
    assert f"{'cascade' if 'candidates' in setting else next(iter(setting))} is for" in found.why
    assert "not trained for" in found.note


def test_the_sampler_in_the_file_of_the_classifier_fits(tmp_path: Path) -> None:
    # a file without names of classes: it was trained together with its classifier
    path = tmp_path / "own.safetensors"
    tensors = {f"sampler.{k}": v for k, v in Lite0Sampler(2).state_dict().items()}
    meta = {"kind": "classifier", "sampler": {"kind": "sampler", "input": "rgb", "arch": "lite0"}}
    write_weights(path, {"x": torch.zeros(1), **tensors}, meta)
    found = chosen(OTHERS, auto=str(path))
    assert found.selection.strategy == "av-union-list"
    assert chosen(OTHERS, "search", auto=str(path)).samplers["visual"] == "auto"
    # another one that is named is compared all the same
    assert "not trained for" in chosen(OTHERS, "visual", str(path), visual="actions6-paper").note


def test_scoring_alone_refuses_what_needs_answers() -> None:
    with pytest.raises(SettingsError, match="search"):
        check_needs_no_classifier(SelectionSettings(strategy="search"))
    with pytest.raises(SettingsError, match="k 'auto'"):
        check_needs_no_classifier(SelectionSettings(stops_early=True))
    check_needs_no_classifier(SelectionSettings())


@pytest.mark.parametrize(
    ("strategy", "guided", "multi_label", "aggregate"),
    [
        ("search", False, False, "odds"),
        # a sampler finds what the video is about, so that it is not rare among the clips
        ("search", True, False, "mean"),
        # labels that do not exclude each other have no habit
        ("search", False, True, "mean"),
        ("av-union-list", True, False, "mean"),
        ("uniform", False, False, "mean"),
    ],
)
def test_the_aggregate_follows_the_strategy(
    strategy: str, guided: bool, multi_label: bool, aggregate: str
) -> None:
    found = AnswerSettings().for_strategy(strategy, guided=guided, multi_label=multi_label)
    assert found.aggregate == aggregate
    named = AnswerSettings(aggregate="max")
    assert named.for_strategy(strategy, guided=guided, multi_label=multi_label) == named
    check_aggregate(SelectionSettings(strategy="search", stops_early=True), found)
