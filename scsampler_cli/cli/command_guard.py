"""Exit codes, and how an error that leaves a command becomes a message and an exit code."""

from __future__ import annotations

import functools
import signal
from collections.abc import Callable
from typing import ParamSpec

import typer

from scsampler_cli.cli import console, process_end, signals
from scsampler_cli.dependencies import import_failure
from scsampler_cli.errors import ScsamplerError, SettingsError
from scsampler_cli.files.output_paths import check_working_folder

FAILED, USAGE, SOME_FAILED, INTERRUPTED = 1, 2, 3, 130
"""All inputs failed, wrong use, some inputs failed, ended by Ctrl-C."""
READER_GONE = 128 + signal.SIGPIPE
"""Exit code that a shell shows for a program whose output pipe was closed."""

P = ParamSpec("P")


def guarded(command: Callable[P, None]) -> Callable[P, None]:
    """Show an error as one line on stderr, and exit with its code.

    With the option `debug`, the traceback is shown, too. A command that has used Ray ends the
    process itself, see `process_end`.
    """

    @functools.wraps(command)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            _run(command, *args, **kwargs)
        except typer.Exit as end:
            process_end.end_process(end.exit_code)
            raise
        process_end.end_process(0)

    return wrapper


def _run(command: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> None:
    """Run a command.

    Raises:
        typer.Exit: it has failed, or was ended; the message is printed.
    """
    try:
        # a folder that was deleted has no absolute paths
        check_working_folder()
        command(*args, **kwargs)
    # an exit code that the command has chosen
    except typer.Exit:
        raise
    except KeyboardInterrupt:
        console.say("interrupted")
        # a second Ctrl-C does not wait for processes that finish their work
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        raise typer.Exit(INTERRUPTED) from None
    except signals.Terminated as end:
        console.say(f"ended by {signal.Signals(end.number).name}")
        raise typer.Exit(128 + end.number) from None
    except BrokenPipeError:
        # whoever read the output has gone, so there is nobody to show a message to
        raise typer.Exit(READER_GONE) from None
    except Exception as error:
        if kwargs.get("debug"):
            console.show_traceback(error)
        console.show_error(import_failure(error) or error)
        code = USAGE if isinstance(error, SettingsError) else FAILED
        raise typer.Exit(code) from (error if isinstance(error, ScsamplerError) else None)
