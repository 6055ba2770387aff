"""The form of the records and the files of a command, as its options say."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scsampler_cli.cli.output_targets import STDOUT
from scsampler_cli.errors import SettingsError
from scsampler_cli.features.file_formats import FEATURE_FORMATS
from scsampler_cli.output.writers import format_for

# options that name a file which could already exist
_FILES = ("output", "report", "thumbnails", "reel", "frames", "log_file", "holes")


def record_format(values: Mapping[str, Any]) -> str:
    """The format of the records. "table" for an unknown suffix, which is an error elsewhere.

    Args:
        values: name of a parameter of a command -> its value.
    """
    output = values.get("records") if "records" in values else values.get("output")
    # --format goes before the suffix of the output; extract has formats of features, too
    if values["format"] is not None and values["format"] not in FEATURE_FORMATS:
        return str(values["format"])
    try:
        return "table" if output is None or output == STDOUT else format_for(Path(output))
    except SettingsError:
        return "table"


def has_file(values: Mapping[str, Any]) -> bool:
    """Whether an option names a file that is written."""
    return any(values.get(name) is not None and values[name] != STDOUT for name in _FILES)
