"""`scsampler weights`: which weight files there are, and what they say of themselves."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from scsampler_cli.cli import console, options, run_batch
from scsampler_cli.output.tables import csv_columns, weights_table
from scsampler_cli.output.writers import open_writer


@run_batch.guarded
def weights(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Weight files to show; default: those that ship and the public ones."),
    ] = None,
    format: Annotated[
        options.Format,
        typer.Option(
            "--format",
            help="Form of the list; json has the whole metadata.",
            rich_help_panel=options.OUTPUT,
        ),
    ] = options.Format.table,
    debug: options.Debug = False,
) -> None:
    """List the weights that ship and torchvision's public ones (cached or not), or the files named.

    scsampler weights
    scsampler weights mine.safetensors --format json | jq '.[0].metadata'
    """
    from scsampler_cli.cli.weight_listing import catalogue

    errors: list[Exception] = []

    def failed(error: Exception) -> None:
        errors.append(error)
        if debug:
            console.show_traceback(error)
        console.show_error(error)

    records = catalogue(files or [], failed)
    if format == options.Format.table:
        typer.echo(weights_table(list(records)), nl=False)
    else:
        with open_writer(
            format.value, None, sys.stdout, columns=csv_columns("weights", 0), single=False
        ) as writer:
            for record in records:
                writer.write(record)
    if errors:
        raise typer.Exit(run_batch.SOME_FAILED)
