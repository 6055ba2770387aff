"""The videos of a training run, and its steps with rough costs, for the time that is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from scsampler_cli.cli.run_progress import Step
from scsampler_cli.cli.train_options import Target, TrainOptions
from scsampler_cli.cli.train_settings import settings_of

if TYPE_CHECKING:
    from scsampler_cli.datasets.example import Example
    from scsampler_cli.train.settings import TrainSettings

_GENERATE, _READ, _CLASSIFY, _EMBED = 1.5, 1.0, 2.0, 0.3
"""Rough seconds of a video on two cores, by step."""
_FROZEN_EPOCH, _SAMPLER_CLIP, _CLASSIFIER_CLIP = 0.3, 0.02, 0.1
"""Rough seconds of an epoch on features, and of a clip in training."""


class Labelled(NamedTuple):
    """The labelled videos of a run."""

    examples: list[Example]
    skipped_rows: int
    """Number of rows in the list that cannot be used."""
    has_background: bool
    """Whether there are videos of none of the classes."""


def steps_of(options: TrainOptions, labelled: Labelled | None) -> list[Step]:
    """The steps of the training of one network.

    Args:
        options: of the command.
        labelled: the videos; None for those of the demo, which are made first.
    """
    has_background = labelled is not None and labelled.has_background
    # the classifier gives the geometry of clips, which matters little for the times
    settings = settings_of(options, None, background=has_background)
    if labelled is not None:
        return _steps(settings, _split(labelled.examples), has_teacher=options.teacher is not None)
    from scsampler_cli.datasets.generated import training_counts

    counts = training_counts(options.target == "classifier")
    generating = Step("generating", _GENERATE * sum(counts))
    return [generating, *_steps(settings, counts, has_teacher=options.teacher is not None)]


def steps_of_both(
    options: TrainOptions, labelled: Labelled, targets: Sequence[Target]
) -> list[Step]:
    """The steps of the training of a classifier and of its sampler.

    Args:
        options: of the command.
        labelled: the videos.
        targets: the classifier, then the sampler.
    """
    steps = []
    for target in targets:
        one = replace(options, target=target)
        settings = settings_of(one, None, background=labelled.has_background)
        has_teacher = target != targets[0]
        steps += _steps(settings, _split(labelled.examples), has_teacher=has_teacher)
    return steps


def _split(examples: Sequence[Example]) -> tuple[int, int]:
    """Numbers of videos to learn from, and of videos for validation."""
    learnt = sum(example.split == "train" for example in examples)
    return learnt, len(examples) - learnt


def _steps(settings: TrainSettings, counts: tuple[int, int], *, has_teacher: bool) -> list[Step]:
    learnt, held_out = counts
    steps = [Step("reading", _READ * (learnt + held_out))]
    if has_teacher:
        # ac learns from labels; validation needs the classifier's answers
        classified = held_out + (learnt if settings.objective != "ac" else 0)
        steps.append(Step("classifying", _CLASSIFY * classified))
    if settings.frozen:
        steps.append(Step("embedding", _EMBED * (learnt + held_out)))
        epoch_s = _FROZEN_EPOCH
    else:
        of_clip = _CLASSIFIER_CLIP if settings.target == "classifier" else _SAMPLER_CLIP
        epoch_s = of_clip * settings.per_epoch * len(settings.kinds)
    # the steps of an optimiser all take the same time
    steps.append(Step("learning", epoch_s * settings.recipe.epochs, is_even=True))
    return [step for step in steps if step.cost]
