"""`scsampler find`: the clips of many videos that fit a sentence best."""

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
