"""The files that a command is given: by name, in folders, and in a list on standard input."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from scsampler_cli.files import text_files
from scsampler_cli.files.inputs import find_inputs


def named_files(paths: Sequence[str], glob: str | None) -> tuple[list[Path], list[str]]:
    """Each file once, and notes on what was left out.

    Args:
        paths: files, folders, or "-" for standard input: a path a line, or with a zero byte after each as `find -print0` writes
            them.
        glob: pattern of file names taken from folders; None takes those of videos.

    Raises:
        InputError: as `files.inputs.find_inputs` and `files.text_files.names`.
    """
    notes: list[str] = []
    return find_inputs(paths, glob, _listed(), on_note=notes.append), notes


def _listed() -> Iterator[str]:
    if sys.stdin is not None:  # else it was closed
        yield from text_files.names(sys.stdin.buffer.read(), "the list on standard input")
