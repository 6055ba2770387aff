"""The identity of weights. No torch here: plug-ins of classifiers need it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class WeightsInfo:
    """Which weights are loaded, so that a result can be traced."""

    source: str
    """Name or file name, never a full path of the machine."""
    sha256: str | None
    """Hex digest of the file; None when there is no file (a plug-in that has none)."""
