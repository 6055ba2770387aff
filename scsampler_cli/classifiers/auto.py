"""The classifier "auto": the best one that can be loaded, and a line about the choice."""

from __future__ import annotations

import torch

from scsampler_cli.classifiers import registry
from scsampler_cli.classifiers.base import ClipClassifier, background_of
from scsampler_cli.errors import ClassifierError, WeightsError
from scsampler_cli.model_zoo.bundled_weights import bundled_file
from scsampler_cli.model_zoo.public import cached_path, fetch

PREFERRED = "mc3_18"
"""Kinetics-400 MC3-18: the paper's fastest classifier (App. D)."""
BUNDLED = ("actions6", "demo")
"""Bundled classifiers, the best first."""


def choose_auto(device: torch.device, dtype: torch.dtype) -> tuple[ClipClassifier, str, bool]:
    """Kinetics-400 MC3-18 if its weights are cached or can be downloaded, else a bundled
    classifier.

    Returns:
        the classifier; a line for the user with its name and the reason; True if it is not
        PREFERRED.

    Raises:
        ClassifierError: two distributions have the name, and there is no bundled classifier.
        WeightsError: the weights cannot be loaded, and there is no bundled classifier.
    """
    # for the note, which distinguishes a download from a cached file
    was_cached = cached_path(PREFERRED).is_file()
    try:
        # before torchvision is imported, which takes seconds
        fetch(PREFERRED)
        classifier = registry.load(PREFERRED, device, dtype)
    except (ClassifierError, WeightsError) as error:
        # offline, a bundled classifier is better than an error
        for name in BUNDLED:
            if bundled_file(f"{name}_classifier").is_file():
                chosen = registry.load(name, device, dtype)
                # "none of these" is no class
                classes = len(chosen.labels) - (background_of(chosen) is not None)
                what = f"classifier {name} ({classes} classes) in place of {PREFERRED}"
                why = f"{what}: {error}; change it with --classifier"
                return chosen, why, True
        raise
    how = "from the torch hub cache" if was_cached else "downloaded"
    return (
        classifier,
        f"classifier {PREFERRED} (Kinetics-400, {how}); change it with --classifier",
        False,
    )
