"""Classifiers by name: built-ins and plug-ins, `package.module:factory`, files and folders.

Plug-ins are entry points of the group `scsampler.classifiers`. A factory is called as
`factory(device, dtype, weights=None, labels=None)` and returns a `ClipClassifier`. A plug-in is
imported only when it is used, so that a broken one does no harm.
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

from scsampler_cli.classifiers.text_image.label_wording import NO_WORDING, Wording, check_has_effect
from scsampler_cli.errors import ClassifierError, ScsamplerError, SettingsError
from scsampler_cli.files.urls import check_read

if TYPE_CHECKING:
    import torch

    from scsampler_cli.classifiers.base import ClipClassifier

GROUP = "scsampler.classifiers"
OWN = "scsampler"
"""Name of this distribution, whose entry points are the built-ins."""
SUFFIXES = (".safetensors", ".pth", ".pt", ".bin", ".pt2", ".onnx", ".ts", ".torchscript")
"""Suffixes of model files: with one of them a name is a missing file, else an unknown
classifier."""
_CACHED = "hf:"
# package.module:factory
_FACTORY = re.compile(r"[A-Za-z_]\w*(\.\w+)*:\w+")


def listing() -> dict[str, list[EntryPoint]]:
    """The entry points by name, sorted. Several of one name are a conflict. Nothing is imported."""
    # a distribution parses its metadata for each call of `owner`: once is enough
    owners: dict[Any, str] = {}
    found: dict[tuple[str, str, str], EntryPoint] = {}
    for point in entry_points(group=GROUP):
        if point.dist not in owners:
            owners[point.dist] = owner(point)
        # a package that is on the path twice has its entry points twice
        found.setdefault((point.name, point.value, owners[point.dist]), point)
    by_name: dict[str, list[EntryPoint]] = {}
    for (name, _, _), point in sorted(found.items()):
        by_name.setdefault(name, []).append(point)
    return by_name


def names() -> list[str]:
    """Names of all built-ins and plug-ins, sorted."""
    return list(listing())


def find(name: str) -> EntryPoint | Path | str:
    """Find a classifier. torch is not imported.

    Returns:
        an entry point for a built-in, a plug-in or `package.module:factory`; a path for a file or
        folder; "hf:..." for a folder of the Hugging Face cache.

    Raises:
        SettingsError: the name is unknown.
        InputError: it is a URL.
        ClassifierError: two distributions have the name.
    """
    if not name:
        raise SettingsError(
            "the classifier's name is empty", code="classifier-unknown", hint=_suggestion(name)
        )
    check_read(name)
    points = listing().get(name)
    # names come before files of the same name
    if points is not None:
        return _only(points)
    if name.startswith(_CACHED):
        return name
    path = Path(name)
    # opening a missing file reports it as such
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
        # a plug-in with the name of a built-in is the one to remove
        foreign = " or ".join(sorted({owner(point) for point in points} - {OWN}))
        raise ClassifierError(
            f"classifier {points[0].name!r} is claimed by {owners}",
            code="classifier-ambiguous",
            hint=f"uninstall {foreign}",
        )
    return points[0]


def owner(point: EntryPoint) -> str:
    """The distribution of an entry point; the module of one named as package.module:factory."""
    return point.dist.name if point.dist else f"module {point.module}"


def load(
    name: str,
    device: torch.device,
    dtype: torch.dtype,
    *,
    weights: Path | None = None,
    labels: Sequence[str] | None = None,
    spec_fields: Sequence[str] = (),
    wording: Wording = NO_WORDING,
) -> ClipClassifier:
    """A classifier by name, or from a file or folder.

    Args:
        name: as `find` takes it.
        device: device of the network.
        dtype: precision of the network.
        weights: weight file, for a classifier that has a name.
        labels: class names; None for the classifier's own.
        spec_fields: options KEY=VALUE: fields that a file lacks, or another geometry.
        wording: of the labels of a text-image model.

    Raises:
        SettingsError: the name is unknown, or the wording has no effect.
        ClassifierError: two plug-ins have the name, a plug-in does not load or returns no
            classifier, or a file lacks spec fields.
        WeightsError: the weights are missing, damaged or do not fit.
    """
    # an entry point, a path, or "hf:..."
    found = find(name)
    if isinstance(found, EntryPoint):
        check_has_effect(wording, name)
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
        spec_labels = fields.pop("labels", None)
        if labels is None and spec_labels is not None:
            labels = names_of(spec_labels, str(weights))
        classifier = _from_factory(found, device, dtype, weights=weights, labels=labels)
        return adjusted(classifier, fields)
    from scsampler_cli.classifiers.from_path import open_path  # imports torch

    return open_path(found, device, dtype, labels=labels, spec_fields=spec_fields, wording=wording)


def _from_factory(
    point: EntryPoint,
    device: torch.device,
    dtype: torch.dtype,
    *,
    weights: Path | None,
    labels: Sequence[str] | None,
) -> ClipClassifier:
    # imported here, so that the help of a command need not wait for numpy
    from scsampler_cli.classifiers.base import ClipClassifier

    factory = import_factory(point)
    try:
        with redirect_stdout(sys.stderr):
            classifier = factory(device, dtype, weights=weights, labels=labels)
    except ScsamplerError:
        raise
    # a plug-in may raise anything, and must not end the program
    except (Exception, SystemExit) as error:
        raise _broken(point, error) from error
    # true for any object that has the attributes of the protocol
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
    """The factory of an entry point.

    Whatever its module prints goes to standard error, since standard output is for results.

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
    # package.module:factory outside the Python path
    if point.dist is None and isinstance(error, ModuleNotFoundError):
        hint = "Python does not find the module: set PYTHONPATH to its folder"
    return ClassifierError(
        f"classifier {point.name!r} is broken: {type(error).__name__}: {error}",
        code="classifier-broken",
        hint=hint,
    )


def _check_fields(classifier: ClipClassifier, name: str) -> None:
    """Check the types of the attributes, which `isinstance` of a protocol does not.

    Raises:
        ClassifierError: one is wrong.
    """
    from scsampler_cli.classifiers.base import InputSpec
    from scsampler_cli.model_zoo.weights_info import WeightsInfo

    labels = classifier.labels
    checks = {
        "labels (different names, at least one)": 0 < len(set(labels)) == len(labels),
        "spec (an InputSpec)": isinstance(classifier.spec, InputSpec),
        "weights (a WeightsInfo)": isinstance(classifier.weights, WeightsInfo),
    }
    for attribute, is_valid in checks.items():
        if not is_valid:
            raise ClassifierError(
                f"classifier {name!r} is broken: invalid {attribute}",
                code="classifier-broken",
                hint="see scsampler_cli.classifiers.base",
            )


def _suggestion(name: str) -> str:
    """The nearest name, and all names, for a hint."""
    # one suggestion: more would be guesses
    close = difflib.get_close_matches(name, names(), n=1)
    known = (
        f"known: {', '.join(names())}; "
        "or a file, a Hugging Face folder, hf:ORG/NAME, package.module:factory"
    )
    return f"did you mean {close[0]}? {known}" if close else known
