"""Options about which clips of a video are selected."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from scsampler_cli.cli.input_options import ClipStride
from scsampler_cli.config import MAX_K, STRATEGIES, SegmentSettings, SelectionSettings
from scsampler_cli.pipeline.selection_inputs import cascade_candidates, read_histogram

SELECTION = "Selection of clips"
Strategy = StrEnum("Strategy", {name.replace("-", "_"): name for name in STRATEGIES})  # type: ignore[misc]
# a default of a dataclass may not be a call
DEFAULT_STRATEGY = Strategy(SelectionSettings.strategy)

AUTO = "auto"
"""The value of `--k` that stops as soon as more clips would hardly change the answer."""


def clip_number(text: str) -> str:
    """Check the value of `--k`: a whole number from 1 up, or "auto".

    Raises:
        typer.BadParameter: it is something else.
    """
    if text == AUTO:
        return text
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise typer.BadParameter(f"it should be a whole number from 1 up, or {AUTO}, not {text!r}")
    return str(number)


# the K of the paper (Sec. 3.1)
K = Annotated[
    str,
    typer.Option(
        "--k",
        "-k",
        parser=clip_number,
        metavar="N|auto",
        help="Number of clips selected per video. auto, with a classifier: stop as soon as more "
        "clips would hardly change the answer, after at most --max-k.",
        rich_help_panel=SELECTION,
    ),
]
MaxK = Annotated[
    int | None,
    typer.Option(
        "--max-k",
        min=1,
        help="Most clips classified per video with --k auto, and with --segments. Default: 20; for "
        "--segments all clips if the classifier costs little or has a background class.",
        rich_help_panel=SELECTION,
    ),
]
Diverse = Annotated[
    bool,
    typer.Option(
        "--diverse/--no-diverse",
        help="Prefer clips that look unlike those that were taken already and are far from them in "
        "time; for strategies by samplers. A search does so anyway.",
        rich_help_panel=SELECTION,
    ),
]
StrategyOption = Annotated[
    Strategy,
    typer.Option(
        "--strategy",
        help="How clips are selected. auto: av-union-list if a sampler was trained for the "
        "classifier's classes, else search. search: the classifier's answers on a few clips guide "
        "the choice of the next. av-... combine visual and audio scores; without an audio sampler "
        "they use the visual scores alone. visual, audio and packets use one score; random, "
        "uniform and empirical use none; dense selects all clips.",
        rich_help_panel=SELECTION,
    ),
]
# the alpha of AV-convex-list and AV-convex-score (Sec. 3.3.3)
Alpha = Annotated[
    float | None,
    typer.Option(
        min=0,
        max=1,
        help="Weight of the visual score; the audio score has the weight 1 - ALPHA. Default: 0.8 "
        "for av-convex-list, 0.9 for av-convex-score.",
        rich_help_panel=SELECTION,
    ),
]
# the K' of AV-union-list (Sec. 3.3.3)
KVisual = Annotated[
    int | None,
    typer.Option(
        min=0,
        help="Number of clips that av-union-list selects by the visual score. Default: 0.8 k.",
        rich_help_panel=SELECTION,
    ),
]
# each video starts from this seed, so that the order of files does not matter
Seed = Annotated[
    int,
    typer.Option(
        min=0,
        help="Seed of random numbers. Used by the strategies random and empirical.",
        rich_help_panel=SELECTION,
    ),
]
# the baseline Empirical: where in training videos the best clips lie (Sec. 4.1.1)
Histogram = Annotated[
    Path | None,
    typer.Option(
        help="Text file for the strategy empirical: one weight for each equal part of a video, "
        "e.g. 1 2 2 1.",
        rich_help_panel=SELECTION,
    ),
]
# beyond the paper: the costly visual features are computed of some clips only
Cascade = Annotated[
    bool,
    typer.Option(
        "--cascade/--no-cascade",
        help="First rank all clips by packets and audio, and compute the visual score of the best "
        "ones only.",
        rich_help_panel=SELECTION,
    ),
]
Candidates = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Number of clips whose visual score --cascade computes, at least k. Default: 4 k.",
        rich_help_panel=SELECTION,
    ),
]


def most_clips(k: str, max_k: int | None) -> int:
    """K, or the most clips that --k auto classifies."""
    return (max_k or MAX_K) if k == AUTO else int(k)


@dataclass(frozen=True, kw_only=True)
class SelectionOptions:
    """Which clips of a video are selected."""

    k: K = str(SelectionSettings.k)
    strategy: StrategyOption = DEFAULT_STRATEGY
    diverse: Diverse = False
    alpha: Alpha = None
    k_visual: KVisual = None
    clip_stride: ClipStride = 1
    seed: Seed = 0
    histogram: Histogram = None
    cascade: Cascade = False
    candidates: Candidates = None

    @property
    def most_clips(self) -> int:
        """K, or the most clips that --k auto classifies."""
        return most_clips(self.k, None)

    def settings(self) -> SelectionSettings:
        """The same as settings of the library.

        Raises:
            SettingsError: options that do not go together, or a value out of range.
            InputError: the histogram cannot be read.
        """
        return SelectionSettings(
            strategy=self.strategy.value,
            k=self.most_clips,
            stops_early=self.k == AUTO,
            diverse=self.diverse,
            k_visual=self.k_visual,
            alpha=self.alpha,
            seed=self.seed,
            clip_stride=self.clip_stride,
            histogram=read_histogram(self.histogram),
            candidates=cascade_candidates(self.cascade, self.candidates, self.most_clips),
        )


@dataclass(frozen=True, kw_only=True)
class TagSelectionOptions(SelectionOptions):
    """The same where a classifier can say that it has seen enough."""

    max_k: MaxK = None

    @property
    def most_clips(self) -> int:
        """K, or the most clips that --k auto classifies."""
        return most_clips(self.k, self.max_k)

    def segments(self, wanted: bool) -> SegmentSettings | None:
        """The settings of segments; None if they are not wanted.

        Raises:
            SettingsError: fewer clips may be classified than are selected.
        """
        if not wanted:
            return None
        found = SegmentSettings(max_clips=self.max_k)
        found.check_selection(self.strategy.value, self.most_clips)
        return found
