"""Classifiers by name: built-ins and plug-ins of the entry-point group `scsampler.classifiers`, `package.module:factory`, files.

A factory is called as `factory(device, dtype, weights=None, labels=None)` and returns a `ClipClassifier`. Finding reads names
only; a plug-in is imported when it is chosen, so a broken one harms nothing else.
"""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scsampler_cli.errors import ClassifierError, ScsamplerError, SettingsError
from scsampler_cli.files.urls import check_read

if TYPE_CHECKING:
    import torch

    from scsampler_cli.classifiers.base import ClipClassifier

GROUP = "scsampler.classifiers"
OWN = "scsampler"
"""The distribution whose entry points are the built-ins."""
SUFFIXES = (".safetensors", ".pth", ".pt", ".bin", ".pt2", ".onnx", ".ts", ".torchscript")
"""What tells a missing model file from a mistyped name."""
_CACHED = "hf:"
_FACTORY = re.compile(r"[A-Za-z_]\w*(\.\w+)*:\w+")


def listing() -> dict[str, list[EntryPoint]]:
    """Name -> the entry points that claim it (more than one is a conflict), sorted by name; nothing is imported."""
    found: dict[str, list[EntryPoint]] = {}
    for point in sorted(entry_points(group=GROUP), key=lambda p: (p.name, p.value, owner(p))):
        same = found.setdefault(point.name, [])
        if all((point.value, owner(point)) != (other.value, owner(other)) for other in same):
            same.append(point)
    return found


def names() -> list[str]:
    """Names that `--classifier` takes."""
    return list(listing())


def find(name: str) -> EntryPoint | Path | str:
    """What a name stands for: a plug-in, a file or folder, or "hf:..." of the Hugging Face cache; torch is not imported.

    Raises:
        SettingsError: nothing of these.
        InputError: a URL.
        ClassifierError: two distributions claim the name.
    """
    if not name:
        raise SettingsError(
            "the classifier's name is empty", code="classifier-unknown", hint=_suggestion(name)
        )
    check_read(name)
    points = listing().get(name)
    if points is not None:
        return _only(points)
    if name.startswith(_CACHED):
        return name
    path = Path(name)
    if path.suffix in SUFFIXES or path.exists():
        return path
    if _FACTORY.fullmatch(name):
        return EntryPoint(name, name, GROUP)
    raise SettingsError(
        f"unknown classifier {name!r}", code="classifier-unknown", hint=_suggestion(name)
    )


def _only(points: Sequence[EntryPoint]) -> EntryPoint:
    if len(points) > 1:
        owners = " and ".join(f"{owner(point)} ({point.value})" for point in points)
        foreign = " or ".join(sorted({owner(point) for point in points} - {OWN}))
        raise ClassifierError(
            f"classifier {points[0].name!r} is claimed by {owners}",
            code="classifier-ambiguous",
            hint=f"uninstall {foreign}",
        )
    return points[0]


def owner(point: EntryPoint) -> str:
    """The distribution that an entry point came with; its module where it was named as package.module:factory."""
    return point.dist.name if point.dist else f"module {point.module}"


def load(
    name: str,
    device: torch.device,
    dtype: torch.dtype,
    *,
    weights: Path | None = None,
    labels: Sequence[str] | None = None,
    spec_fields: Sequence[str] = (),
) -> ClipClassifier:
    """A classifier by name, or from a file or folder.

    Args:
        name: as `find` takes it.
        device: where it runs.
        dtype: its precision.
        weights: for a classifier with a name.
        labels: class names.
        spec_fields: of `--spec`: what a file does not say, or another geometry.

    Raises:
        SettingsError: unknown name.
        ClassifierError: name claimed twice, a plug-in that does not load or return a classifier, a file that says too little.
        WeightsError: its weights are missing, damaged or do not fit.
    """
    found = find(name)
    if isinstance(found, EntryPoint):
        from scsampler_cli.classifiers.adjusted import adjusted
        from scsampler_cli.classifiers.labels import names_of
        from scsampler_cli.classifiers.model_spec import parse_fields, read_fields

        fields = parse_fields(spec_fields) if weights is None else read_fields(weights, spec_fields)
        if (network := fields.pop("arch", name)) != name:
            raise SettingsError(
                f"{weights} is described as {network}, not as {name}",
                code="architecture-conflict",
                hint="leave out the name that is wrong",
            )
        named = fields.pop("labels", None)
        if labels is None and named is not None:
            labels = names_of(named, str(weights))
        return adjusted(_from_factory(found, device, dtype, weights=weights, labels=labels), fields)
    from scsampler_cli.classifiers.from_path import open_path  # imports torch

    return open_path(found, device, dtype, labels=labels, spec_fields=spec_fields)


def _from_factory(
    point: EntryPoint,
    device: torch.device,
    dtype: torch.dtype,
    *,
    weights: Path | None,
    labels: Sequence[str] | None,
) -> ClipClassifier:
    from scsampler_cli.classifiers.base import ClipClassifier  # numpy: --help must not wait for it

    factory = import_factory(point)
    try:
        with redirect_stdout(sys.stderr):
            classifier = factory(device, dtype, weights=weights, labels=labels)
    except ScsamplerError:
        raise
    except (Exception, SystemExit) as error:
        raise _broken(point, error) from error
    if not isinstance(classifier, ClipClassifier):
        raise ClassifierError(
            f"classifier {point.name!r} is broken: its factory returned "
            f"{type(classifier).__name__}",
            code="classifier-broken",
            hint="a classifier has name, labels, spec, weights and classify()",
        )
    _check_fields(classifier, point.name)
    return classifier


def import_factory(point: EntryPoint) -> Any:
    """The factory that an entry point names; what its module prints goes to standard error.

    Raises:
        ClassifierError: it cannot be imported.
    """
    try:
        with redirect_stdout(sys.stderr):
            return point.load()
    except (Exception, SystemExit) as error:
        raise _broken(point, error) from error


def _broken(point: EntryPoint, error: BaseException) -> ClassifierError:
    hint = f"it comes from {owner(point)} ({point.value})"
    if point.dist is None and isinstance(error, ModuleNotFoundError):
        hint = "Python does not find the module: PYTHONPATH=FOLDER says where it lies"
    return ClassifierError(
        f"classifier {point.name!r} is broken: {type(error).__name__}: {error}",
        code="classifier-broken",
        hint=hint,
    )


def _check_fields(classifier: ClipClassifier, name: str) -> None:
    from scsampler_cli.classifiers.base import InputSpec
    from scsampler_cli.model_zoo.weights_info import WeightsInfo

    right = {
        "labels (different names, at least one)": 0
        < len(set(classifier.labels))
        == len(classifier.labels),
        "spec (an InputSpec)": isinstance(classifier.spec, InputSpec),
        "weights (a WeightsInfo)": isinstance(classifier.weights, WeightsInfo),
    }
    for what in (what for what, good in right.items() if not good):
        raise ClassifierError(
            f"classifier {name!r} is broken: invalid {what}",
            code="classifier-broken",
            hint="see scsampler_cli.classifiers.base",
        )


def _suggestion(name: str) -> str:
    close = difflib.get_close_matches(name, names(), n=1)
    known = f"known: {', '.join(names())}; or a file, a Hugging Face folder, hf:ORG/NAME, package.module:factory"
    return f"did you mean {close[0]}? {known}" if close else known
