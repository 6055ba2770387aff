"""The inputs of all networks that `scsampler bench` is to compare, before they are loaded."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scsampler_cli.cli.bench_options import named_sampler
from scsampler_cli.pipeline.models import DEMO, ModelOptions
from scsampler_cli.pipeline.sampler_choice import inputs_of


def compared_inputs(values: Mapping[str, Any]) -> frozenset[str] | None:
    """Visual inputs, those of other networks that are named, and the pictures of the search.

    Args:
        values: name of a parameter of the command -> its value.

    Returns:
        None where they are not known yet.

    Raises:
        ScsamplerError: a file cannot be read, or a name is unknown.
    """
    # all inputs are timed, whatever the networks are
    if values["speed"]:
        return None
    # a search compares the pictures of clips, whatever the samplers are
    found: set[str] = {"rgb"}
    for classifier in values["classifier"] or [DEMO if values["demo"] else "auto"]:
        options = ModelOptions(classifier=classifier, weights=values["weights"])
        inputs = inputs_of(values["visual_sampler"], "visual", options.auto_set)
        if inputs is None:
            return None
        found |= inputs
    files = [Path(part) for part in values["joint"].split(",") if part]
    for text in values["sampler"] or ():
        files += named_sampler(text)[1]
    for path in (*files, *(values["network"] or ())):
        found |= inputs_of(str(path), "visual", None) or frozenset()
    return frozenset(found)
