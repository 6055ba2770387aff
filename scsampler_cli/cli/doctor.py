"""`scsampler doctor`: what is installed, what works, and how to repair what does not."""

from enum import StrEnum
from typing import Annotated

import typer

from scsampler_cli.cli import diagnosis
from scsampler_cli.cli.command_guard import FAILED, guarded
from scsampler_cli.cli.output_options import Debug, format_option
from scsampler_cli.doctor.examine import LIMIT_S

# not the formats of records: a report has no rows
ReportFormat = StrEnum("ReportFormat", list(diagnosis.FORMATS))  # type: ignore[misc]


@guarded
def doctor(
    format: Annotated[ReportFormat, format_option("json is for bug reports.")] = ReportFormat(
        "table"
    ),
    timeout: Annotated[
        float,
        typer.Option(
            min=1, metavar="SECONDS", help="Longest time for one check. A longer one fails."
        ),
    ] = LIMIT_S,
    debug: Debug = False,
) -> None:
    """Check this installation: packages, devices, readers, weights, ffmpeg. Shows how to repair it.

    The exit code is 0 if videos can be tagged, 1 if not.

    scsampler doctor
    scsampler doctor --format json > doctor.json
    """
    if not diagnosis.run(format.value, timeout):
        raise typer.Exit(FAILED)
