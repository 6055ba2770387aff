"""One line of the doctor's answer, and all lines as text and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from scsampler_cli.config import __version__
from scsampler_cli.text import counted, printable

OK, WARNING, ERROR = "ok", "warning", "error"
"""Works; only a part of the program needs it; tagging a video needs it."""
_WIDTH = 15
"""Columns of the name."""


@dataclass(frozen=True)
class Check:
    """What was found about one thing."""

    name: str
    status: str
    """OK, WARNING or ERROR."""
    found: str
    """One line."""
    mend: str | None = None
    """A command, or what to do; None where nothing is to be done."""
    facts: dict[str, Any] = field(default_factory=dict)
    """JSON-able details, for reports."""

    def record(self) -> dict[str, Any]:
        """JSON-able."""
        return {
            "name": self.name,
            "status": self.status,
            "found": self.found,
            "mend": self.mend,
            **({"facts": self.facts} if self.facts else {}),
        }


def one_line(text: str) -> str:
    """Text without line breaks, and without what could steer a terminal."""
    return printable(" ".join(text.split()))


def lines(check: Check) -> str:
    """A check as text: a line, and below it how to mend it."""
    status = check.status if check.status == OK else check.status.upper()
    text = f"{status:<7}  {check.name:<{_WIDTH}}  {one_line(check.found)}\n"
    return text if check.mend is None else f"{text}         mend: {one_line(check.mend)}\n"


def works(checks: Sequence[Check]) -> bool:
    """Whether videos can be tagged."""
    return all(check.status != ERROR for check in checks)


def verdict(checks: Sequence[Check]) -> str:
    """The last line.

    Example: Tagging videos works. 2 warnings above.
    """
    errors = sum(check.status == ERROR for check in checks)
    warnings = sum(check.status == WARNING for check in checks)
    problems = f"{counted(errors, 'error')} above. " if errors else ""
    more = f" {counted(warnings, 'warning')} above." if warnings else ""
    if errors:
        return f"Tagging videos does not work. {problems.strip()}{more}"
    return f"Tagging videos works.{more}"


def record(checks: Sequence[Check]) -> dict[str, Any]:
    """All checks as one JSON-able object."""
    return {
        "schema": "scsampler.doctor/1",
        "scsampler": __version__,
        "works": works(checks),
        "checks": [check.record() for check in checks],
    }
