"""The Typer app: twelve commands and --version, and how it is run."""

import io
import os
import sys
from itertools import chain
from typing import Annotated

import typer

from scsampler_cli.cli import console, help_pages, option_hints
from scsampler_cli.cli.bench import bench
from scsampler_cli.cli.cache import cache
from scsampler_cli.cli.classifiers import classifiers
from scsampler_cli.cli.classify import classify
from scsampler_cli.cli.command_guard import FAILED, INTERRUPTED, READER_GONE
from scsampler_cli.cli.docs import docs
from scsampler_cli.cli.doctor import doctor
from scsampler_cli.cli.environment import fill_standard_streams, let_idle_threads_sleep
from scsampler_cli.cli.extract import extract
from scsampler_cli.cli.find import find
from scsampler_cli.cli.merge import merge
from scsampler_cli.cli.score import score
from scsampler_cli.cli.train import train
from scsampler_cli.cli.weights import weights
from scsampler_cli.config import __version__
from scsampler_cli.errors import OutputError, SettingsError

# shown at the end of each help page
EXIT_CODES = "Exit codes: 0 ok, 1 failed, 2 wrong use, 3 some inputs failed, 130 interrupted."
app = typer.Typer(
    cls=help_pages.Group,
    epilog=f"Start with: scsampler classify --demo. {EXIT_CODES}",
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
            "--version", callback=_version, is_eager=True, help="Print the version, and exit."
        ),
    ] = False,
) -> None:
    """Find the salient clips of long videos and classify only those (SCSampler, ICCV 2019)."""
    group, name = context.command, context.invoked_subcommand
    command = (
        group.get_command(context, name) if name and isinstance(group, help_pages.Group) else None
    )
    if command is not None:
        options = (parameter.opts + parameter.secondary_opts for parameter in command.params)
        option_hints.set_offered(set(chain.from_iterable(options)))


_WORKING = (classify, find, score, extract, merge, train, bench)
_SHOWING = (classifiers, weights, cache, doctor, docs)
# in the order of the list on the help page
for command in (*_WORKING, *_SHOWING):
    app.command(cls=help_pages.Command, epilog=EXIT_CODES)(command)


def run() -> int:
    """Run the command line.

    Returns:
        the exit code: 0 ok, 1 failed, 2 wrong use, 3 some inputs failed, 130 interrupted, 141 when
        whoever read the output has gone, 143 terminated.
    """
    # both before anything else: OpenMP reads the first when torch is imported, and the second keeps
    # files that are opened later from getting the numbers of standard streams
    let_idle_threads_sleep()
    fill_standard_streams()
    if sys.stdout is None:
        console.show_error(
            OutputError(
                "standard output is closed",
                code="stdout-closed",
                hint="redirect it, for example to /dev/null",
            )
        )
        return FAILED
    if isinstance(sys.stdout, io.TextIOWrapper):
        # results are UTF-8 in every locale; a file name that is not UTF-8 is written as \\udcNN,
        # and does not end the run
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        # without standalone mode Typer raises, and does not print its own errors
        return app(prog_name="scsampler", standalone_mode=False) or 0
    except typer.Abort:
        return INTERRUPTED
    except (BrokenPipeError, SystemExit):
        # Typer raises SystemExit when whoever reads the help has gone
        return READER_GONE
    except OSError as error:
        # the help page, on a full disk
        console.show_error(
            OutputError(
                f"cannot write: {error.strerror or error}",
                code="write-failed",
                hint="is the disk full?",
            )
        )
        return FAILED
    except typer.TyperException as error:
        _show_usage_error(error)
        return error.exit_code
    finally:
        _flush_stdout()


def _flush_stdout() -> None:
    """Write the rest of the output; a failure has been shown already.

    Python would try again when it exits, and print a second error.
    """
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _show_usage_error(error: typer.TyperException) -> None:
    """Show an error of Typer as other errors are shown, with options of a similar name."""
    message = error.format_message()
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "scsampler"
    hint = f"{path} --help-all lists all options" if " " in path else f"{path} --help"
    # only Typer's error about an unknown option has suggestions
    option = getattr(error, "option_name", None)
    if context and option and hasattr(error, "possibilities"):
        # Typer sorts its suggestions by name, and not by how near they are
        message = str(error.message)
        if similar := help_pages.nearest(option, context.command):
            hint = f"did you mean {' or '.join(similar)}? {hint}"
    # words of pydantic, which Typer passes on
    for words, better in (("Value error, ", ""), ("Input should be", "it should be")):
        message = message.replace(words, better)
    console.show_error(SettingsError(message, code="usage", hint=hint))
