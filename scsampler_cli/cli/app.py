"""The Typer app: five commands and --version."""

from typing import Annotated

import typer

from scsampler_cli import __version__
from scsampler_cli.cli.bench import bench
from scsampler_cli.cli.classify import classify
from scsampler_cli.cli.extract import extract
from scsampler_cli.cli.score import score
from scsampler_cli.cli.train import train

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"scsampler {__version__}")
        raise typer.Exit


@app.callback()
def scsampler(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Find the salient clips of long videos and classify only those (SCSampler, ICCV 2019)."""


for command in (classify, score, extract, train, bench):
    app.command(no_args_is_help=True)(command)
