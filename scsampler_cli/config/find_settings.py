"""Settings of a search for a sentence in many videos."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scsampler_cli.config import MAX_PICTURE_GAP_S
from scsampler_cli.config.prompts import checked_prompts
from scsampler_cli.errors import SettingsError
from scsampler_cli.text import is_utf8

MAX_TOP = 10_000
"""Largest number of found clips: all of them are in memory, and in one result."""


@dataclass(frozen=True, kw_only=True)
class FindSettings:
    """Which clips are compared with the sentence, and how many are found."""

    top: int = 20
    """Number of found clips, over all videos."""
    apart_s: float = 10.0
    """Seconds from the end of a found clip to the start of the next one of the same video, at
    least: of two that are closer, the better one is found. 0 for no such distance."""
    picture_gap: float | None = 2.0
    """Seconds before a clip within which a keyframe stands for the clip's own picture, as in
    `FeatureSettings`; None: by the keyframes of the video. No effect with a model that reads whole
    clips."""
    prompts: tuple[str, ...] = ("{}",)
    """Texts around the sentence, which stands in place of {}; the vectors of several are
    averaged."""

    def __post_init__(self) -> None:
        self._check_top()
        # a comparison with NaN is False
        if not self.apart_s >= 0 or math.isinf(self.apart_s):
            raise SettingsError(
                f"apart_s {self.apart_s} is not a number of seconds from 0",
                code="out-of-range",
                hint="0 allows found clips next to each other",
            )
        if self.picture_gap is not None and not 0 <= self.picture_gap <= MAX_PICTURE_GAP_S:
            raise SettingsError(
                f"picture_gap {self.picture_gap} is not within 0-{MAX_PICTURE_GAP_S:g} seconds",
                code="out-of-range",
                hint="0 gives each clip a picture of its own",
            )
        if not checked_prompts(self.prompts):
            raise SettingsError(
                "there is no prompt",
                code="arguments-invalid",
                hint="the sentence alone is the prompt '{}'",
            )

    def _check_top(self) -> None:
        if isinstance(self.top, bool) or not isinstance(self.top, int):
            raise SettingsError(
                f"top is {self.top!r}, not a whole number",
                code="arguments-invalid",
                hint="leave it out for the default",
            )
        if not 1 <= self.top <= MAX_TOP:
            raise SettingsError(
                f"top {self.top} is not within 1-{MAX_TOP}",
                code="out-of-range",
                hint="leave it out for the default",
            )


DEFAULT_FIND = FindSettings()
"""20 clips, at least ten seconds apart; keyframes stand for clips up to two seconds later."""


def check_sentence(sentence: object) -> None:
    """Refuse what is no sentence to look for.

    Raises:
        SettingsError: it is not a text, it is empty, or it has letters that no text has.
    """
    if not isinstance(sentence, str):
        raise SettingsError(
            f"the sentence is {sentence!r}, not a text",
            code="arguments-invalid",
            hint="such as 'a dog jumps into water'",
        )
    if not sentence.strip():
        raise SettingsError(
            "the sentence is empty",
            code="sentence-invalid",
            hint="say what the pictures show, such as 'a dog jumps into water'",
        )
    if not is_utf8(sentence):
        raise SettingsError(
            f"the sentence {sentence!r} is not UTF-8",
            code="sentence-invalid",
            hint="is the encoding of the terminal UTF-8?",
        )
