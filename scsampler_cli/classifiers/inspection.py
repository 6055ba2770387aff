"""What there is of classifiers and of each: geometry, labels, costs, whether its weights are here; and a check that it works.

But: nothing is printed, and listing loads no weights.
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
SHIPPED, PRESENT, DOWNLOADABLE, MISSING, OWN = (
    "shipped",
    "present",
    "downloadable",
    "missing",
    "its own",
)
"""Where weights are: in this package, in the torch hub cache, on a server, nowhere, or the plug-in's or file's own business."""
TOLERANCE = 1e-3
"""By how much the answer to a clip may depend on its batch: reductions are ordered anew (our choice)."""
TIMED = 3
"""Runs that the speed is the median of."""


def listed(name: str) -> Record:
    """The record of a classifier with a name, without loading its weights; a plug-in's module is imported.

    Raises:
        ClassifierError: the plug-in is broken, or two claim the name.
        SettingsError: no such name.
    """
    point = registry.find(name)
    if not isinstance(point, EntryPoint):
        raise ClassifierError(
            f"{name} is no classifier with a name",
            code="classifier-unknown",
            hint="files and folders are opened, not listed",
        )
    base = {"distribution": registry.owner(point), "factory": point.value}
    if base["distribution"] == registry.OWN:
        return _own(name) | base
    factory = registry.import_factory(point)
    spec, labels = getattr(factory, "spec", None), getattr(factory, "labels", ())
    known = spec if isinstance(spec, InputSpec) else None
    return record(name, known, len(labels) or None, weights=OWN) | base


def _own(name: str) -> Record:
    if name in BUILTINS:
        known = BUILTINS[name]
        path = cached_path(name)
        where = PRESENT if path.is_file() else DOWNLOADABLE
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
    meta = read_metadata(path)
    spec, classes = spec_from(meta["spec"]), len(meta["labels"])
    return record(
        name, spec, classes, data=None, costs=costs_of(meta["arch"], classes, spec), weights=SHIPPED
    ) | {"file": path.name}


def record(
    name: str,
    spec: InputSpec | None,
    classes: int | None,
    *,
    data: str | None = None,
    costs: tuple[float | None, float | None] = (None, None),
    weights: str | None = None,
) -> Record:
    """A JSON-able record; None for what is not known before the classifier is loaded."""
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
        "data": data,
        "gmacs": None if costs[0] is None else round(costs[0], 2),
        "mparams": None if costs[1] is None else round(costs[1], 2),
        "weights": weights,
    }


def described(name: str, classifier: ClipClassifier) -> Record:
    """The record of a loaded classifier, with what it knows of itself."""
    found = record(
        name,
        classifier.spec,
        len(classifier.labels),
        data=None,
        costs=_costs(classifier),
        weights=OWN,
    )
    if name in registry.names():
        known = listed(name)
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
    except ClassifierError:  # what is wrong with it is the check's to say
        return None, millions or None


def known_clips(spec: InputSpec, count: int = 4) -> NDArray[np.uint8]:
    """uint8 [count, F, h, w, 3]: coloured waves that drift, each clip in another direction and of another length."""
    y, x = np.mgrid[0 : spec.crop[0], 0 : spec.crop[1]]
    clips = np.empty((count, spec.frames, *spec.crop, 3), np.uint8)
    for i in range(count):
        for t in range(spec.frames):
            phase = (x * np.cos(i) + y * np.sin(i)) / (4 + 3 * i) + t / 3
            for colour in range(3):
                clips[i, t, ..., colour] = 127.5 + 127.5 * np.sin(phase + colour)
    return clips


def checked(classifier: ClipClassifier) -> Record:
    """Run a classifier on known clips: what range its answers have, and whether they can be relied on.

    Returns:
        "lowest", "highest", "sums" (lowest and highest row), "not_a_number", "repeatable", "batch_difference" (of a clip alone
        and among others), "tells_apart" (whether different clips get different answers), "clips_per_s", "top" and "problems".
    """
    clips = known_clips(classifier.spec)
    with redirect_stdout(sys.stderr):
        found = np.asarray(classifier.classify(clips), np.float64)
        again, alone = classifier.classify(clips), classifier.classify(clips[:1])
    good = np.nan_to_num(found)
    result: Record = {
        "lowest": float(good.min()),
        "highest": float(good.max()),
        "sums": [float(good.sum(axis=1).min()), float(good.sum(axis=1).max())],
        "not_a_number": int((~np.isfinite(found)).sum()),
        "repeatable": bool(np.array_equal(found.astype(np.float32), again)),
        "batch_difference": float(np.abs(alone[0] - found[0]).max()),
        "tells_apart": bool(np.abs(found - found[0]).max() > 1e-7),
        "clips_per_s": round(
            len(clips) / float(np.median([_seconds(classifier, clips) for _ in range(TIMED)])), 2
        ),
        "top": [classifier.labels[int(row.argmax())] for row in good],
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
    try:
        probabilities_of(classifier, clips)
    except ClassifierError as error:
        yield str(error)
    if result["batch_difference"] > TOLERANCE:
        yield f"a clip alone and among others gets answers {result['batch_difference']:.2g} apart"
    if not result["tells_apart"]:
        yield "all clips get the same answer: are mean, std and layout right, and the weights whole?"


def inspect(
    wanted: Sequence[str],
    load: Callable[[str], ClipClassifier],
    check: bool,
    *,
    failed: Callable[[ScsamplerError], None],
) -> Iterator[Record]:
    """A record for each classifier; one that fails is a failed record.

    Args:
        wanted: names, files, folders; none: all names that there are.
        load: how to load one: files in any case, those with a name to check them.
        check: run those whose weights are here, and those that were named, on known clips.
        failed: told of each that is broken.
    """
    known = registry.names()
    for name in wanted or known:
        try:
            found = listed(name) if name in known else None
            # nobody asked for it by name: a download of hundreds of megabytes is no check
            idle = found is not None and not wanted and found["weights"] == DOWNLOADABLE
            if found is None or (check and not idle):
                found = _loaded(name, load, check)
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


def _loaded(name: str, load: Callable[[str], ClipClassifier], check: bool) -> Record:
    classifier = load(name)
    found = described(name, classifier)
    if not check:
        return found
    return found | {"check": checked(classifier)}
