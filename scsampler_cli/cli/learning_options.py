"""Options about how a network learns, and about the cache of `train` and `bench`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from scsampler_cli.cli.output_options import OUTPUT

LEARNING = "Learning"
# written out, since --help must not wait for numpy, which the library's own lists import
# objectives of Sec. 3.2, schedules and optimisers of App. A.2 and B
Objective = StrEnum("Objective", {"ac": "ac", "sal_rank": "sal-rank", "sal_cl": "sal-cl"})
Schedule = StrEnum("Schedule", {"plateau": "plateau", "step": "step", "one_cycle": "one-cycle"})
Optimiser = StrEnum("Optimiser", ["adamw", "sgd"])
Augment = StrEnum("Augment", ["paper", "strong"])
Keep = StrEnum("Keep", ["best", "last"])

CacheFolder = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="Folder for features, scores, the classifier's probabilities and the vectors of "
        "pictures, which later runs use again. Default: ~/.cache/scsampler/train.",
        rich_help_panel=OUTPUT,
    ),
]


# None: the default depends on target and objective, see `train.recipe.default_recipe`
@dataclass(frozen=True, kw_only=True)
class LearningOptions:
    """How a network learns."""

    objective: Annotated[
        Objective,
        typer.Option(
            help="What a sampler learns (Sec. 3.2). ac: the label of the video; sal-rank: which "
            "of two clips the classifier is more certain about; sal-cl: which k clips it is most "
            "certain about.",
            rich_help_panel=LEARNING,
        ),
    ] = Objective.ac
    epochs: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Maximum number of epochs. Default: 40; mel 20 (sal-cl 16), packets 12, joint "
            "10, classifier 45, lite0 8 (12 if not frozen).",
            rich_help_panel=LEARNING,
        ),
    ] = None
    per_epoch: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Number of clips per epoch. Default: 4000; with a frozen lite0 32768.",
            rich_help_panel=LEARNING,
        ),
    ] = None
    batch_size: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Number of clips per step. Default: 64; with a frozen lite0 256.",
            rich_help_panel=LEARNING,
        ),
    ] = None
    lr: Annotated[
        float | None,
        typer.Option(
            min=0,
            help="Learning rate of new layers. Default: 0.001; mel with sal-rank 0.03, packets "
            "0.003, classifier 0.01 (lite0 0.001).",
            rich_help_panel=LEARNING,
        ),
    ] = None
    pretrained_factor: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1,
            help="Learning rate of pre-trained layers, as a factor of --lr. Default: 0.01; mel "
            "0.05 (App. B), lite0 0.1, packets, joint and classifier 1.",
            rich_help_panel=LEARNING,
        ),
    ] = None
    schedule: Annotated[
        Schedule | None,
        typer.Option(
            help="Schedule of the learning rate. Default: plateau; mel and classifier step, "
            "packets and lite0 one-cycle.",
            rich_help_panel=LEARNING,
        ),
    ] = None
    step_epochs: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Number of epochs between two steps of --schedule step. Default: 5; classifier, "
            "and mel with sal-cl, 10.",
            rich_help_panel=LEARNING,
        ),
    ] = None
    warmup_epochs: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Number of warm-up epochs of --schedule step. Default: 0; classifier 10.",
            rich_help_panel=LEARNING,
        ),
    ] = None
    optimiser: Annotated[
        Optimiser | None,
        typer.Option(
            help="Optimiser. Default: adamw; mel and classifier sgd, lite0 adamw.",
            rich_help_panel=LEARNING,
        ),
    ] = None
    augment: Annotated[
        Augment,
        typer.Option(
            help="Augmentation. paper: random crop and flip; strong: more, for small data sets. "
            "With a frozen lite0 pictures are mirrored only, and strong mixes pairs of clips.",
            rich_help_panel=LEARNING,
        ),
    ] = Augment.paper
    clips_per_video: Annotated[
        int,
        typer.Option(
            min=2,
            help="Number of clips of one video that a step of sal-rank compares.",
            rich_help_panel=LEARNING,
        ),
    ] = 8
    margin: Annotated[
        float,
        typer.Option(
            min=0,
            help="Margin of sal-rank: the better clip should score higher by this much (eta, Eq. "
            "2).",
            rich_help_panel=LEARNING,
        ),
    ] = 0.1
    gap: Annotated[
        float,
        typer.Option(
            min=0,
            max=1,
            help="Least difference of the classifier's probabilities (f_y) between clips that "
            "sal-rank compares.",
            rich_help_panel=LEARNING,
        ),
    ] = 0.05
    k: Annotated[
        int,
        typer.Option(
            "--k",
            "-k",
            min=1,
            help="Number of clips selected per video. Used in validation, and by the oracle of "
            "sal-cl.",
            rich_help_panel=LEARNING,
        ),
    ] = 10
    patience: Annotated[
        int,
        typer.Option(
            min=0,
            help="Stop after this number of epochs without improvement. 0: never.",
            rich_help_panel=LEARNING,
        ),
    ] = 0
    keep: Annotated[
        Keep | None,
        typer.Option(
            help="Which epoch is written: the best in validation, or the last. Default: last for a "
            "frozen lite0 without --patience, else best.",
            rich_help_panel=LEARNING,
            show_default=False,
        ),
    ] = None
    seed: Annotated[
        int, typer.Option(min=0, help="Seed of random numbers.", rich_help_panel=LEARNING)
    ] = 0
