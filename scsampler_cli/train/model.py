"""The network or networks of one run as one module: inputs -> log-probabilities of each clip."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from scsampler_cli.classifiers.networks import build as build_classifier
from scsampler_cli.config import VISUAL
from scsampler_cli.samplers.networks import ARCHITECTURES
from scsampler_cli.samplers.networks import build as build_sampler
from scsampler_cli.train import freezing
from scsampler_cli.train.losses import averaged, log_probabilities
from scsampler_cli.train.recipe import TRUNK
from scsampler_cli.train.settings import TrainSettings

DEFAULT_CLASSIFIER = TRUNK
"""From a few videos of each class it learns the most, and within minutes."""
FULL_PRECISION = ("md", "mel", "packets")
"""Networks that run in float32 whatever the precision. MD under bf16 autocast on a CPU gave NaN
twice and is slower; so is the small VGG. The network of packets costs nothing."""


def architecture_of(settings: TrainSettings, kind: str) -> str:
    """The architecture of one of the networks of a run."""
    if kind == "classifier":
        return settings.architecture or DEFAULT_CLASSIFIER
    if settings.architectures:
        return settings.architectures[settings.kinds.index(kind)]
    return settings.architecture or ARCHITECTURES[kind][0]


class Head(nn.Module):
    """The layer on a frozen trunk, as a network of its own that takes features.

    Args:
        network: a network with `logits_of`.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, features: Tensor) -> Tensor:
        """float [N, 1280] (of a classifier [N, F, 1280]) -> logits [N, outputs]."""
        logits: Tensor = self.network.logits_of(features)  # type: ignore[operator]
        return logits


class Model(nn.Module):
    """The networks of a run.

    With a frozen trunk they take features in place of inputs (`trunk_features`).

    Args:
        settings: settings of the run.
        classes: number of classes of the data set (C), with the background class.
        dtype: precision of the networks outside FULL_PRECISION.

    Raises:
        WeightsError: an architecture is unknown, or not one of its input.
    """

    def __init__(self, settings: TrainSettings, classes: int, dtype: torch.dtype) -> None:
        super().__init__()
        self._objective, self._dtype = settings.objective, dtype
        # SAL-* has one output: the saliency
        outputs = classes if settings.objective == "ac" else 1
        self.classes = classes
        networks = {}
        for kind in settings.kinds:
            architecture = architecture_of(settings, kind)
            if kind == "classifier":
                networks[kind] = build_classifier(architecture, classes)
            else:
                networks[kind] = build_sampler(architecture, kind, outputs)
        self.networks = nn.ModuleDict(networks)
        self._frozen = settings.frozen
        self._still: list[nn.Module] = []
        if settings.trunk:
            (network,) = networks.values()
            parts = freezing.frozen_parts(network, settings)
            freezing.freeze(parts)
            # a plain list, so that the parts are not members twice
            self._still = parts

    def train(self, mode: bool = True) -> Model:
        """As `nn.Module.train`; frozen parts stay in evaluation mode.

        Their batch normalisations would change otherwise.
        """
        super().train(mode)
        for part in self._still:
            part.eval()
        return self

    def scorer(self, kind: str) -> nn.Module:
        """The network that takes what `batches` gives: a whole one, or the layer on a trunk."""
        return Head(self.networks[kind]) if self._frozen else self.networks[kind]

    def dtype_of(self, kind: str) -> torch.dtype:
        """Precision of a network."""
        # the layer on a frozen trunk costs nothing
        is_full = kind in FULL_PRECISION or self._frozen
        return torch.float32 if is_full else self._dtype

    def forward(self, inputs: Mapping[str, tuple[Tensor, Tensor]], clips: int) -> Tensor:
        """Log-probabilities of every clip of a step.

        Args:
            inputs: by kind, values [m, ...] and the clip number of each, int64 [m].
            clips: number of clips in the step (n).

        Returns:
            float32 [n, C] for "ac", [n, 2] for SAL-*: the mean over the visual inputs that a clip
            has, then over visual and audio.
        """
        visual: list[Tensor] = []
        audio: list[Tensor] = []
        for kind, (values, rows) in inputs.items():
            # weights stay in float32; autocast converts them for each operation
            dtype = self.dtype_of(kind)
            with torch.autocast(values.device.type, dtype, enabled=dtype != torch.float32):
                logits = self.scorer(kind)(values).float()
            log_p = log_probabilities(logits, self._objective)  # [m, C]

            # [n, C] with -inf for the clips that lack this input, as `averaged` wants it
            empty = torch.full((clips, log_p.shape[1]), -torch.inf, device=log_p.device)
            (visual if kind in VISUAL else audio).append(empty.index_copy(0, rows, log_p))
        return averaged([averaged(parts) for parts in (visual, audio) if parts])
