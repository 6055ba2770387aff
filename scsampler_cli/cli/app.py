"""The Typer app: ten commands and --version, and how it is run."""

import io
import os
import sys
from itertools import chain
from typing import Annotated

import typer
from typer.core import TyperGroup

from scsampler_cli.cli import console, option_hints
from scsampler_cli.cli.bench import bench
from scsampler_cli.cli.cache import cache
from scsampler_cli.cli.classifiers import classifiers
from scsampler_cli.cli.classify import classify
from scsampler_cli.cli.doctor import doctor
from scsampler_cli.cli.environment import fill_standard_streams, let_idle_threads_sleep
from scsampler_cli.cli.extract import extract
from scsampler_cli.cli.merge import merge
from scsampler_cli.cli.run_batch import FAILED, INTERRUPTED, READER_GONE
from scsampler_cli.cli.score import score
from scsampler_cli.cli.train import train
from scsampler_cli.cli.weights import weights
from scsampler_cli.config import __version__
from scsampler_cli.errors import OutputError, SettingsError

EXIT_CODES = "Exit codes: 0 ok, 1 failed, 2 wrong use, 3 some inputs failed, 130 interrupted."
app = typer.Typer(
    no_args_is_help=True,
    epilog=f"Begin with: scsampler classify --demo. {EXIT_CODES}",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"scsampler {__version__}")
        raise typer.Exit


@app.callback()
def scsampler(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_version, is_eager=True, help="Print the version and leave."
        ),
    ] = False,
) -> None:
    """Find the salient clips of long videos and classify only those (SCSampler, ICCV 2019)."""
    group, name = context.command, context.invoked_subcommand
    command = group.get_command(context, name) if name and isinstance(group, TyperGroup) else None
    if command is not None:
        options = (parameter.opts + parameter.secondary_opts for parameter in command.params)
        option_hints.set_offered(set(chain.from_iterable(options)))


for command in (classify, score, extract, merge, train, bench, classifiers, weights, cache, doctor):
    app.command(epilog=EXIT_CODES)(command)


def run() -> int:
    """Run the command line.

    Returns:
        the exit code: 0 ok, 1 failed, 2 usage, 3 some inputs failed, 130 interrupted, 141 the reader has gone, 143 terminated.
    """
    let_idle_threads_sleep()
    fill_standard_streams()
    if sys.stdout is None:
        console.show_error(
            OutputError(
                "standard output is closed",
                code="stdout-closed",
                hint="give it somewhere to go, such as /dev/null",
            )
        )
        return FAILED
    if isinstance(sys.stdout, io.TextIOWrapper):
        # results are UTF-8 whatever the locale says; bytes of names that are not become \\udcNN instead of an end of the run
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        return app(prog_name="scsampler", standalone_mode=False) or 0
    except typer.Abort:
        return INTERRUPTED
    except (
        BrokenPipeError,
        SystemExit,
    ):  # so do Typer and rich leave when the reader of the help has gone
        return READER_GONE
    except OSError as error:  # the help, on a full disk
        console.show_error(
            OutputError(
                f"cannot write: {error.strerror or error}",
                code="write-failed",
                hint="is the disk full?",
            )
        )
        return FAILED
    except typer.TyperException as error:  # a usage error that Typer found
        _show_usage(error)
        return error.exit_code
    finally:
        _let_go_of_stdout()


def _let_go_of_stdout() -> None:
    """What could not be written has been said; Python must not try, fail and complain once more on its way out."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _show_usage(error: typer.TyperException) -> None:
    message = (
        error.format_message()
        .replace("Value error, ", "")
        .replace("Input should be", "it should be")
    )
    if message:  # empty where the help was shown instead
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "scsampler"
        console.show_error(
            SettingsError(message, code="usage", hint=f"{command} --help lists what there is")
        )
