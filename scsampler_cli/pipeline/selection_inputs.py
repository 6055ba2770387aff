"""Settings of a selection that need more than a number: a cascade, a histogram file."""

from __future__ import annotations

from pathlib import Path

from scsampler_cli.config import CANDIDATES_PER_CLIP
from scsampler_cli.errors import InputError, SettingsError
from scsampler_cli.files.text_files import read_text
from scsampler_cli.files.urls import check_read


def cascade_candidates(cascade: bool, candidates: int | None, k: int) -> int | None:
    """M of the cascade; None without a cascade.

    Raises:
        SettingsError: candidates without a cascade.
    """
    # silently ignored options hide mistakes
    if not cascade and candidates is not None:
        raise SettingsError(
            "candidates have no effect without a cascade",
            code="no-effect",
            hint="give both, or neither",
        )
    return (candidates or CANDIDATES_PER_CLIP * k) if cascade else None


def read_histogram(path: str | Path | None) -> tuple[float, ...] | None:
    """Weights of the empirical strategy, from a text file that separates them by white space.

    Raises:
        InputError: the file cannot be read or holds something else.
    """
    if path is None:
        return None
    check_read(path)
    try:
        return tuple(float(word) for word in read_text(Path(path)).split())
    except (OSError, ValueError, InputError) as error:
        raise InputError(
            f"histogram {path}: {_why(error)}",
            code="histogram-invalid",
            hint="a text file with one number per line",
        ) from error


def _why(error: Exception) -> str:
    # the text of an OSError repeats the path, `strerror` does not
    return getattr(error, "strerror", None) or str(error)
