"""The identity of weights. This module does not import torch, since plug-ins need it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class WeightsInfo:
    """Identity of the loaded weights, so that a result can be traced."""

    source: str
    """A name, or the name of a file without its folder."""
    sha256: str | None
    """SHA-256 of the file in hex; None for a plug-in without a file."""
