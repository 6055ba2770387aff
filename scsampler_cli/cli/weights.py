"""`scsampler weights`: the weight files on this machine, and their metadata."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from scsampler_cli.cli import command_guard, console
from scsampler_cli.cli.output_options import Debug, Format, ListFormat
from scsampler_cli.output.csv_rows import csv_columns
from scsampler_cli.output.listing_tables import weights_table
from scsampler_cli.output.writers import open_writer


@command_guard.guarded
def weights(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Weight files. Default: the bundled and the public ones."),
    ] = None,
    format: ListFormat = Format.table,
    debug: Debug = False,
) -> None:
    """List the bundled weights and the public weights of torchvision, or the files that you name.

    scsampler weights
    scsampler weights mine.safetensors --format json | jq '.[0].metadata'
    """
    # imported late: --help must not wait for it
    from scsampler_cli.cli.weight_listing import weight_records

    errors: list[Exception] = []

    def add_error(error: Exception) -> None:
        errors.append(error)
        if debug:
            console.show_traceback(error)
        console.show_error(error)

    records = weight_records(files or [], add_error)
    if format == Format.table:
        typer.echo(weights_table(list(records)), nl=False)
    else:
        with open_writer(
            format.value, None, sys.stdout, columns=csv_columns("weights", 0), single=False
        ) as writer:
            for record in records:
                writer.write(record)
    # files that could be read are listed all the same
    if errors:
        raise typer.Exit(command_guard.SOME_FAILED)
