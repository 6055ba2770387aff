"""The input files of a command: by name, in folders, and in a list on standard input."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from scsampler_cli.files import text_files
from scsampler_cli.files.inputs import find_inputs


def named_files(paths: Sequence[str], glob: str | None) -> tuple[list[Path], list[str]]:
    """Find the input files, each once.

    Args:
        paths: files, folders, or "-" for a list on standard input: one path per line, or a zero
            byte after each path, as `find -print0` writes them.
        glob: pattern of the file names that are taken from folders; None takes videos.

    Returns:
        the files, and notes on paths that were left out.

    Raises:
        InputError: as `files.inputs.find_inputs` and `files.text_files.names`.
    """
    # printed by the caller, when it is known where messages go
    notes: list[str] = []
    return find_inputs(paths, glob, _listed(), on_note=notes.append), notes


def _listed() -> Iterator[str]:
    # sys.stdin is None when standard input is closed
    if sys.stdin is not None:
        yield from text_files.names(sys.stdin.buffer.read(), "the list on standard input")
