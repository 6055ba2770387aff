"""scsampler: find the salient clips of a long video, classify only those (SCSampler, Korbar et al., ICCV 2019).

For programs: `Tagger`, `Scorer`, and what they take and give. These names are imported when they are first used, and torch with
them: the command line must not wait for it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from scsampler_cli.compat import keep_old_paths
from scsampler_cli.config import __version__

if TYPE_CHECKING:
    from scsampler_cli.classifiers.base import ClipClassifier, InputSpec
    from scsampler_cli.config import (
        AnswerSettings,
        FeatureSettings,
        ReadSettings,
        SelectionSettings,
    )
    from scsampler_cli.errors import FallbackWarning, ScsamplerError, SettingsError
    from scsampler_cli.output.records import ClassifyResult, Failure, ScoreResult
    from scsampler_cli.tagger import Scorer, Tagger


_HOMES = {
    "tagger": ("Tagger", "Scorer"),
    "output.records": ("ClassifyResult", "ScoreResult", "Failure"),
    "config": ("SelectionSettings", "FeatureSettings", "AnswerSettings", "ReadSettings"),
    "classifiers.base": ("ClipClassifier", "InputSpec"),
    "errors": ("FallbackWarning", "ScsamplerError", "SettingsError"),
}

__all__ = [
    "AnswerSettings",
    "ClassifyResult",
    "ClipClassifier",
    "Failure",
    "FallbackWarning",
    "FeatureSettings",
    "InputSpec",
    "ReadSettings",
    "ScoreResult",
    "Scorer",
    "ScsamplerError",
    "SelectionSettings",
    "SettingsError",
    "Tagger",
    "__version__",
]


keep_old_paths()


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
