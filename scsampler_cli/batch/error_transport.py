"""Errors as JSON, for the way from a worker process to its parent."""

from __future__ import annotations

import traceback
from typing import Any, NoReturn

from scsampler_cli import errors
from scsampler_cli.dependencies import import_failure
from scsampler_cli.errors import ScsamplerError, WorkerError, code_of


def pack_error(error: Exception) -> dict[str, Any]:
    """An error as JSON; `raise_packed` is the inverse."""
    trace = "".join(traceback.format_exception(error))
    # a library that does not load is a matter of the installation, and no bug
    error = import_failure(error) or error
    expected = isinstance(error, ScsamplerError)
    return {
        # by name: classes of plug-ins may be unknown to the parent
        "type": type(error).__name__ if expected else None,
        "message": str(error) if expected else f"unexpected {type(error).__name__}: {error}",
        "code": code_of(error),
        "hint": getattr(error, "hint", None),
        "example": getattr(error, "example", None),
        "traceback": trace,
    }


def raise_packed(packed: dict[str, Any]) -> NoReturn:
    """Raise the error that `pack_error` packed, with the traceback of the worker as a note.

    Raises:
        ScsamplerError: always; an unexpected error becomes a `WorkerError`.
    """
    kind: type[ScsamplerError] = getattr(errors, packed["type"] or "WorkerError", WorkerError)
    hint = packed["hint"] if packed["type"] else "please report it, with the traceback"
    error = kind(packed["message"], code=packed["code"], hint=hint, example=packed["example"])
    error.add_note(packed["traceback"])
    raise error
