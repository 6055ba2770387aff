"""Frozen settings of every stage, their defaults, and the checks that involve more than one of them.

A number from the paper cites its section; the others say "our choice". No file or environment variable is read here.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from scsampler_cli.errors import SettingsError

__version__ = "0.1.0"
"""Of this package. pyproject.toml reads it from here."""

VISUAL, AUDIO, PACKETS = ("if", "md", "rgbr"), ("mel",), ("packets",)
"""Inputs of the visual and of the audio sampler (Sec. 3.3), and of the packet sampler (ours)."""
INPUTS = (*VISUAL, *AUDIO)
"""Features read from a video: I-frames, motion displacements, RGB residuals (Sec. 3.3.1), log-mel spectrogram (Sec. 3.3.2)."""

STRATEGIES = (
    "av-union-list",
    "av-intersect-list",
    "av-convex-list",
    "av-convex-score",
    "visual",
    "audio",
    "packets",
    "random",
    "uniform",
    "empirical",
    "dense",
)
"""Ways to choose clips (Sec. 3.3.3; by packets alone is ours; the baselines of Sec. 4.1.1)."""
DRAWN = ("random", "empirical")
"""Strategies that draw clips, by a seed."""
BASELINES = (*DRAWN, "uniform", "dense")
"""Strategies that go by no sampler."""
LOOKING = ("av-union-list", "av-intersect-list", "av-convex-list", "av-convex-score", "visual")
"""Strategies that look at the picture: those for which a first stage saves anything."""
CANDIDATES_PER_CLIP = 4
"""Clips that a first stage lets through for each one that is taken (our choice)."""

SPATIAL = ("centre", "full", "three")
"""Where a clip classifier looks: one centre crop (Sec. 4.1), the whole frame fully convolutionally (Sec. 4.1.3), three crops."""
AGGREGATES = ("mean", "max", "top-mean", "log-mean")
"""aggr (Sec. 3.1): the paper's mean over the clips taken, and others."""
TOP_M = 5
"""Clips a class is averaged over by top-mean: half of the paper's ten (our choice)."""

DEFAULT_ALPHA = {"av-convex-list": 0.8, "av-convex-score": 0.9}
"""Table 5."""


def parse_device(name: str) -> tuple[str, int | None]:
    """("auto", "cpu" or "cuda", number or None) of a device's name; torch is not asked whether it is there.

    Raises:
        SettingsError: not a device's name.

    Example: "cuda:1" -> ("cuda", 1).
    """
    found = re.fullmatch(r"(auto|cpu|cuda)(?::(\d{1,3}))?", name)
    if found is None or (found[2] and found[1] != "cuda"):
        raise SettingsError(
            f"unknown device {name!r}", code="unknown-choice", hint="use auto, cpu, cuda or cuda:N"
        )
    return found[1], None if found[2] is None else int(found[2])


@dataclass(frozen=True)
class FeatureSettings:
    """What the compressed reader and the audio front end produce."""

    inputs: tuple[str, ...] = ("md", "rgbr", "mel")
    """Which of INPUTS to compute; the default is the paper's best configuration (Sec. 4.1.1)."""
    p_frames: int = 1
    """P-frames taken per clip, at most one in each equal part of it; 0 takes all, as the paper does. One is our choice: with its
    neighbours' it ranks clips as well as four (README, "How fast"), and all of them would cost more than the decoder."""
    short_side: int = 128
    """Pixels of the short side at which I-frames and residuals are made, never enlarged; 0 keeps the video's own size.
    128 is our choice: it leaves a 112 x 112 crop as the paper's 256 leaves 224."""

    @property
    def smoothed(self) -> bool:
        """Whether a clip's visual score takes in its neighbours' (`selection.scores.steadied`): with one P-frame a clip."""
        return self.p_frames == 1

    def __post_init__(self) -> None:
        unknown = [name for name in self.inputs if name not in INPUTS]
        if unknown or not self.inputs:
            raise SettingsError(
                f"unknown input {', '.join(unknown) or '(none)'}",
                code="unknown-choice",
                hint=f"choose from {', '.join(INPUTS)}",
            )
        if self.p_frames < 0:
            raise SettingsError(
                f"p_frames {self.p_frames} is negative",
                code="out-of-range",
                hint="use 0 for all P-frames",
            )
        if self.short_side != 0 and not 32 <= self.short_side <= 4096:
            raise SettingsError(
                f"short_side {self.short_side} is not 0 or within 32-4096",
                code="out-of-range",
                hint="0 keeps the video's own size",
            )


@dataclass(frozen=True, kw_only=True)
class ReadSettings:
    """Which streams of a file are read, and where reading is refused."""

    video_stream: int | None = None
    """Position among the file's picture streams, from 0, cover art counted; None means the first one that is no cover art and
    has a decoder."""
    audio_stream: int | None = None
    """Position among the file's sound streams, from 0; None means the first one that has a decoder."""
    max_pixels: int = 8192 * 4608
    """Pixels of one picture; 0 for no limit. Our choice: the largest that cameras write, 8K (7680 x 4320) among them."""
    max_frames: int = 10_000_000
    """Frames of one video; 0 for no limit. Our choice: 46 hours at 60 frames a second, 80 MB of time stamps."""
    strict: bool = False
    """True when a video of which anything is damaged or missing is an error."""

    def __post_init__(self) -> None:
        for name in ("video_stream", "audio_stream"):
            if (getattr(self, name) or 0) < 0:
                raise SettingsError(
                    f"{name} {getattr(self, name)} is negative",
                    code="out-of-range",
                    hint="streams of a kind are counted from 0",
                )
        for name in ("max_pixels", "max_frames"):
            if not 0 <= getattr(self, name) < 1 << 31:
                raise SettingsError(
                    f"{name} {getattr(self, name)} is not within 0-{(1 << 31) - 1}",
                    code="out-of-range",
                    hint="0 sets no limit",
                )


DEFAULT_READING = ReadSettings()
"""The first streams of a file, within the limits; what is damaged is counted and no error."""


@dataclass(frozen=True, kw_only=True)
class AnswerSettings:
    """How the classifier looks at the clips taken, and how their probabilities become the video's."""

    spatial: str = "centre"
    """One of SPATIAL."""
    temperature: float = 1.0
    """That the classifier's logits are divided by."""
    aggregate: str = "mean"
    """One of AGGREGATES."""
    top_m: int | None = None
    """m of top-mean; None means TOP_M."""

    def __post_init__(self) -> None:
        if self.temperature <= 0 or not math.isfinite(self.temperature):
            raise SettingsError(
                f"temperature {self.temperature} is not above 0",
                code="out-of-range",
                hint="1 leaves the probabilities alone",
            )
        if self.top_m is not None and self.aggregate != "top-mean":
            raise SettingsError(
                f"top_m has no effect with aggregate {self.aggregate!r}",
                code="no-effect",
                hint="leave it out, or use aggregate 'top-mean'",
            )

    @property
    def m(self) -> int:
        """m in force."""
        return self.top_m or TOP_M


PAPER_ANSWER = AnswerSettings()
"""One centre crop, the mean over clips."""


@dataclass(frozen=True, kw_only=True)
class SelectionSettings:
    """Which clips the classifier sees (S(v; K), Sec. 3.1 and 3.3.3)."""

    strategy: str = "av-union-list"
    """One of STRATEGIES; AV-union-list is the paper's best (Table 5)."""
    k: int = 10
    """K, the number of clips (App. C.2)."""
    k_visual: int | None = None
    """K' of AV-union-list (App. C.3); None means round(0.8 K): 8 of 10."""
    alpha: float | None = None
    """Weight of the visual list or score; None means Table 5's value for the strategy."""
    seed: int = 0
    """For the random and empirical baselines."""
    clip_stride: int = 1
    """N of App. E: only every N-th clip is scored."""
    histogram: tuple[float, ...] | None = None
    """For `empirical`: weight of each equal part of the video, from the training set's oracle (Sec. 4.1.1)."""
    candidates: int | None = None
    """M of the cascade (ours): the visual sampler looks at the M clips that packets, with the sound, rank first; None: at all."""

    def __post_init__(self) -> None:
        if self.strategy not in STRATEGIES:
            raise SettingsError(
                f"unknown strategy {self.strategy!r}",
                code="unknown-choice",
                hint=f"choose from {', '.join(STRATEGIES)}",
            )
        if self.k < 1:
            raise SettingsError(
                f"k {self.k} is below 1", code="out-of-range", hint="the paper takes 10 clips"
            )
        if self.k_visual is not None and not 0 <= self.k_visual <= self.k:
            raise SettingsError(
                f"k_visual {self.k_visual} is not within 0-{self.k} (k)",
                code="out-of-range",
                hint="leave it out for round(0.8 k)",
            )
        if self.alpha is not None and not 0.0 <= self.alpha <= 1.0:
            raise SettingsError(
                f"alpha {self.alpha} is not within 0-1",
                code="out-of-range",
                hint="1 trusts the picture alone, 0 the sound",
            )
        if self.clip_stride < 1:
            raise SettingsError(
                f"clip_stride {self.clip_stride} is below 1",
                code="out-of-range",
                hint="1 scores every clip",
            )
        if self.candidates is not None and self.candidates < self.k:
            raise SettingsError(
                f"{self.candidates} candidates are less than k {self.k}",
                code="cascade-invalid",
                hint="leave it out for 4 k of them",
            )
        self._check_idle_options()
        if self.strategy == "empirical" and not self.histogram:
            raise SettingsError(
                "strategy 'empirical' needs the histogram of the training set's oracle clips",
                code="histogram-invalid",
                hint="give one weight for each equal part of the video",
            )
        if self.histogram is not None and (min(self.histogram) < 0 or sum(self.histogram) <= 0):
            raise SettingsError(
                "histogram weights must not be negative and not all zero",
                code="histogram-invalid",
                hint="give one weight per equal part of the video, such as 1 2 2 1",
            )

    def _check_idle_options(self) -> None:
        """An option that the strategy does not look at is a mistake, not a wish to be dropped in silence."""
        idle = {
            "alpha": self.alpha is not None and self.strategy not in DEFAULT_ALPHA,
            "k_visual": self.k_visual is not None and self.strategy != "av-union-list",
            "histogram": self.histogram is not None and self.strategy != "empirical",
            "seed": self.seed != 0 and self.strategy not in DRAWN,
            "clip_stride": self.clip_stride != 1 and self.strategy in BASELINES,
            "cascade": self.candidates is not None and self.strategy not in LOOKING,
        }
        for name in (name for name, given in idle.items() if given):
            raise SettingsError(
                f"{name} has no effect with strategy {self.strategy!r}",
                code="no-effect",
                hint="leave it out, or choose another strategy",
            )

    @property
    def visual_share(self) -> int:
        """K' in force: `k_visual`, or round(0.8 K) (8 of 10, App. C.3)."""
        return round(0.8 * self.k) if self.k_visual is None else self.k_visual

    @property
    def weight(self) -> float:
        """alpha in force for the convex strategies."""
        return DEFAULT_ALPHA.get(self.strategy, 0.8) if self.alpha is None else self.alpha
