"""Records of classifiers (geometry, labels, costs, where the weights are), and a check of each.

Listing loads no weights. Not handled here: the output, see `cli`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stdout
from importlib.metadata import EntryPoint
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from scsampler_cli.classifiers import registry
from scsampler_cli.classifiers.base import (
    ClipClassifier,
    InputSpec,
    background_of,
    is_multi_label,
    probabilities_of,
)
from scsampler_cli.classifiers.builtin import BUILTINS
from scsampler_cli.classifiers.flops import clip_gmacs, costs_of, count_mparams
from scsampler_cli.classifiers.network import spec_from
from scsampler_cli.errors import ClassifierError, ScsamplerError
from scsampler_cli.model_zoo.bundled_weights import bundled_file
from scsampler_cli.model_zoo.public import PUBLIC, cached_path
from scsampler_cli.model_zoo.weightfile import read_metadata
from scsampler_cli.output.records import failure

Record = dict[str, Any]
SCHEMA = "scsampler.classifiers/1"
BUNDLED, CACHED, DOWNLOADABLE, MISSING, OWN = (
    "bundled",
    "cached",
    "downloadable",
    "missing",
    "its own",
)
"""Where the weights are: in this package, in the torch hub cache, on a server, nowhere, or where
the plug-in or file has them."""
TOLERANCE = 1e-3
"""Largest difference of an answer that the rest of the batch may make: sums in another order."""
TIMED = 3
"""Timed runs; the speed is their median."""


def record_by_name(name: str) -> Record:
    """The record of a classifier that has a name. No weights are loaded.

    The module of a plug-in is imported.

    Raises:
        ClassifierError: the plug-in is broken, or two plug-ins have the name.
        SettingsError: the name is unknown.
    """
    # imports neither torch nor the plug-in
    point = registry.find(name)
    if not isinstance(point, EntryPoint):
        raise ClassifierError(
            f"{name} is not the name of a classifier",
            code="classifier-unknown",
            hint="only names can be looked up; inspect a file or folder with `record_of_loaded`",
        )
    base = {"distribution": registry.owner(point), "factory": point.value}
    if base["distribution"] == registry.OWN:
        return _record_of_own(name) | base
    # a factory may have these attributes, which are known without its weights
    factory = registry.import_factory(point)
    # optional attributes of a factory
    spec, labels = getattr(factory, "spec", None), getattr(factory, "labels", ())
    known = spec if isinstance(spec, InputSpec) else None
    return record(name, known, len(labels) or None, weights=OWN) | base


def _record_of_own(name: str) -> Record:
    """The record of a classifier of this package."""
    if name in BUILTINS:
        known = BUILTINS[name]
        path = cached_path(name)
        where = CACHED if path.is_file() else DOWNLOADABLE
        found = record(
            name,
            known.spec,
            known.classes,
            data=known.data,
            costs=(known.gmacs, known.mparams),
            weights=where,
        )
        return found | {"file": path.name, "url": PUBLIC[name].url, "source": known.note}
    path = bundled_file(f"{name}_classifier")
    if not path.is_file():
        return record(name, None, None, weights=MISSING) | {"file": path.name}
    # without the tensors
    meta = read_metadata(path)
    spec, classes = spec_from(meta["spec"]), len(meta["labels"])
    found = record(
        name,
        spec,
        classes,
        background=meta.get("background"),
        costs=costs_of(meta["arch"], classes, spec),
        weights=BUNDLED,
    )
    return found | {"file": path.name}


def record(
    name: str,
    spec: InputSpec | None,
    classes: int | None,
    *,
    data: str | None = None,
    background: str | None = None,
    costs: tuple[float | None, float | None] = (None, None),
    weights: str | None = None,
) -> Record:
    """A JSON-able record. A value that is unknown before the classifier is loaded is None.

    Args:
        name: name of the classifier.
        spec: clip geometry.
        classes: number of classes (C).
        data: data set of the last training.
        background: the one of the labels that is the background class; None without one.
        costs: (10^9 multiply-adds of one clip, 10^6 parameters).
        weights: where the weights are.
    """
    return {
        "schema": SCHEMA,
        "path": name,
        "status": "ok",
        "name": name,
        "frames": spec and spec.frames,
        "stride": spec and spec.stride,
        "size": spec and list(spec.crop),
        "resize": spec and (list(spec.resize) if isinstance(spec.resize, tuple) else spec.resize),
        "mean": spec and list(spec.mean),
        "std": spec and list(spec.std),
        "labels": classes,
        "background": background,
        "data": data,
        "gmacs": None if costs[0] is None else round(costs[0], 2),
        "mparams": None if costs[1] is None else round(costs[1], 2),
        "weights": weights,
    }


def record_of_loaded(name: str, classifier: ClipClassifier) -> Record:
    """The record of a loaded classifier."""
    background = background_of(classifier)
    found = record(
        name,
        classifier.spec,
        len(classifier.labels),
        background=None if background is None else classifier.labels[background],
        costs=_costs(classifier),
        weights=OWN,
    )
    if name in registry.names():
        known = record_by_name(name)
        # the weights may be a file of the user
        # values that a loaded classifier does not have
        found |= {key: known[key] for key in ("data", "distribution", "factory")}
        found["weights"] = (
            known["weights"] if known.get("file") == classifier.weights.source else OWN
        )
    return found | {
        "file": classifier.weights.source,
        "sha256": classifier.weights.sha256,
        "multi_label": is_multi_label(classifier),
    }


def _costs(classifier: ClipClassifier) -> tuple[float | None, float | None]:
    network = getattr(classifier, "network", None)
    millions = count_mparams(network) if isinstance(network, torch.nn.Module) else 0
    try:
        return clip_gmacs(classifier), millions or None
    except ClassifierError:  # the check reports the error
        return None, millions or None


def known_clips(spec: InputSpec, count: int = 4) -> NDArray[np.uint8]:
    """Test clips of coloured waves that move, each clip in another direction and with another
    wavelength.

    Returns:
        uint8 [count, F, h, w, 3].
    """
    y, x = np.mgrid[0 : spec.crop[0], 0 : spec.crop[1]]  # [h, w] each, pixels
    clips = np.empty((count, spec.frames, *spec.crop, 3), np.uint8)
    for i in range(count):
        for t in range(spec.frames):
            phase = (x * np.cos(i) + y * np.sin(i)) / (4 + 3 * i) + t / 3
            # another phase for each colour channel
            for channel in range(3):
                clips[i, t, ..., channel] = 127.5 + 127.5 * np.sin(phase + channel)
    return clips


def run_check(classifier: ClipClassifier) -> Record:
    """Run a classifier on test clips, and check its answers.

    Returns:
        "lowest", "highest", "sums" (lowest and highest sum of a row), "not_a_number", "repeatable",
        "batch_difference" (of a clip alone and among others), "tells_apart" (different clips get
        different answers), "clips_per_s", "top" and "problems".
    """
    clips = known_clips(classifier.spec)
    with redirect_stdout(sys.stderr):
        answers = np.asarray(classifier.classify(clips), np.float64)
        again, alone = classifier.classify(clips), classifier.classify(clips[:1])
    seconds = float(np.median([_seconds(classifier, clips) for _ in range(TIMED)]))

    # NaN is counted apart, and must not hide the range of the other values
    finite = np.nan_to_num(answers)
    sums = finite.sum(axis=1)
    result: Record = {
        "lowest": float(finite.min()),
        "highest": float(finite.max()),
        "sums": [float(sums.min()), float(sums.max())],
        "not_a_number": int((~np.isfinite(answers)).sum()),
        "repeatable": bool(np.array_equal(answers.astype(np.float32), again)),
        "batch_difference": float(np.abs(alone[0] - answers[0]).max()),
        "tells_apart": bool(np.abs(answers - answers[0]).max() > 1e-7),
        "clips_per_s": round(len(clips) / seconds, 2),
        "top": [classifier.labels[int(row.argmax())] for row in finite],
    }
    return result | {"problems": list(_problems(classifier, clips, result))}


def _seconds(classifier: ClipClassifier, clips: NDArray[np.uint8]) -> float:
    start = time.perf_counter()
    with redirect_stdout(sys.stderr):
        classifier.classify(clips)
    return time.perf_counter() - start


def _problems(
    classifier: ClipClassifier, clips: NDArray[np.uint8], result: Record
) -> Iterator[str]:
    """Yield what is wrong with the answers."""
    try:
        probabilities_of(classifier, clips)
    except ClassifierError as error:
        yield str(error)
    # a batch normalisation in training mode is the usual cause
    if result["batch_difference"] > TOLERANCE:
        difference = result["batch_difference"]
        yield f"the answer to a clip differs by {difference:.2g} alone and in a batch"
    if not result["tells_apart"]:
        yield "all clips get the same answer: are mean, std, layout and weights right?"


def inspect(
    requested: Sequence[str],
    load: Callable[[str], ClipClassifier],
    check: bool,
    *,
    failed: Callable[[ScsamplerError], None],
) -> Iterator[Record]:
    """Yield a record for each classifier; one that fails has a record of its failure.

    Args:
        requested: names, files, folders; () for all names.
        load: loads a classifier. Files are always loaded, named classifiers to be checked.
        check: run the classifiers on test clips: those that were named, else those whose weights
            are on this machine.
        failed: called with the error of each that fails.
    """
    known = registry.names()
    for name in requested or known:
        try:
            found = record_by_name(name) if name in known else None
            # a check of all classifiers must not download hundreds of megabytes
            would_download = (
                found is not None and not requested and found["weights"] == DOWNLOADABLE
            )
            if found is None or (check and not would_download):
                found = _loaded_record(name, load, check)
            # a failed check is a failure of the classifier
            if problems := (found.get("check") or {}).get("problems"):
                error = ClassifierError(
                    f"{name}: {'; '.join(problems)}",
                    code="classifier-check-failed",
                    hint="its weights or description are not right",
                )
                failed(error)
                found |= failure("classifiers", name, error)
            yield found
        except ScsamplerError as error:
            failed(error)
            yield {**failure("classifiers", name, error), "name": name}


def _loaded_record(name: str, load: Callable[[str], ClipClassifier], check: bool) -> Record:
    classifier = load(name)
    found = record_of_loaded(name, classifier)
    if check:
        found["check"] = run_check(classifier)
    return found
