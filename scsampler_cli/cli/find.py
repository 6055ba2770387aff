"""`scsampler find`: the clips of many videos that fit a sentence best."""

import os
from typing import Annotated

import typer

from scsampler_cli.cli import no_effect
from scsampler_cli.cli.command_guard import guarded
from scsampler_cli.cli.find_options import (
    FindBatchOptions,
    FindModelOptions,
    FindOptions,
    FindOutputOptions,
    FindSearchOptions,
)
from scsampler_cli.cli.input_options import InputOptions, VideoReadOptions
from scsampler_cli.cli.option_groups import expanded
from scsampler_cli.cli.output_options import MessageOptions
from scsampler_cli.errors import SettingsError


@guarded
@expanded
def find(
    *,
    context: typer.Context,
    sentence: Annotated[
        str | None,
        typer.Argument(help="What the pictures show, in plain words and in quotes."),
    ] = None,
    inputs: InputOptions,
    search: FindSearchOptions,
    model: FindModelOptions,
    reading: VideoReadOptions,
    outputs: FindOutputOptions,
    batch: FindBatchOptions,
    messages: MessageOptions,
) -> None:
    """Find the clips of many videos that fit a sentence best, by a text-image model such as CLIP.

    What the model makes of the pictures is kept, so that the next question takes seconds.

    scsampler find "a dog jumps into water" archive/
    scsampler find "a goal" match.mp4 --top 5 --report goals.html --reel goals.mp4
    """
    no_effect.check(context, no_effect.FIND)
    if sentence is None or not inputs.paths:
        what = "no sentence is given" if sentence is None else f"no video beside {sentence!r}"
        raise SettingsError(
            what, code="no-input", hint='scsampler find "a dog jumps into water" VIDEO'
        )
    _check_order(sentence, inputs.paths)
    from scsampler_cli.cli.find_run import run

    run(
        FindOptions(
            sentence=sentence,
            paths=inputs.paths,
            glob=inputs.glob,
            search=search,
            model=model,
            reading=reading,
            outputs=outputs,
            batch=batch,
            messages=messages,
        )
    )


def _check_order(sentence: str, paths: list[str]) -> None:
    """Refuse a sentence behind the videos, and one without quotes, of which words became paths.

    Raises:
        SettingsError: it is one of these.
    """
    hint = 'the sentence comes first, in quotes: scsampler find "a dog jumps into water" VIDEO'
    # os.path.exists is False for a name that is too long, where pathlib raises
    is_path = os.path.exists(sentence)  # noqa: PTH110
    words = [path for path in paths if _is_word(path)]
    if words and is_path:
        raise SettingsError(
            f"{sentence!r} is a file or folder, and {words[0]!r} is none", code="usage", hint=hint
        )
    if words and words[0] == paths[0]:
        raise SettingsError(f"{words[0]!r} is no file and no folder", code="usage", hint=hint)


def _is_word(path: str) -> bool:
    """True for what is no path, and does not look like one."""
    if path == "-" or "/" in path or os.path.splitext(path)[1]:  # noqa: PTH122
        return False
    return not os.path.lexists(path)
