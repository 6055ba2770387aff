"""One check of the doctor, and all checks as text and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from scsampler_cli.config import __version__
from scsampler_cli.text import counted, printable

OK, WARNING, ERROR = "ok", "warning", "error"
"""It works; it does not, and only a part of the program needs it; tagging a video needs it."""
_NAME_COLUMNS = 15


@dataclass(frozen=True)
class Check:
    """The result of checking one thing."""

    name: str
    status: str
    """OK, WARNING or ERROR."""
    found: str
    """What was found, in one line."""
    fix: str | None = None
    """A command, or what to do; None where there is nothing to do."""
    facts: dict[str, Any] = field(default_factory=dict)
    """JSON-able details, for bug reports."""

    def record(self) -> dict[str, Any]:
        """The check as a JSON-able object."""
        record: dict[str, Any] = {
            "name": self.name,
            "status": self.status,
            "found": self.found,
            # "mend" is the key in version 1 of the schema
            "mend": self.fix,
        }
        if self.facts:
            record["facts"] = self.facts
        return record


def one_line(text: str) -> str:
    """Text without line breaks, and without what could steer a terminal."""
    # messages of libraries may hold anything, and file names may hold escape sequences
    return printable(" ".join(text.split()))


def lines(check: Check) -> str:
    """A check as text: one line, and a second one with the fix if there is one."""
    # capitals make problems stand out without colour
    status = check.status if check.status == OK else check.status.upper()
    text = f"{status:<7}  {check.name:<{_NAME_COLUMNS}}  {one_line(check.found)}\n"
    return text if check.fix is None else f"{text}         fix: {one_line(check.fix)}\n"


def works(checks: Sequence[Check]) -> bool:
    """Whether videos can be tagged."""
    return all(check.status != ERROR for check in checks)


def verdict(checks: Sequence[Check]) -> str:
    """The last line of the text.

    Example: Tagging videos works. 2 warnings above.
    """
    errors = sum(check.status == ERROR for check in checks)
    warnings = sum(check.status == WARNING for check in checks)
    sentences = ["Tagging videos does not work." if errors else "Tagging videos works."]
    if errors:
        sentences.append(f"{counted(errors, 'error')} above.")
    if warnings:
        sentences.append(f"{counted(warnings, 'warning')} above.")
    return " ".join(sentences)


def record(checks: Sequence[Check]) -> dict[str, Any]:
    """All checks as one JSON-able object."""
    return {
        "schema": "scsampler.doctor/1",
        "scsampler": __version__,
        "works": works(checks),
        "checks": [check.record() for check in checks],
    }
