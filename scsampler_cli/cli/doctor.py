"""`scsampler doctor`: what is installed, what works, and how to mend what does not."""

from enum import StrEnum
from typing import Annotated

import typer

from scsampler_cli.cli import (
    command_guard,
    diagnosis,
    output_options,
)
from scsampler_cli.doctor.examine import LIMIT_S

Form = StrEnum("Form", list(diagnosis.FORMS))  # type: ignore[misc]


@command_guard.guarded
def doctor(
    format: Annotated[
        Form,
        typer.Option(
            "--format",
            help="Form of the result; json is for bug reports.",
            rich_help_panel=output_options.OUTPUT,
        ),
    ] = Form("table"),
    timeout: Annotated[
        float,
        typer.Option(min=1, help="Seconds after which a package or a part counts as hanging."),
    ] = LIMIT_S,
    debug: output_options.Debug = False,
) -> None:
    """Check this installation: packages, devices, readers, weights, ffmpeg; each with how to mend it.

    The exit code is 0 if videos can be tagged, 1 if not.

    scsampler doctor
    scsampler doctor --format json > doctor.json
    """
    if not diagnosis.run(format.value, timeout):
        raise typer.Exit(command_guard.FAILED)
