"""What is to be known of the models of a bench, which other processes hold: names, classes, geometry, precision.

But: neither torch nor a network is needed here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from scsampler_cli.bench.run_data import NetworkFacts, SamplerFacts
from scsampler_cli.classifiers.classifier_info import ClassifierFacts
from scsampler_cli.config import INPUTS


@dataclass(frozen=True)
class ModelFacts:
    """The classifier and every sampler network of a bench."""

    classifier: ClassifierFacts
    precision: str
    """Of the networks, such as "float32"."""
    device: str
    """Where they run, such as "cuda:0"."""
    networks: Mapping[str, NetworkFacts]
    """All of them, by name."""
    samplers: tuple[SamplerFacts, ...]
    """The first one is the one under test."""
    joint: SamplerFacts | None
    """Networks that were trained together."""
    compared: tuple[NetworkFacts, ...]
    """Those of the tables of inputs and of audio networks."""
    gmacs: float | None = None
    """10^9 multiply-adds of the classifier for a clip; None where they were not, or cannot be, counted."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """The inputs of all networks together, without packets."""
        wanted = {network.input for network in self.networks.values()}
        return tuple(kind for kind in INPUTS if kind in wanted)

    @property
    def grid(self) -> tuple[int, int]:
        """(frames of a clip, every how many frames of the video one is taken)."""
        return self.classifier.spec.frames, self.classifier.spec.stride

    def record(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "classifier": self.classifier.record(),
            "precision": self.precision,
            "device": self.device,
            "networks": [asdict(network) for network in self.networks.values()],
            "samplers": [sampler.record() for sampler in self.samplers],
            "joint": self.joint and self.joint.record(),
            "compared": [network.name for network in self.compared],
            "gmacs": self.gmacs,
        }

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> ModelFacts:
        """From what `record` gave, also after it was JSON."""
        networks = {each["name"]: NetworkFacts.from_record(each) for each in record["networks"]}
        joint = record["joint"]
        return cls(
            ClassifierFacts.from_record(record["classifier"]),
            record["precision"],
            record["device"],
            networks=networks,
            samplers=tuple(SamplerFacts.from_record(each, networks) for each in record["samplers"]),
            joint=joint and SamplerFacts.from_record(joint, networks),
            compared=tuple(networks[name] for name in record["compared"]),
            gmacs=record["gmacs"],
        )

    def told(self) -> dict[str, Any]:
        """What the report says of the classifier."""
        spec = self.classifier.spec
        return {
            "name": self.classifier.name,
            "weights": self.classifier.weights.source,
            "sha256": self.classifier.weights.sha256,
            "labels": list(self.classifier.labels),
            "frames": spec.frames,
            "stride": spec.stride,
            "crop": list(spec.crop),
            "crops": spec.crops,
            "gmacs": self.gmacs,
        }
