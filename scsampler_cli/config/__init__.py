"""Frozen settings of every stage, their defaults, and checks of settings that depend on each other.

A number from the paper cites its section; the other numbers are choices of this package. No file
and no environment variable is read here.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import Any

from scsampler_cli.config.segment_settings import SegmentSettings as SegmentSettings

# part of this module for callers: a file of its own for its length alone
from scsampler_cli.config.selection_settings import BASELINES as BASELINES
from scsampler_cli.config.selection_settings import CANDIDATES_PER_CLIP as CANDIDATES_PER_CLIP
from scsampler_cli.config.selection_settings import DEFAULT_ALPHA as DEFAULT_ALPHA
from scsampler_cli.config.selection_settings import MAX_K as MAX_K
from scsampler_cli.config.selection_settings import RANDOM_STRATEGIES as RANDOM_STRATEGIES
from scsampler_cli.config.selection_settings import RANKED as RANKED
from scsampler_cli.config.selection_settings import STRATEGIES as STRATEGIES
from scsampler_cli.config.selection_settings import VISUAL_STRATEGIES as VISUAL_STRATEGIES
from scsampler_cli.config.selection_settings import SelectionSettings as SelectionSettings
from scsampler_cli.errors import SettingsError

__version__ = "1.0.0"
"""Version of this package. pyproject.toml reads it from here."""

COMPRESSED = ("if", "md", "rgbr")
"""Inputs that the paper reads from the compressed stream (Sec. 3.3.1)."""
VISUAL, AUDIO, PACKETS = ("rgb", *COMPRESSED), ("mel",), ("packets",)
"""Inputs of the visual, audio (Sec. 3.3) and packet samplers."""
INPUTS = (*VISUAL, *AUDIO)
"""Features read from a video: one RGB picture a clip, I-frames, motion displacements, RGB residuals
(Sec. 3.3.1), log-mel spectrogram (Sec. 3.3.2)."""
BACKGROUND = "background"
"""Label of footage that shows none of the classes."""
SALIENCY = ("auto", "class")
"""Saliency of a classification head (AC): 1 - p(background) where it has a background class, or the
largest probability of a class, as in the paper (Sec. 3.2.1)."""

SPATIAL = ("centre", "full", "three")
"""Views of a frame for the classifier: one centre crop (Sec. 4.1), the whole frame, fully
convolutionally (Sec. 4.1.3), three crops."""
AGGREGATES = ("auto", "mean", "max", "top-mean", "log-mean", "odds")
"""aggr (Sec. 3.1): the mean over the selected clips, as in the paper, and others. "auto" is the
mean of odds ratios ("odds") for a search without a sampler, else the mean."""
SETTLED = ("mean", "odds")
"""Aggregates of which it is known when more clips would not change the answer."""
TOP_M = 5
"""Clips that top-mean averages a class over: half of the paper's ten."""

PICTURE_RULE = 2
"""Version of the rule which frame stands for a clip (`features.rgb`)."""
MAX_PICTURE_GAP_S = 3600.0
"""Largest `picture_gap` that may be set, in seconds."""


def parse_device(name: str) -> tuple[str, int | None]:
    """Parse the name of a device, without a check that this machine has it.

    Returns:
        "auto", "cpu" or "cuda"; and the number of the device, or None.

    Raises:
        SettingsError: not the name of a device.

    Example: "cuda:1" -> ("cuda", 1).
    """
    # torch is not imported here: the command line checks options before it
    found = re.fullmatch(r"(auto|cpu|cuda)(?::(\d{1,3}))?", name)
    if found is None or (found[2] and found[1] != "cuda"):
        raise SettingsError(
            f"unknown device {name!r}", code="unknown-choice", hint="use auto, cpu, cuda or cuda:N"
        )
    return found[1], None if found[2] is None else int(found[2])


@dataclass(frozen=True, kw_only=True)
class FeatureSettings:
    """Which features are read from a video, and how they are made."""

    inputs: tuple[str, ...] = ("md", "rgbr", "mel")
    """Which of INPUTS to compute; the default is the paper's best configuration (Sec. 4.1.1)."""
    p_frames: int = 1
    """P-frames read per clip, at most one in each equal part of it; 0 reads all, as the paper does.
    One P-frame, smoothed over neighbouring clips, ranks clips as well as four; all of them would
    cost more time than the decoder."""
    short_side: int = 128
    """Short side of pictures, I-frames and residuals in pixels; smaller videos are not enlarged, 0
    keeps the size of the video. 128 leaves a 112 x 112 crop as the paper's 256 leaves 224."""
    picture_gap: float | None = None
    """Seconds before a clip within which a keyframe stands for the clip's own picture ("rgb"). A
    clip without such a keyframe gets a frame that is decoded for it, or for two or more short
    clips; 0 decodes one for every clip that has no keyframe in it. None: by the keyframes of the
    video (`features.picture_gap`)."""
    own_pictures: bool = False
    """Whether `picture_gap` None stands for 0, except for large pictures. It does where segments
    are looked for: of at most 20 clips they are found better so (`bench` has the measurement)."""

    @property
    def gap_by_keyframes(self) -> bool:
        """Whether the keyframes of a video decide how old the picture of a clip may be."""
        return self.picture_gap is None and not self.own_pictures

    # a property: the record of a run lists `p_frames` and `inputs`, which decide it
    @property
    def smoothed(self) -> bool:
        """Whether visual scores are smoothed over neighbouring clips (`selection.scores.smoothed`).

        They are with one P-frame per clip, which is a weak sample of it, and for I-frames without
        motion and residuals. With pictures alone they are not: each shows the whole scene, and
        smoothing mixes scenes.
        """
        if not set(self.inputs) & set(COMPRESSED):
            return False
        return self.p_frames == 1 or not {"md", "rgbr"} & set(self.inputs)

    def of_input(self, kind: str) -> dict[str, Any]:
        """The settings that the values of one input depend on, for a key of a cache."""
        key: dict[str, Any] = {"inputs": (kind,), "short_side": self.short_side}
        if kind == "rgb":
            return {**key, "picture_gap": self.picture_gap, **self.picture_rule}
        return {**key, "p_frames": self.p_frames}

    @property
    def picture_rule(self) -> dict[str, Any]:
        """Part of the key of a cache that holds pictures, or what was made of them.

        Without a gap nothing has changed since earlier versions.
        """
        if self.own_pictures and self.picture_gap is None:
            return {"picture_rule": f"{PICTURE_RULE}, own"}
        return {} if self.picture_gap == 0 else {"picture_rule": PICTURE_RULE}

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
        if not 0 <= (self.picture_gap or 0) <= MAX_PICTURE_GAP_S:
            raise SettingsError(
                f"picture_gap {self.picture_gap} is not within 0-{MAX_PICTURE_GAP_S:g} seconds",
                code="out-of-range",
                hint="0 gives each clip a picture of its own",
            )
        if self.short_side != 0 and not 32 <= self.short_side <= 4096:
            raise SettingsError(
                f"short_side {self.short_side} is not 0 or within 32-4096",
                code="out-of-range",
                hint="0 keeps the video's own size",
            )


@dataclass(frozen=True, kw_only=True)
class ReadSettings:
    """Which streams of a file are read, and the limits beyond which a file is refused."""

    video_stream: int | None = None
    """Number among the video streams of the file, from 0, cover art included; None means the first
    one that is not cover art and has a decoder."""
    audio_stream: int | None = None
    """Number among the audio streams, from 0; None means the first one that has a decoder."""
    max_pixels: int = 8192 * 4608
    """Pixels of one frame; 0 for no limit. Cameras write frames up to 8K (7680 x 4320)."""
    max_frames: int = 10_000_000
    """Frames of one video; 0 for no limit. They are 46 hours at 60 frames a second, with 80 MB of
    time stamps."""
    strict: bool = False
    """True if a damaged or incomplete video is an error."""

    def __post_init__(self) -> None:
        # None stands for the first usable stream
        for name in ("video_stream", "audio_stream"):
            if (getattr(self, name) or 0) < 0:
                raise SettingsError(
                    f"{name} {getattr(self, name)} is negative",
                    code="out-of-range",
                    hint="streams of a kind are counted from 0",
                )
        # FFmpeg takes its limit on pixels as a C int
        for name in ("max_pixels", "max_frames"):
            if not 0 <= getattr(self, name) < 1 << 31:
                raise SettingsError(
                    f"{name} {getattr(self, name)} is not within 0-{(1 << 31) - 1}",
                    code="out-of-range",
                    hint="0 sets no limit",
                )


DEFAULT_READING = ReadSettings()
"""The first streams of a file, within the limits; damage is counted and is not an error."""


@dataclass(frozen=True, kw_only=True)
class AnswerSettings:
    """How the classifier sees the selected clips, and how their probabilities are aggregated."""

    spatial: str = "centre"
    """One of SPATIAL."""
    temperature: float = 1.0
    """Divisor of the classifier's logits."""
    aggregate: str = "auto"
    """One of AGGREGATES."""
    top_m: int | None = None
    """m of top-mean; None means TOP_M."""
    min_probability: float | None = None
    """Confidence below which a video is unsure (`selection.confidence`); 0 for no limit. None means
    the classifier's own limit, if it has one."""

    def __post_init__(self) -> None:
        # a comparison with NaN is False
        if self.min_probability is not None and not 0 <= self.min_probability <= 1:
            raise SettingsError(
                f"min_probability {self.min_probability} is not within 0-1",
                code="out-of-range",
                hint="0 sets no limit",
            )
        # a negative temperature would turn the order of the classes round
        if self.temperature <= 0 or not math.isfinite(self.temperature):
            raise SettingsError(
                f"temperature {self.temperature} is not above 0",
                code="out-of-range",
                hint="1 leaves the probabilities alone",
            )
        # an option without effect is a mistake of the user, and must not pass in silence
        if self.top_m is not None and self.aggregate != "top-mean":
            raise SettingsError(
                f"top_m has no effect with aggregate {self.aggregate!r}",
                code="no-effect",
                hint="leave it out, or use aggregate 'top-mean'",
            )

    def for_strategy(
        self, strategy: str, *, guided: bool = False, multi_label: bool = False
    ) -> AnswerSettings:
        """The same settings with the aggregate that "auto" stands for.

        Args:
            strategy: of the selection.
            guided: a sampler guides the search, so that most clips show what the video is about:
                the paper's mean.
            multi_label: the classes do not exclude each other, so that no class is the habit of the
                classifier: the paper's mean.
        """
        if self.aggregate != "auto":
            return self
        is_odds = strategy == "search" and not guided and not multi_label
        return replace(self, aggregate="odds" if is_odds else "mean")

    @property
    def m(self) -> int:
        """The value of `top_m`, or its default (m)."""
        return self.top_m or TOP_M


DEFAULT_ANSWER = AnswerSettings()
"""One centre crop; the mean over clips, as in the paper, unless a search selected them."""
