"""Prompts of text-image models: sentences with a place for a label, or for what is looked for."""

from __future__ import annotations

from collections.abc import Iterable

from scsampler_cli.errors import SettingsError

PLACE = "{}"
"""What a prompt has in the place of the label or of the sentence."""


def checked_prompts(prompts: object) -> tuple[str, ...]:
    """The prompts, all different, each with a place.

    Raises:
        SettingsError: they are no list of texts (a single text would be taken for its letters), one
            has no place, or one is there twice.
    """
    if isinstance(prompts, str) or not isinstance(prompts, Iterable):
        raise SettingsError(
            f"prompts is {prompts!r}, not a list of texts",
            code="arguments-invalid",
            hint='such as ["a video of {}"]',
        )
    found = tuple(prompts)
    for prompt in found:
        if not isinstance(prompt, str) or PLACE not in prompt:
            raise SettingsError(
                f"the prompt {prompt!r} has no {PLACE}, the place of the label or of the sentence",
                code="prompt-invalid",
                hint='such as "a video of {}"',
            )
    if len(set(found)) < len(found):
        raise SettingsError(
            "a prompt is given twice",
            code="prompt-invalid",
            hint="give each prompt once: they are averaged",
        )
    return found
