"""Scoring without sound where torchaudio does not load."""

from __future__ import annotations

from scsampler_cli.errors import DependencyError


def without_torchaudio(options: dict[str, str], *, is_needed: bool) -> tuple[str, ...]:
    """Remove an audio sampler that nobody named from `options` where torchaudio does not load.

    Args:
        options: the sampler of each kind; has an audio sampler.
        is_needed: True where the selection needs audio, or a setting concerns audio.

    Returns:
        a note on it, if it was removed.

    Raises:
        DependencyError: torchaudio does not load, and it is needed.
    """
    # imported late: it needs numpy
    from scsampler_cli.features.mel import check_torchaudio

    try:
        check_torchaudio()
    except DependencyError as error:
        if is_needed:
            raise
        options["audio"] = "none"
        return (f"clips are scored without sound: {error}; {error.hint}",)
    return ()
