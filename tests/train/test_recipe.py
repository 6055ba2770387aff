"""The paper's numbers (App. A.2, B), and rates that follow the schedules."""

import pytest
import torch

from scsampler_cli.errors import SettingsError
from scsampler_cli.train.recipe import Recipe, default_recipe
from scsampler_cli.train.schedule import PLATEAU_PATIENCE, Schedule, stepped


@pytest.mark.parametrize(
    ("target", "objective", "rate", "factor"),
    [
        ("rgbr", "ac", 0.001, 0.01),  # B.1: rate 0.001, pre-trained layers 100x smaller
        ("md", "sal-rank", 0.001, 0.01),
        ("if", "sal-cl", 0.001, 0.01),
        (
            "mel",
            "sal-rank",
            0.03,
            0.05,
        ),  # B.2: 0.03 for Kinetics, pre-trained layers times 5 * 10^-2
        ("mel", "sal-cl", 0.001, 0.05),
        ("mel", "ac", 0.001, 0.05),
        ("classifier", "ac", 0.01, 1.0),  # A.2
    ],
)
def test_rates_are_the_paper_s(target: str, objective: str, rate: float, factor: float) -> None:
    recipe = default_recipe(target, objective)
    assert (recipe.learning_rate, recipe.pretrained_factor) == (rate, factor)


def test_audio_rates_fall_when_the_paper_says() -> None:
    rank, cl, ac = (default_recipe("mel", objective) for objective in ("sal-rank", "sal-cl", "ac"))
    assert [stepped(e, rank) for e in (0, 4, 5, 9, 10)] == pytest.approx([1, 1, 0.1, 0.1, 0.01])
    assert cl.epochs == 16
    assert [stepped(e, cl) for e in (0, 9, 10, 15)] == pytest.approx([1, 1, 0.1, 0.1])
    assert [stepped(e, ac) for e in (4, 5)] == pytest.approx([1, 0.1])


def test_classifiers_warm_up_for_ten_of_45_epochs() -> None:
    recipe = default_recipe("classifier", "ac")
    assert recipe.epochs == 45
    assert [stepped(e, recipe) for e in (0, 4, 9, 10, 20)] == pytest.approx(
        [0.1, 0.5, 1, 0.1, 0.01]
    )


def test_visual_rates_fall_on_a_plateau() -> None:
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], 0.001)
    schedule = Schedule(optimiser, default_recipe("rgbr", "ac"), 10)
    for measure in (0.5, 0.6, *[0.6] * PLATEAU_PATIENCE):
        schedule.after_epoch(measure)
        assert optimiser.param_groups[0]["lr"] == 0.001
    schedule.after_epoch(0.6)
    assert optimiser.param_groups[0]["lr"] == pytest.approx(0.0001)


def test_one_cycle_rises_and_falls_by_the_step_for_every_group() -> None:
    new, old = (torch.zeros(1, requires_grad=True) for _ in range(2))
    optimiser = torch.optim.SGD([{"params": [new], "lr": 0.01}, {"params": [old], "lr": 0.0001}])
    schedule = Schedule(
        optimiser,
        Recipe(
            epochs=2,
            learning_rate=0.01,
            schedule="one-cycle",
            step_epochs=5,
            warmup_epochs=0,
            optimiser="sgd",
            pretrained_factor=0.01,
        ),
        10,
    )
    rates = []
    for _ in range(20):
        rates.append([group["lr"] for group in optimiser.param_groups])
        optimiser.step()
        schedule.after_step()
    assert max(rate[0] for rate in rates) == pytest.approx(0.01)
    assert rates[0][0] < 0.001 > rates[-1][0]
    assert all(rate[1] == pytest.approx(rate[0] / 100) for rate in rates)


@pytest.mark.parametrize(
    "wrong", [{"schedule": "cosine"}, {"optimiser": "lion"}, {"epochs": 0}, {"learning_rate": 0.0}]
)
def test_recipes_are_checked(wrong: dict[str, object]) -> None:
    good = {
        "epochs": 1,
        "learning_rate": 0.1,
        "schedule": "step",
        "step_epochs": 1,
        "warmup_epochs": 0,
        "optimiser": "sgd",
        "pretrained_factor": 1.0,
    }
    with pytest.raises(SettingsError):
        Recipe(**{**good, **wrong})  # type: ignore[arg-type]
