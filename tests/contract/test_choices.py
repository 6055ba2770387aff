"""The command line offers all choices that exist: it repeats some lists, for a quick --help."""

import re

import pytest
import typer

from scsampler_cli.cli.app import app
from scsampler_cli.config import AGGREGATES, SPATIAL, STRATEGIES
from scsampler_cli.datasets.read_list import FORMS
from scsampler_cli.features.file_formats import FEATURE_FORMATS
from scsampler_cli.nn.device import PRECISIONS
from scsampler_cli.output.writers import CUT_FORMATS, DOCUMENT_FORMATS, FORMATS
from scsampler_cli.train.recipe import OBJECTIVES, OPTIMISERS, SCHEDULES, TARGETS, default_recipe
from scsampler_cli.train.settings import AUGMENTATIONS


@pytest.mark.parametrize(
    ("command", "option", "known"),
    [
        ("classify", "--strategy", STRATEGIES),
        ("classify", "--spatial", SPATIAL),
        ("classify", "--aggregate", AGGREGATES),
        ("classify", "--format", (*FORMATS, *CUT_FORMATS, *DOCUMENT_FORMATS)),
        ("merge", "--format", (*FORMATS, *DOCUMENT_FORMATS)),
        ("classify", "--precision", ("auto", *PRECISIONS)),
        ("extract", "--format", (*FORMATS, *FEATURE_FORMATS)),
        ("train", "--list-format", FORMS),
        ("train", "--target", ("auto", *TARGETS)),
        ("train", "--objective", OBJECTIVES),
        ("train", "--schedule", SCHEDULES),
        ("train", "--optimiser", OPTIMISERS),
        ("train", "--augment", AUGMENTATIONS),
    ],
)
def test_an_option_offers_all_that_there_is_and_nothing_else(
    command: str, option: str, known: tuple[str, ...]
) -> None:
    with pytest.raises(typer.TyperException, match="is not one of") as caught:
        app([command, option, "?"], standalone_mode=False)
    offered = caught.value.format_message().partition("is not one of")[2]
    assert set(re.findall(r"'([^']+)'", offered)) == set(known)


@pytest.mark.parametrize(
    ("option", "field"),
    [
        ("--epochs", "epochs"),
        ("--lr", "learning_rate"),
        ("--pretrained-factor", "pretrained_factor"),
        ("--schedule", "schedule"),
        ("--step-epochs", "step_epochs"),
        ("--warmup-epochs", "warmup_epochs"),
        ("--optimiser", "optimiser"),
    ],
)
def test_the_help_of_train_tells_every_default_of_the_recipes(option: str, field: str) -> None:
    (parameter,) = (
        p for p in typer.main.get_command(app).commands["train"].params if option in p.opts
    )  # type: ignore[attr-defined]
    said = re.sub("App. B|lite0", "", parameter.help.partition("Default")[2])
    recipes = [default_recipe(target, objective) for target in TARGETS for objective in OBJECTIVES]
    recipes += [default_recipe("rgb", "ac", trunk=trunk) for trunk in ("frozen", "trained")]
    if option in ("--step-epochs", "--warmup-epochs"):  # of no effect elsewhere
        recipes = [recipe for recipe in recipes if recipe.schedule == "step"]
    known = {getattr(recipe, field) for recipe in recipes}
    words = {
        word
        for word in re.split(r"[ ,;()]+", said.rstrip("."))
        if word in (*SCHEDULES, *OPTIMISERS)
    }
    numbers = {float(number) for number in re.findall(r"[0-9][0-9.]*[0-9]|[0-9]", said)}
    assert (words or numbers) == known
