"""`scsampler bench --speed`."""

from __future__ import annotations

from scsampler_cli.cli.benching import Given


def run(given: Given) -> None:
    """Measure every stage on one video."""
    raise NotImplementedError
