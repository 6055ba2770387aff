"""Facts about the models of a bench: names, classes, clip geometry, precision.

Worker processes hold the models themselves; this module needs neither torch nor a network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from scsampler_cli.bench.run_data import NetworkFacts, SamplerFacts, Tagging
from scsampler_cli.classifiers.classifier_info import ClassifierFacts
from scsampler_cli.config import INPUTS


@dataclass(frozen=True)
class ModelFacts:
    """The classifier and every sampler network of a bench."""

    classifier: ClassifierFacts
    precision: str
    """Precision of the networks, such as "float32"."""
    device: str
    """Device of the networks, such as "cuda:0"."""
    networks: Mapping[str, NetworkFacts]
    """Every network, by name."""
    samplers: tuple[SamplerFacts, ...]
    """The first one is the sampler under test."""
    joint: SamplerFacts | None
    """Networks that were trained together; None without any."""
    compared: tuple[NetworkFacts, ...]
    """Networks in the tables of inputs and of audio networks."""
    gmacs: float | None = None
    """10^9 multiply-adds of the classifier per clip; None where they are not known."""
    pictures: NetworkFacts | None = None
    """The network that knows which clips look alike; None where it is not loaded."""
    full_size_pictures: bool = False
    """True where it wants pictures in the size of the video, and not those of the samplers."""
    multi_label: bool = False
    """True for a classifier of which several classes can be true at once."""
    tagging: Tagging = field(default_factory=Tagging)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Inputs of all networks, without packets, in the order of INPUTS."""
        # packets come from the index, not from a feature file
        wanted = {network.input for network in self.networks.values()}
        return tuple(kind for kind in INPUTS if kind in wanted)

    @property
    def grid(self) -> tuple[int, int]:
        """Number of frames in a clip, and the frame stride."""
        return self.classifier.spec.frames, self.classifier.spec.stride

    def record(self) -> dict[str, Any]:
        """The fields as a JSON object."""
        return {
            "classifier": self.classifier.record(),
            "precision": self.precision,
            "device": self.device,
            "networks": [asdict(network) for network in self.networks.values()],
            "samplers": [sampler.record() for sampler in self.samplers],
            "joint": self.joint and self.joint.record(),
            # these are among "networks"
            "compared": [network.name for network in self.compared],
            "gmacs": self.gmacs,
            "pictures": self.pictures and asdict(self.pictures),
            "full_size_pictures": self.full_size_pictures,
            "multi_label": self.multi_label,
            "tagging": asdict(self.tagging),
        }

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> ModelFacts:
        """Facts from their JSON form."""
        # samplers refer to networks by name
        networks = {each["name"]: NetworkFacts.from_record(each) for each in record["networks"]}
        joint = record["joint"]
        return cls(
            ClassifierFacts.from_record(record["classifier"]),
            record["precision"],
            record["device"],
            networks=networks,
            samplers=tuple(SamplerFacts.from_record(each, networks) for each in record["samplers"]),
            # null without such networks
            joint=joint and SamplerFacts.from_record(joint, networks),
            compared=tuple(networks[name] for name in record["compared"]),
            gmacs=record["gmacs"],
            pictures=record["pictures"] and NetworkFacts.from_record(record["pictures"]),
            full_size_pictures=record["full_size_pictures"],
            multi_label=record["multi_label"],
            tagging=Tagging(**record["tagging"]),
        )

    def report_entry(self) -> dict[str, Any]:
        """The classifier, as the report has it."""
        spec = self.classifier.spec
        return {
            "name": self.classifier.name,
            "weights": self.classifier.weights.source,
            "sha256": self.classifier.weights.sha256,
            "labels": list(self.classifier.labels),
            "background": self.classifier.background,
            "multi_label": self.multi_label,
            "frames": spec.frames,
            "stride": spec.stride,
            "crop": list(spec.crop),
            "crops": spec.crops,
            "gmacs": self.gmacs,
        }
