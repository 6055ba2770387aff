"""The steps of a training run are known before it begins."""

from dataclasses import replace
from pathlib import Path

import pytest

from scsampler_cli.cli.train_options import Target, TrainOptions
from scsampler_cli.cli.train_steps import Labelled, steps_of, steps_of_both
from scsampler_cli.datasets.example import Example
from scsampler_cli.datasets.generated import training_counts, training_set

EXAMPLES = [
    Example(Path(f"{number}.mp4"), f"class {number % 2}", "val" if number % 5 == 4 else "train")
    for number in range(10)
]
LABELLED = Labelled(EXAMPLES, 0, has_background=False)


def test_a_sampler_of_a_classifier_is_read_classified_and_trained() -> None:
    options = TrainOptions(data=Path("x.csv"), target=Target.md, classifier="demo")
    steps = steps_of(options, LABELLED)
    assert [step.stage for step in steps] == ["reading", "classifying", "learning"]
    # ac needs the answers on the videos for validation alone, sal-rank those on all
    everything = steps_of(replace(options, objective="sal-rank"), LABELLED)  # type: ignore[arg-type]
    assert everything[1].cost == pytest.approx(5 * steps[1].cost)
    assert [step.is_even for step in steps] == [False, False, True]
    # without a classifier nothing is classified
    assert [s.stage for s in steps_of(replace(options, classifier=None), LABELLED)] == [
        "reading",
        "learning",
    ]


def test_both_networks_are_one_run() -> None:
    options = TrainOptions(data=Path("x.csv"))
    steps = steps_of_both(options, LABELLED, (Target.classifier, Target.rgb))
    # both have a frozen trunk, whose features are computed once
    assert [step.stage for step in steps] == [
        *("reading", "embedding", "learning"),
        *("reading", "classifying", "embedding", "learning"),
    ]
    unfrozen = steps_of_both(replace(options, freeze=False), LABELLED, (Target.classifier,))
    assert [step.stage for step in unfrozen] == ["reading", "learning"]
    assert unfrozen[-1].cost > 100 * steps[2].cost


@pytest.mark.parametrize("trimmed", [True, False])
def test_the_demo_makes_as_many_videos_as_its_first_step_says(
    trimmed: bool, tmp_path: Path
) -> None:
    class Nothing:
        """Makes no video."""

        def each(self, paths: list[Path], do: object) -> list[object]:
            return []

        def dismiss(self) -> None:
            """Nothing to end."""

    examples = training_set(tmp_path, trimmed, lambda *_: None, pool=Nothing())  # type: ignore[arg-type]
    learnt = sum(example.split == "train" for example in examples)
    assert training_counts(trimmed) == (learnt, len(examples) - learnt)
    options = TrainOptions(demo=True, target=Target.classifier if trimmed else Target.rgbr)
    first, second, *_ = steps_of(options, None)
    assert (first.stage, second.stage) == ("generating", "reading")
    assert first.cost / second.cost == pytest.approx(1.5)
