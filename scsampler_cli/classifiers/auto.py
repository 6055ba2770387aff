"""`--classifier auto`: the best classifier that can be had, and one line that says which and why."""

from __future__ import annotations

import torch

from scsampler_cli.classifiers import registry
from scsampler_cli.classifiers.base import ClipClassifier
from scsampler_cli.errors import ClassifierError, WeightsError
from scsampler_cli.model_zoo.bundled_weights import bundled_file
from scsampler_cli.model_zoo.public import cached_path, fetch

PREFERRED = "mc3_18"
"""Kinetics-400 MC3-18: the paper's fastest classifier (App. D)."""
SHIPPED = ("actions6", "demo")
"""What comes with the package, the best first."""


def choose_auto(device: torch.device, dtype: torch.dtype) -> tuple[ClipClassifier, str, bool]:
    """Kinetics-400 MC3-18 if its weights are cached or can be downloaded, else the best shipped classifier.

    Returns:
        the classifier; which it is and why, in words; and True where it is not the one that is preferred.

    Raises:
        ClassifierError: two distributions claim the name, and nothing ships.
        WeightsError: the weights cannot be had, and nothing ships.
    """
    was_cached = cached_path(PREFERRED).is_file()
    try:
        fetch(PREFERRED)  # before anything is imported for it
        classifier = registry.load(PREFERRED, device, dtype)
    except (ClassifierError, WeightsError) as error:
        for name in SHIPPED:
            if bundled_file(f"{name}_classifier").is_file():
                chosen = registry.load(name, device, dtype)
                what = f"classifier {name} ({len(chosen.labels)} classes) in place of {PREFERRED}"
                why = f"{what}: {error}; change it with --classifier"
                return chosen, why, True
        raise
    how = "from the torch hub cache" if was_cached else "downloaded"
    return (
        classifier,
        f"classifier {PREFERRED} (Kinetics-400, {how}); change it with --classifier",
        False,
    )
