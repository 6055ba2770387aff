"""What a bench knows of a data set under one classifier: enough to make every table and figure again without a video or torch.

But: how it came to be known is `measure`'s business, how it is kept `folder`'s.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.bench.cost_model import Costs
from scsampler_cli.config import AUDIO, PACKETS, VISUAL
from scsampler_cli.selection.scores import ClipScores, averaged, smoothed

SHOWN = {
    "if": "IF",
    "md": "MD",
    "rgbr": "RGB-R",
    "mel": "sound",
    "packets": "packets",
    "resnet18": "ResNet-18",
    "shufflenet26": "ShuffleNet-26",
    "vgg18": "VGG-18",
    "vgg18_conv4_2": "FC on conv4_2",
    "vgg18_pool4": "FC on pool4",
    "vgg18_fc1": "FC on fc1",
    "packets1d": "1-D network",
}
"""Inputs and architectures as the paper writes them."""


@dataclass(frozen=True)
class NetworkFacts:
    """One sampler network."""

    name: str
    """Its role, such as "RGB-R ResNet-18 AC": the same in every run that is to be pooled."""
    input: str
    """Of INPUTS and PACKETS."""
    arch: str
    objective: str
    weights: str
    sha256: str | None
    labels: tuple[str, ...]
    """Classes it has learnt from."""
    gmacs: float
    """10^9 multiply-adds for one input (an I-frame, a P-frame, a window of sound, the packets of a clip)."""

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> NetworkFacts:
        """From the fields, also after they were JSON."""
        return cls(**{**record, "labels": tuple(record["labels"])})


@dataclass(frozen=True)
class SamplerFacts:
    """s: networks whose clip scores are averaged, for the picture, for the sound and for the packets."""

    name: str
    networks: tuple[NetworkFacts, ...]

    @property
    def visual(self) -> tuple[NetworkFacts, ...]:
        """The networks of the picture."""
        return tuple(n for n in self.networks if n.input in VISUAL)

    @property
    def audio(self) -> tuple[NetworkFacts, ...]:
        """The networks of the sound."""
        return tuple(n for n in self.networks if n.input in AUDIO)

    @property
    def packets(self) -> tuple[NetworkFacts, ...]:
        """The networks of the packets."""
        return tuple(n for n in self.networks if n.input in PACKETS)

    @property
    def labels(self) -> frozenset[str]:
        """Classes that any of its networks has learnt from."""
        return frozenset(label for network in self.networks for label in network.labels)

    def record(self) -> dict[str, Any]:
        """JSON form; the networks by name."""
        return {"name": self.name, "networks": [network.name for network in self.networks]}

    @classmethod
    def from_record(
        cls, record: Mapping[str, Any], networks: Mapping[str, NetworkFacts]
    ) -> SamplerFacts:
        """From what `record` gave, and the networks by name."""
        return cls(record["name"], tuple(networks[name] for name in record["networks"]))


@dataclass(frozen=True)
class KnownVideo:
    """One video, under one classifier."""

    path: str
    label: str
    target: int
    """Index of the label among the classifier's."""
    seconds: float
    frames: int
    scores: Mapping[str, NDArray[np.float32]]
    """By network name: saliency float32 [L], NaN where it has nothing to say."""
    looks: Mapping[str, int]
    """By network name: inputs it looked at, over all clips."""
    probabilities: NDArray[np.float32]
    """ClipProbs: float32 [L, C]; a row of NaN where nothing of a clip could be decoded."""
    decode_from: NDArray[np.int64]
    """int64 [L]: display position of the frame at which decoding of a clip must begin."""
    last: NDArray[np.int64]
    """int64 [L]: display position of the last frame that the classifier sees of a clip."""
    notes: tuple[str, ...] = ()
    smoothed: bool = False
    """`FeatureSettings.steadied` of the features."""

    @property
    def clips(self) -> int:
        """L."""
        return len(self.probabilities)

    def clip_scores(
        self, sampler: SamplerFacts, clip_stride: int = 1, clips: NDArray[np.int64] | None = None
    ) -> ClipScores:
        """What a sampler says of every N-th clip, or of those given (int64 [M], increasing); as `scsampler score` says it."""
        at = np.arange(0, self.clips, clip_stride, dtype=np.int64) if clips is None else clips
        visual = self._averaged(sampler.visual, at)
        if self.smoothed and visual is not None:
            visual = smoothed(visual, at)
        audio = self._averaged(sampler.audio, at)
        return ClipScores(
            at, self.clips, visual, audio=audio, packets=self._averaged(sampler.packets, at)
        )

    def _averaged(
        self, networks: Sequence[NetworkFacts], at: NDArray[np.int64]
    ) -> NDArray[np.float32] | None:
        if not networks:
            return None
        columns = np.stack([self.scores[network.name][at] for network in networks], axis=1)
        return averaged(columns).astype(np.float32)


@dataclass(frozen=True)
class Thumbnails:
    """Small pictures of the best and the worst clips of one video, for the contact sheet (Fig. 3)."""

    video: int
    """Index among the videos of the run."""
    clips: tuple[int, ...]
    """The best ones, best first, then the worst ones, worst last."""
    best: int
    """How many of them are the best ones."""
    starts_s: tuple[float, ...]
    pictures: NDArray[np.uint8]
    """uint8 [n, h, w, 3]: the middle frame of each clip."""


@dataclass(frozen=True)
class Run:
    """A data set under one classifier."""

    data: str
    """Name of the data set."""
    classifier: Mapping[str, Any]
    """"name", "weights", "sha256", "gmacs" (of a clip; None where it cannot be counted), "labels", geometry."""
    samplers: tuple[SamplerFacts, ...]
    """The first one is the one under test."""
    joint: SamplerFacts | None
    """Networks that were trained together (AV-joint-training, Sec. 3.3.3)."""
    networks: tuple[NetworkFacts, ...]
    """All that were asked for their scores."""
    videos: tuple[KnownVideo, ...]
    failures: tuple[Mapping[str, str], ...]
    """"path", "label" and "reason" of each video that could not be used."""
    train_positions: NDArray[np.float32] | None
    """float32 [n, m]: where in [0, 1] the oracle's best m clips of each training video lie, best first; NaN for fewer clips."""
    costs: Costs | None
    """None where no time was measured."""
    thumbnails: tuple[Thumbnails, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Of the features; machine and versions that measured."""

    @property
    def name(self) -> str:
        """Data set and classifier."""
        return f"{self.data}, {self.classifier['name']}"

    @property
    def main(self) -> SamplerFacts:
        """The sampler under test."""
        return self.samplers[0]

    @property
    def classes(self) -> int:
        """C; of pooled runs the smallest."""
        return min(video.probabilities.shape[1] for video in self.videos)


def network_name(kind: str, arch: str, objective: str) -> str:
    """The role of a network in words.

    Example: "rgbr", "resnet18", "ac" -> "RGB-R ResNet-18 AC".
    """
    return f"{SHOWN.get(kind, kind)} {SHOWN.get(arch, arch)} {objective.upper()}"
