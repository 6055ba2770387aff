"""scsampler: find the salient clips of a long video, and classify only those.

The method is SCSampler (Korbar et al., ICCV 2019). Programs use `Tagger`, `Scorer` and `Finder`,
with their settings and results. These names, and torch with them, are imported at their first use,
so that the command line starts quickly.
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
        SegmentSettings,
        SelectionSettings,
    )
    from scsampler_cli.config.find_settings import FindSettings
    from scsampler_cli.errors import FallbackWarning, ScsamplerError, SettingsError
    from scsampler_cli.features.read_features import ClipFeatures, Features, read_features
    from scsampler_cli.find.finder import Finder
    from scsampler_cli.model_zoo.weights_info import WeightsInfo
    from scsampler_cli.output.clip_record import ScoredClip, SelectedClip
    from scsampler_cli.output.find_result import FindResult
    from scsampler_cli.output.found_clip import FoundClip
    from scsampler_cli.output.records import ClassifyResult, Failure, ScoreResult
    from scsampler_cli.output.segment import Segment
    from scsampler_cli.scorer import Scorer
    from scsampler_cli.tagger import Tagger


# module -> the public names that it defines
_HOMES = {
    "scorer": ("Scorer",),
    "tagger": ("Tagger",),
    "find.finder": ("Finder",),
    "config.find_settings": ("FindSettings",),
    "output.clip_record": ("ScoredClip", "SelectedClip"),
    "output.find_result": ("FindResult",),
    "output.found_clip": ("FoundClip",),
    "output.records": ("ClassifyResult", "ScoreResult", "Failure"),
    "output.segment": ("Segment",),
    "config": (
        "SelectionSettings",
        "FeatureSettings",
        "AnswerSettings",
        "ReadSettings",
        "SegmentSettings",
    ),
    "classifiers.base": ("ClipClassifier", "InputSpec"),
    "features.read_features": ("read_features", "Features", "ClipFeatures"),
    "model_zoo.weights_info": ("WeightsInfo",),
    "errors": ("FallbackWarning", "ScsamplerError", "SettingsError"),
}

__all__ = [
    "AnswerSettings",
    "ClassifyResult",
    "ClipClassifier",
    "ClipFeatures",
    "Failure",
    "FallbackWarning",
    "FeatureSettings",
    "Features",
    "FindResult",
    "FindSettings",
    "Finder",
    "FoundClip",
    "InputSpec",
    "ReadSettings",
    "ScoreResult",
    "ScoredClip",
    "Scorer",
    "ScsamplerError",
    "Segment",
    "SegmentSettings",
    "SelectedClip",
    "SelectionSettings",
    "SettingsError",
    "Tagger",
    "WeightsInfo",
    "__version__",
    "read_features",
]


# before any other import of the package: plug-ins may use the old paths
keep_old_paths()


def __dir__() -> list[str]:
    # the names that `__getattr__` knows, too, which Python would list only after their first use
    return sorted(__all__)


def __getattr__(name: str) -> Any:
    # Python calls this for names that the module does not hold (PEP 562)
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
