"""Built-in classifiers with random weights, for measures of speed.

The speed of a network does not depend on its weights. Its answers mean nothing.
"""

from __future__ import annotations

import torch

from scsampler_cli.classifiers.builtin import BUILTINS
from scsampler_cli.classifiers.labels import numbered_labels
from scsampler_cli.classifiers.network import NetworkClassifier
from scsampler_cli.classifiers.networks import build
from scsampler_cli.model_zoo.weights_info import WeightsInfo
from scsampler_cli.nn.fused_lite0 import prepare_with_trunk

RANDOM_WEIGHTS = "random weights"
"""Said in the name of the classifier, and in the place of the name of a weight file."""


def random_classifier(name: str, device: torch.device, dtype: torch.dtype) -> NetworkClassifier:
    """A built-in classifier with random weights, and with numbers as labels.

    Args:
        name: one of `classifiers.builtin.BUILTINS`.
        device: device of the network.
        dtype: precision of the network.
    """
    known = BUILTINS[name]
    return NetworkClassifier(
        f"{name} ({RANDOM_WEIGHTS})",
        prepare_with_trunk(build(known.network, known.classes), device, dtype),
        numbered_labels(known.classes, "class"),
        spec=known.spec,
        weights=WeightsInfo(RANDOM_WEIGHTS, None),
        device=device,
        dtype=dtype,
    )
