"""JSON Schemas (draft 2020-12) of the records of `classify`, `score` and `extract`.

Each schema is complete without the others. scsampler does not check its own records; the tests do.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from scsampler_cli.errors import SettingsError

COMMANDS = ("classify", "score", "extract")


def schema(command: str) -> dict[str, Any]:
    """The schema of a command's records, of results and of failures.

    Args:
        command: one of COMMANDS.

    Raises:
        SettingsError: the command has none.
    """
    if command not in COMMANDS:
        raise SettingsError(
            f"{command} has no schema",
            code="unknown-choice",
            hint=f"choose from {', '.join(COMMANDS)}",
        )
    found: dict[str, Any] = json.loads(
        files(__name__).joinpath(f"{command}.json").read_text(encoding="utf-8")
    )
    return found
