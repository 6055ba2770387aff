"""The background class that a weight file states: the label of footage that shows no class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scsampler_cli.errors import WeightsError


def background_column(metadata: Mapping[str, Any], source: str) -> int | None:
    """Index of the background class among the labels of a weight file; None without one.

    Args:
        metadata: of the file: "background", a name among its "labels".
        source: name of the file, for the error.

    Raises:
        WeightsError: the name is not among the labels, or there is no other label.

    Example: labels ["a", "background"] and background "background" -> 1.
    """
    name = metadata.get("background")
    if name is None:
        return None
    labels = list(metadata.get("labels") or ())
    if name not in labels or len(labels) < 2:
        raise WeightsError(
            f"{source} states the background class {name!r}, "
            "which is not one of two or more labels",
            code="background-invalid",
            hint="the background class is one of the labels, next to the classes",
        )
    return labels.index(name)
