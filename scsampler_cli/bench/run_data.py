"""`Run`: the measured data of a data set under one classifier.

With it, all tables and figures can be made again without a video or torch.
Not handled here: `measure` measures it, `run_folder` saves and loads it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.bench.cost_model import Costs
from scsampler_cli.bench.picture_vectors import PictureVectors
from scsampler_cli.config import AUDIO, PACKETS, VISUAL, FeatureSettings
from scsampler_cli.datasets.segment_list import TrueSegment
from scsampler_cli.selection.scores import ClipScores, averaged, smoothed

MAIN = "SCSampler"
"""Name of the sampler under test."""
PICTURES = "pictures"
"""Name of the network that computes the vectors of pictures."""
COMPARED_PICTURES = "keyframes"
"""Key in `Costs.read_s`: pictures of a long video, where a search chooses among keyframes."""
DISPLAY_NAMES = {
    "rgb": "RGB",
    "if": "IF",
    "md": "MD",
    "rgbr": "RGB-R",
    "mel": "sound",
    "packets": "packets",
    "lite0": "Lite0",
    "resnet18": "ResNet-18",
    "shufflenet26": "ShuffleNet-26",
    "vgg18": "VGG-18",
    "vgg18_conv4_2": "FC on conv4_2",
    "vgg18_pool4": "FC on pool4",
    "vgg18_fc1": "FC on fc1",
    "packets1d": "1-D network",
}
"""Names of inputs and architectures; those of the paper as in the paper."""


@dataclass(frozen=True)
class NetworkFacts:
    """One sampler network."""

    name: str
    """Name of its role, such as "RGB-R ResNet-18 AC"; pooled runs are matched by it."""
    input: str
    """One of INPUTS and PACKETS."""
    arch: str
    objective: str
    weights: str
    sha256: str | None
    labels: tuple[str, ...]
    """Classes of its training videos."""
    gmacs: float
    """10^9 multiply-adds per input: a picture, an I-frame, a P-frame, a window of sound, a clip's
    packets."""
    score: str | None = None
    """How a network with a background class scores a clip, "background" or "class" (see
    `SamplerNetwork.record`); None without such a class."""

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> NetworkFacts:
        """Facts from their JSON form."""
        return cls(**{**record, "labels": tuple(record["labels"])})

    @property
    def objective_name(self) -> str:
        """Objective, and the score where it is not the paper's: "AC", "AC, background"."""
        return objective_name(self.objective, self.score)


@dataclass(frozen=True)
class SamplerFacts:
    """s: networks whose clip scores are averaged within each modality (visual, audio, packets)."""

    name: str
    networks: tuple[NetworkFacts, ...]

    @property
    def visual(self) -> tuple[NetworkFacts, ...]:
        """Visual networks."""
        return tuple(network for network in self.networks if network.input in VISUAL)

    @property
    def audio(self) -> tuple[NetworkFacts, ...]:
        """Audio networks."""
        return tuple(network for network in self.networks if network.input in AUDIO)

    @property
    def packets(self) -> tuple[NetworkFacts, ...]:
        """Packet networks."""
        return tuple(network for network in self.networks if network.input in PACKETS)

    @property
    def labels(self) -> frozenset[str]:
        """Classes of the training videos of any of its networks."""
        # a class is novel to a sampler where none of its networks learnt it
        return frozenset(label for network in self.networks for label in network.labels)

    def record(self) -> dict[str, Any]:
        """JSON form, with the names of the networks."""
        return {"name": self.name, "networks": [network.name for network in self.networks]}

    @classmethod
    def from_record(
        cls, record: Mapping[str, Any], networks: Mapping[str, NetworkFacts]
    ) -> SamplerFacts:
        """A sampler from its JSON form, and the networks by name."""
        return cls(record["name"], tuple(networks[name] for name in record["networks"]))


@dataclass(frozen=True)
class VideoData:
    """The measured data of one video under one classifier."""

    path: str
    label: str
    target: int
    """Index of the label among the classifier's."""
    seconds: float
    """Duration."""
    frames: int
    scores: Mapping[str, NDArray[np.float32]]
    """By network name: saliency float32 [L], NaN where a clip lacks the network's input."""
    input_counts: Mapping[str, int]
    """By network name: number of inputs, over all clips."""
    probabilities: NDArray[np.float32]
    """ClipProbs: float32 [L, C]; a row of NaN where a clip could not be decoded."""
    decode_from: NDArray[np.int64]
    """int64 [L]: display position of the frame at which decoding of a clip begins."""
    last: NDArray[np.int64]
    """int64 [L]: display position of the last frame of a clip that the classifier gets."""
    notes: tuple[str, ...] = ()
    background: int | None = None
    """Column of the classifier's background class; None without one."""
    p_frames: int | None = None
    """P-frames read per clip, on which it depends whether visual scores are smoothed over
    neighbouring clips. None for a run of before there was smoothing."""
    vectors: PictureVectors | None = None
    """What the pictures of the clips show; None for a run of before there was a search."""
    times: NDArray[np.float64] | None = None
    """float64 [L, 2]: start and end of each clip, in seconds from the first frame. None for a run
    of before there were segments."""
    served: NDArray[np.bool_] | None = None
    """bool [L]: clips whose picture is a keyframe, among which a search chooses in a long video.
    None where it chooses among all: in a run whose settings ask for all pictures, or of before."""
    labels: tuple[str, ...] = ()
    """Names of the C classes."""
    true_segments: tuple[TrueSegment, ...] | None = None
    """Where the actions are, in time order; None for a video that is in no list of segments."""

    @property
    def clips(self) -> int:
        """Number of clips of the video (L)."""
        return len(self.probabilities)

    def clip_scores(
        self, sampler: SamplerFacts, clip_stride: int = 1, clips: NDArray[np.int64] | None = None
    ) -> ClipScores:
        """The scores of a sampler, as `scsampler score` computes them.

        Args:
            sampler: the sampler.
            clip_stride: every N-th clip is scored; this is N.
            clips: int64 [M], increasing: the clips to score in place of every N-th.
        """
        at = clips
        if at is None:
            at = np.arange(0, self.clips, clip_stride, dtype=np.int64)
        visual = self._averaged(sampler.visual, at)
        if visual is not None and self.p_frames is not None:
            inputs = tuple(network.input for network in sampler.visual)
            # after averaging over networks, as `score` does
            if FeatureSettings(inputs=inputs, p_frames=self.p_frames).smoothed:
                visual = smoothed(visual, at)
        # not smoothed, as in `scsampler score`
        audio = self._averaged(sampler.audio, at)
        packets = self._averaged(sampler.packets, at)
        return ClipScores(at, self.clips, visual, audio=audio, packets=packets)

    def _averaged(
        self, networks: Sequence[NetworkFacts], at: NDArray[np.int64]
    ) -> NDArray[np.float32] | None:
        if not networks:
            return None
        # float32 [M, networks]
        columns = np.stack([self.scores[network.name][at] for network in networks], axis=1)
        return averaged(columns).astype(np.float32)


@dataclass(frozen=True)
class Thumbnails:
    """Thumbnails of the best and the worst clips of one video, for the contact sheet (Fig. 3)."""

    video: int
    """Index among the videos of the run."""
    clips: tuple[int, ...]
    """The best clips, best first, then the worst clips, worst last."""
    best: int
    """Number of best clips among them."""
    starts_s: tuple[float, ...]
    """Start of each clip, in seconds."""
    pictures: NDArray[np.uint8]
    """uint8 [n, h, w, 3]: the middle frame of each clip."""


@dataclass(frozen=True)
class Tagging:
    """What `classify` does with the same classifier and the same samplers."""

    searches: bool = False
    """True where "auto" stands for a search, False for the strategy of the sampler under test."""
    has_prior: bool = False
    """True where a search takes the visual scores of the sampler under test as its prior."""
    has_known_cost: bool = False
    """True where the multiply-adds of a clip decide how segments are looked for."""


@dataclass(frozen=True)
class Run:
    """A data set under one classifier."""

    data: str
    """Name of the data set."""
    classifier: Mapping[str, Any]
    """`ModelFacts.report_entry`: name, weights, labels, geometry, multiply-adds of a clip."""
    samplers: tuple[SamplerFacts, ...]
    """The first one is the sampler under test."""
    joint: SamplerFacts | None
    """Networks that were trained together (AV-joint-training, Sec. 3.3.3)."""
    networks: tuple[NetworkFacts, ...]
    """Networks in the tables of inputs and of audio networks."""
    videos: tuple[VideoData, ...]
    failures: tuple[Mapping[str, str], ...]
    """"path", "label" and "reason" of each video that could not be used."""
    train_positions: NDArray[np.float32] | None
    """float32 [n, m]: positions in [0, 1] of the oracle's m best clips of each training video.

    The best one is first; NaN where a video has fewer clips. None without training videos.
    """
    costs: Costs | None
    """None where no time was measured."""
    thumbnails: tuple[Thumbnails, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Settings of the features, machine and versions."""
    pictures: NetworkFacts | None = None
    """The network that computes the vectors of pictures; None for a run of before there was a
    search."""
    tagging: Tagging = field(default_factory=Tagging)
    segment_notes: tuple[str, ...] = ()
    """Notes on the true segments of the videos."""

    @property
    def has_times(self) -> bool:
        """True where it is known when each clip begins and ends."""
        return all(video.times is not None for video in self.videos)

    @property
    def has_vectors(self) -> bool:
        """True where a search can be replayed."""
        return self.pictures is not None and all(video.vectors is not None for video in self.videos)

    @property
    def is_multi_label(self) -> bool:
        """True where several classes can be true at once; False in runs of earlier versions, which
        do not say it.
        """
        return bool(self.classifier.get("multi_label", False))

    @property
    def name(self) -> str:
        """Names of the data set and the classifier."""
        return f"{self.data}, {self.classifier['name']}"

    @property
    def main(self) -> SamplerFacts:
        """The sampler under test; without networks where there is none."""
        # pooled runs need not have a sampler in common
        return self.samplers[0] if self.samplers else SamplerFacts(MAIN, ())

    @property
    def classes(self) -> int:
        """Number of classes without background; the smallest one in a pooled run."""
        # classifiers of pooled runs may have different numbers of classes
        return min(
            video.probabilities.shape[1] - (video.background is not None) for video in self.videos
        )


def network_name(kind: str, arch: str, objective: str, *, score: str | None = None) -> str:
    """The name of a network's role.

    Example: "rgbr", "resnet18", "ac" -> "RGB-R ResNet-18 AC".
    """
    # an unknown architecture keeps its own name
    names = DISPLAY_NAMES.get(kind, kind), DISPLAY_NAMES.get(arch, arch)
    return f"{' '.join(names)} {objective_name(objective, score)}"


def objective_name(objective: str, score: str | None = None) -> str:
    """An objective as in the paper; a score by 1 - p(background) is not the paper's AC.

    Example: "ac", "background" -> "AC, background".
    """
    return f"{objective.upper()}, background" if score == "background" else objective.upper()
