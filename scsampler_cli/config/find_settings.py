"""Settings of a search for a sentence in many videos."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scsampler_cli.errors import SettingsError

MAX_TOP = 10_000
"""Largest number of found clips: all of them are in memory, and in one result."""
MAX_FIND_GAP_S = 3600.0
"""Largest `picture_gap`, as that of `FeatureSettings`."""


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
        if self.picture_gap is not None and not 0 <= self.picture_gap <= MAX_FIND_GAP_S:
            raise SettingsError(
                f"picture_gap {self.picture_gap} is not within 0-{MAX_FIND_GAP_S:g} seconds",
                code="out-of-range",
                hint="0 gives each clip a picture of its own",
            )
        self._check_prompts()

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

    def _check_prompts(self) -> None:
        if isinstance(self.prompts, str) or not self.prompts:
            raise SettingsError(
                f"prompts is {self.prompts!r}, not a list of texts",
                code="arguments-invalid",
                hint="the sentence alone is the prompt '{}'",
            )
        for prompt in self.prompts:
            if not isinstance(prompt, str) or "{}" not in prompt:
                raise SettingsError(
                    f"the prompt {prompt!r} has no {{}}, the place of the sentence",
                    code="prompt-invalid",
                    hint="such as 'a photo of {}'",
                )
        if len(set(self.prompts)) < len(self.prompts):
            raise SettingsError(
                "a prompt is given twice",
                code="prompt-invalid",
                hint="give each prompt once: they are averaged",
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
    # bytes of the command line that are not UTF-8 arrive as halves of surrogate pairs
    if not sentence.isascii() and any("\ud800" <= letter <= "\udfff" for letter in sentence):
        raise SettingsError(
            f"the sentence {sentence!r} is not UTF-8",
            code="sentence-invalid",
            hint="is the encoding of the terminal UTF-8?",
        )
