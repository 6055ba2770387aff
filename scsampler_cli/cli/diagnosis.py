"""Prints the checks of the doctor. Imports no other package: it runs without Typer, too."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from scsampler_cli.cli import console
from scsampler_cli.cli.environment import cache_dir
from scsampler_cli.dependencies import install_command, required
from scsampler_cli.doctor import check
from scsampler_cli.doctor.examine import LIMIT_S, examine
from scsampler_cli.errors import ScsamplerError

FORMATS = ("table", "json")


def run(format: str, limit_s: float) -> bool:
    """Check everything, and print the result.

    Args:
        format: one of FORMATS.
        limit_s: longest time for one probe.

    Returns:
        whether videos can be tagged.
    """
    checks = []
    # if the reader of the output has gone, closing ends the probes at once
    with contextlib.closing(examine(_cache_dir(), limit_s)) as results:
        for result in results:
            checks.append(result)
            if format == "table":
                sys.stdout.write(check.lines(result))
                # checks take seconds: each is shown when it is done
                sys.stdout.flush()
    if format == "table":
        sys.stdout.write(f"{check.verdict(checks)}\n")
    else:
        sys.stdout.write(f"{json.dumps(check.record(checks), indent=2)}\n")
    sys.stdout.flush()
    return check.works(checks)


def _cache_dir() -> Path | None:
    try:
        return cache_dir()
    except RuntimeError:
        # an account without a home folder
        return None


def without_commands(error: Exception, arguments: Sequence[str]) -> int:
    """Run the doctor although the command line cannot be imported; for other commands, say why.

    Args:
        error: what importing the command line raised.
        arguments: arguments of the command line.

    Returns:
        the exit code.
    """
    if list(arguments[:1]) == ["doctor"]:
        # the same options as of the command in `doctor`
        parser = argparse.ArgumentParser("scsampler doctor")
        parser.add_argument("--format", choices=FORMATS, default="table")
        parser.add_argument("--timeout", type=float, default=LIMIT_S)
        options = parser.parse_args(arguments[1:])
        return 0 if run(options.format, options.timeout) else 1
    reason = f"{type(error).__name__}: {error}"
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    fix = "scsampler doctor shows what is broken"
    if missing:
        # a module inside of a package: the package is installed again
        fix = install_command(required(missing.partition(".")[0]))
    console.show_error(
        ScsamplerError(f"scsampler cannot start: {reason}", code="start-failed", hint=fix)
    )
    return 1
