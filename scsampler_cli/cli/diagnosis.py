"""The doctor's answer on standard output. It needs no other package: it runs where Typer does not."""

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

FORMS = ("table", "json")


def run(form: str, limit_s: float) -> bool:
    """Check everything and write what was found.

    Args:
        form: one of FORMS.
        limit_s: seconds for each probe.

    Returns:
        whether videos can be tagged.
    """
    checks = []
    # closed at once when the reader of the output has gone: the probes end with it
    with contextlib.closing(examine(_cache_dir(), limit_s)) as examined:
        for found in examined:
            checks.append(found)
            if form == "table":
                sys.stdout.write(check.lines(found))
                sys.stdout.flush()
    if form == "table":
        sys.stdout.write(f"{check.verdict(checks)}\n")
    else:
        sys.stdout.write(f"{json.dumps(check.record(checks), indent=2)}\n")
    sys.stdout.flush()
    return check.works(checks)


def _cache_dir() -> Path | None:
    try:
        return cache_dir()
    except RuntimeError:  # an account without a home folder
        return None


def without_commands(error: Exception, arguments: Sequence[str]) -> int:
    """Run the doctor where the command line does not load; for other commands say why it does not.

    Args:
        error: of the import.
        arguments: of the command line.

    Returns:
        the exit code.
    """
    if list(arguments[:1]) == ["doctor"]:
        parser = argparse.ArgumentParser("scsampler doctor")
        parser.add_argument("--format", choices=FORMS, default="table")
        parser.add_argument("--timeout", type=float, default=LIMIT_S)
        options = parser.parse_args(arguments[1:])
        return 0 if run(options.format, options.timeout) else 1
    reason = f"{type(error).__name__}: {error}"
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    mend = "scsampler doctor shows what is broken"
    if missing:
        mend = install_command(required(missing.partition(".")[0]))
    console.show_error(
        ScsamplerError(f"scsampler cannot start: {reason}", code="start-failed", hint=mend)
    )
    return 1
