"""JSON Schemas (draft 2020-12) of the records of `classify`, `score`, `extract` and `find`.

Each schema is complete without the others. scsampler does not check its own records; the tests do.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from scsampler_cli.errors import SettingsError

COMMANDS = ("classify", "score", "extract")
"""Commands with a record for each video."""
DOCUMENTS = ("find",)
"""Commands with one record for all videos."""


def schema(command: str) -> dict[str, Any]:
    """The schema of a command's records, of results and of failures.

    Args:
        command: one of COMMANDS or DOCUMENTS.

    Raises:
        SettingsError: the command has none.
    """
    known = (*COMMANDS, *DOCUMENTS)
    if command not in known:
        raise SettingsError(
            f"{command} has no schema",
            code="unknown-choice",
            hint=f"choose from {', '.join(known)}",
        )
    found: dict[str, Any] = json.loads(
        files(__name__).joinpath(f"{command}.json").read_text(encoding="utf-8")
    )
    return found
