"""Classifiers by name, found through the entry-point group `scsampler.classifiers`; the built-ins come the same way.

A factory is called as `factory(device, dtype, weights=None, labels=None)` and returns a `ClipClassifier`. Listing reads names
only; a plug-in is imported when it is chosen, so a broken one harms nothing else.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING

from scsampler_cli.errors import ClassifierError, ScsamplerError, SettingsError

if TYPE_CHECKING:
    import torch

    from scsampler_cli.classifiers.base import ClipClassifier

GROUP = "scsampler.classifiers"


def listing() -> dict[str, list[EntryPoint]]:
    """Name -> the entry points that claim it (more than one is a conflict), sorted by name; nothing is imported."""
    found: dict[str, list[EntryPoint]] = {}
    for point in sorted(entry_points(group=GROUP), key=lambda p: (p.name, p.value)):
        same = found.setdefault(point.name, [])
        if all(point.value != other.value for other in same):
            same.append(point)
    return found


def names() -> list[str]:
    """Names that `--classifier` takes."""
    return list(listing())


def find(name: str) -> EntryPoint | Path:
    """What a name stands for: a plug-in, or a weight file; torch is not imported.

    Raises:
        SettingsError: neither.
        ClassifierError: two distributions claim the name.
    """
    points = listing().get(name)
    if points is None:
        if Path(name).suffix in (".safetensors", ".pth", ".pt") or Path(name).is_file():
            return Path(name)
        raise SettingsError(f"unknown classifier {name!r}", hint=_suggestion(name))
    if len(points) > 1:
        owners = " and ".join(f"{_owner(point)} ({point.value})" for point in points)
        raise ClassifierError(f"classifier {name!r} is claimed by {owners}", hint="uninstall one of them")
    return points[0]


def _owner(point: EntryPoint) -> str:
    return point.dist.name if point.dist else "an unknown package"


def load(
    name: str,
    device: torch.device,
    dtype: torch.dtype,
    weights: Path | None = None,
    labels: Sequence[str] | None = None,
) -> ClipClassifier:
    """A classifier by name, or from a weight file of ours.

    Raises:
        SettingsError: unknown name.
        ClassifierError: name claimed twice, or a plug-in that does not load or return a classifier.
        WeightsError: its weights are missing, damaged or do not fit.
    """
    from scsampler_cli.classifiers.base import ClipClassifier  # numpy: --help must not wait for it

    found = find(name)
    if isinstance(found, Path):
        from scsampler_cli.classifiers.network import from_file  # imports torch

        return from_file(found, device, dtype, None, labels)
    try:
        classifier = found.load()(device, dtype, weights=weights, labels=labels)
    except ScsamplerError:
        raise
    except (Exception, SystemExit) as error:
        raise ClassifierError(
            f"classifier {name!r} is broken: {type(error).__name__}: {error}",
            hint=f"it comes from {_owner(found)} ({found.value})",
        ) from error
    if not isinstance(classifier, ClipClassifier):
        raise ClassifierError(
            f"classifier {name!r} is broken: its factory returned {type(classifier).__name__}",
            hint="a classifier has name, labels, spec, weights and classify()",
        )
    _check_fields(classifier, name)
    return classifier


def _check_fields(classifier: ClipClassifier, name: str) -> None:
    from scsampler_cli.classifiers.base import InputSpec, WeightsInfo

    right = {
        "labels (different names, at least one)": 0 < len(set(classifier.labels)) == len(classifier.labels),
        "spec (an InputSpec)": isinstance(classifier.spec, InputSpec),
        "weights (a WeightsInfo)": isinstance(classifier.weights, WeightsInfo),
    }
    for what in (what for what, good in right.items() if not good):
        raise ClassifierError(
            f"classifier {name!r} is broken: its {what} will not do", hint="see scsampler_cli.classifiers.base"
        )


def _suggestion(name: str) -> str:
    close = difflib.get_close_matches(name, names(), n=1)
    known = f"known: {', '.join(names())}, or a weight file"
    return f"did you mean {close[0]}? {known}" if close else known
