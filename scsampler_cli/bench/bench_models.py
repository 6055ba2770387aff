"""`Models`: the classifier and the networks of a bench, as a worker process holds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from scsampler_cli.bench.model_info import ModelFacts
from scsampler_cli.bench.run_data import PICTURES, NetworkFacts, SamplerFacts, Tagging
from scsampler_cli.classifiers.base import ClipClassifier, is_multi_label
from scsampler_cli.classifiers.classifier_info import ClassifierFacts
from scsampler_cli.samplers.picture_features import PictureFeatures
from scsampler_cli.samplers.scoring import SamplerNetwork


# compared by identity: a worker loads one set of models, and functions of it are cached
@dataclass(frozen=True, eq=False)
class Models:
    """The classifier and every sampler network of a bench, loaded."""

    classifier: ClipClassifier
    precision: str
    """Precision of the networks, such as "float32"."""
    networks: Mapping[str, SamplerNetwork]
    """Every network, by name."""
    samplers: tuple[SamplerFacts, ...]
    """The first one is the sampler under test; it may have no networks."""
    joint: SamplerFacts | None
    """Networks that were trained together; None without any."""
    compared: tuple[NetworkFacts, ...]
    """Networks in the tables of inputs and of audio networks."""
    device: str
    """Device of the networks, such as "cuda:0"."""
    pictures: PictureFeatures | None = None
    """The network that knows which clips look alike; None to leave out what needs it."""
    picture_gmacs: float = 0.0
    """Its 10^9 multiply-adds per picture."""
    tagging: Tagging = field(default_factory=Tagging)

    @property
    def facts(self) -> ModelFacts:
        """The facts about them, without the classifier's multiply-adds."""
        groups = list(self.samplers)
        if self.joint is not None:
            groups.append(self.joint)
        networks = [network for group in groups for network in group.networks]
        networks += self.compared
        return ModelFacts(
            ClassifierFacts.of(self.classifier),
            self.precision,
            self.device,
            networks={network.name: network for network in networks},
            samplers=self.samplers,
            joint=self.joint,
            compared=self.compared,
            pictures=self._picture_facts(),
            full_size_pictures=self.pictures is not None and self.pictures.takes_full_size,
            multi_label=is_multi_label(self.classifier),
            tagging=self.tagging,
        )

    def _picture_facts(self) -> NetworkFacts | None:
        if self.pictures is None:
            return None
        record = self.pictures.record
        return NetworkFacts(
            PICTURES,
            record["input"],
            record["arch"],
            objective=record["objective"],
            weights=record["weights"],
            sha256=record["sha256"],
            # it knows no class of a video
            labels=(),
            gmacs=self.picture_gmacs,
        )
