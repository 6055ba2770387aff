"""Times of a classifier of real actions, which `charged_costs` puts in the place of the demo's.

Its weights are random: the speed does not depend on them, and the answers are not used.
"""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import numpy as np
import torch

from scsampler_cli.batch.process_map import DONE
from scsampler_cli.batch.task import Record
from scsampler_cli.bench.bench_models import Models
from scsampler_cli.bench.charged_costs import NETWORK
from scsampler_cli.bench.random_weights import random_classifier
from scsampler_cli.classifiers.base import batch_of
from scsampler_cli.classifiers.builtin import BUILTINS
from scsampler_cli.classifiers.crops import clip_probabilities
from scsampler_cli.classifiers.network import NetworkClassifier
from scsampler_cli.pipeline.video import Progress

REPEATS = 3
"""Timed calls, after a call that is not timed."""


def time_stand_in(models: Models, path: Path, progress: Progress, *, threads: int) -> Record:
    """The work of a process: time the network, on the device of the other networks.

    Args:
        models: of the run.
        path: any video, which is not read.
        progress: not called.
        threads: of the computation.

    Returns:
        "classify_s" and "classify_one_s", seconds of a clip in a full batch and of one alone, and
        "gmacs" of a clip.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        device, dtype = torch.device(models.device), getattr(torch, models.precision)
        classifier = random_classifier(NETWORK, device, dtype)
        batch = batch_of(classifier)
        seconds = {count: _seconds(classifier, count) / count for count in {1, batch}}
    finally:
        torch.set_num_threads(before)
    return {
        **DONE,
        "classify_s": seconds[batch],
        "classify_one_s": seconds[1],
        "gmacs": BUILTINS[NETWORK].gmacs,
    }


def _seconds(classifier: NetworkClassifier, clips: int) -> float:
    """Median seconds of a call with so many clips."""
    height, width = classifier.spec.crop
    shape = (clips, classifier.spec.frames, height, width, 3)
    values = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    spent = []
    for _ in range(REPEATS + 1):
        start = time.perf_counter()
        clip_probabilities(classifier, values)
        spent.append(time.perf_counter() - start)
    return statistics.median(spent[1:])
