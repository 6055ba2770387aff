"""s(phi(i)): networks turned into a saliency in [0, 1] for each clip (Sec. 3.2 and 3.3).

A classification head (AC) scores a clip by the largest class probability, after averaging the probabilities over the clip's
frames (the paper leaves open which comes first; this is our choice). A saliency head (SAL-RANK, SAL-CL) scores it by the mean
of its sigmoid. Several inputs: the mean of their clip scores (Sec. 3.3.1).
But: clips are not compared here; `selection` does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from scsampler_cli.config import AUDIO, PACKETS, VISUAL
from scsampler_cli.errors import WeightsError
from scsampler_cli.features.clip import ClipPackets, ClipAudio, ClipVisual
from scsampler_cli.model_zoo.bundled_weights import sampler_files
from scsampler_cli.model_zoo.weightfile import load_into, read_weights
from scsampler_cli.model_zoo.weights_info import WeightsInfo
from scsampler_cli.nn.inference import prepare_network, to_device
from scsampler_cli.samplers.network_inputs import audio_input, packets_input, visual_input
from scsampler_cli.samplers.networks import build
from scsampler_cli.selection.scores import averaged

BATCH_CLIPS = 16
"""Clips scored at once: enough to keep a CPU or a GPU busy, small enough to bound memory (our choice)."""
BATCH_PACKETS = 256
"""The same for packets, whose network is so small that calling it costs more than it does."""


def batch_for(kind: str) -> int:
    """How many clips a network on an input ("if", "md", "rgbr", "mel", "packets") scores at once, wherever it runs."""
    return BATCH_PACKETS if kind in PACKETS else BATCH_CLIPS


Clip = TypeVar("Clip", ClipVisual, ClipAudio, ClipPackets)


@dataclass(frozen=True)
class SamplerNetwork:
    """One network on one input."""

    kind: str
    """"if", "md", "rgbr", "mel" or "packets"."""
    architecture: str
    objective: str
    """"ac", "sal-rank" or "sal-cl"."""
    network: nn.Module
    info: WeightsInfo
    device: torch.device
    dtype: torch.dtype
    labels: tuple[str, ...] = ()
    """Classes it has learnt from, where its file says so."""

    @property
    def record(self) -> dict[str, Any]:
        """For the result: what ran."""
        return {
            "input": self.kind,
            "arch": self.architecture,
            "objective": self.objective,
            "weights": self.info.source,
            "sha256": self.info.sha256,
        }

    def probabilities(self, inputs: Tensor) -> Tensor:
        """float32 [n, ...] -> float32 [n, C] on its device: softmax of an AC head, sigmoid of a saliency head (C = 1)."""
        # MD in reduced precision is slower than in full, and has gone to NaN
        dtype = torch.float32 if self.kind == "md" else self.dtype
        with (
            torch.inference_mode(),
            torch.autocast(self.device.type, dtype, enabled=dtype != torch.float32),
        ):
            logits = self.network(to_device(inputs, self.device)).float()
        return logits.softmax(dim=1) if self.objective == "ac" else logits.sigmoid()

    def begin(self, inputs: list[Tensor]) -> PendingScores:
        """Have some clips looked at (one tensor [n, ...] each); a GPU is not waited for."""
        counts = [len(tensor) for tensor in inputs]
        some = [tensor for tensor in inputs if len(tensor)]
        return PendingScores(counts, self.probabilities(torch.cat(some)) if some else None)

    def clip_probabilities(self, inputs: list[Tensor]) -> list[Tensor | None]:
        """float32 [C] of each clip, the mean over its frames (one tensor [n, ...] a clip); None for a clip without any."""
        return self.begin(inputs).clip_probabilities()

    def scores(self, inputs: list[Tensor]) -> list[float]:
        """Saliency of each clip from its frames; NaN for a clip without any."""
        return self.begin(inputs).scores()


@dataclass(frozen=True)
class PendingScores:
    """Clips that a network looks at."""

    counts: list[int]
    """Frames of each."""
    per_frame: Tensor | None
    """float32 [sum of counts, C], where the network runs; None without any frame."""

    def clip_probabilities(self) -> list[Tensor | None]:
        """See `SamplerNetwork.clip_probabilities`; waits for the network."""
        if self.per_frame is None:
            return [None] * len(self.counts)
        parts = self.per_frame.cpu().split(self.counts)  # type: ignore[no-untyped-call]
        return [part.mean(dim=0) if len(part) else None for part in parts]

    def scores(self) -> list[float]:
        """See `SamplerNetwork.scores`; waits for the network."""
        return [float("nan") if p is None else float(p.max()) for p in self.clip_probabilities()]


class Sampler(Generic[Clip]):
    """One or several networks whose clip scores are averaged."""

    def __init__(
        self, networks: list[SamplerNetwork], prepare: Callable[[Clip, str], Tensor]
    ) -> None:
        self.networks = networks
        self._prepare: Callable[[Clip, str], Tensor] = prepare
        self._batch = min((batch_for(network.kind) for network in networks), default=BATCH_CLIPS)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Features that must be computed for it."""
        return tuple(network.kind for network in self.networks)

    @property
    def infos(self) -> list[dict[str, Any]]:
        """A record for each network."""
        return [network.record for network in self.networks]

    def score_each(self, clips: Iterable[Clip]) -> Iterator[tuple[int, list[float]]]:
        """Yield (clip, saliency by each network) in order; NaN where an input has nothing to say."""
        stream = iter(clips)
        held: tuple[list[Clip], list[PendingScores]] | None = None
        while batch := list(islice(stream, self._batch)):
            begun = [
                n.begin([self._prepare(clip, n.kind) for clip in batch]) for n in self.networks
            ]
            # one batch behind: while a GPU computes, the next one is read and prepared
            if held is not None:
                yield from _by_clip(*held)
            held = batch, begun
        if held is not None:
            yield from _by_clip(*held)

    def score(self, clips: Iterable[Clip]) -> Iterator[tuple[int, float]]:
        """Yield (clip, saliency in [0, 1]) in order; NaN where no input has anything to say."""
        for clip, values in self.score_each(clips):
            yield clip, averaged(np.array([values]))[0]


def _by_clip(clips: list[Clip], begun: list[PendingScores]) -> Iterator[tuple[int, list[float]]]:
    by_network = [one.scores() for one in begun]
    for clip, values in zip(clips, zip(*by_network, strict=True), strict=True):
        yield clip.clip, list(values)


VisualSampler = Sampler[ClipVisual]
AudioSampler = Sampler[ClipAudio]
PacketSampler = Sampler[ClipPackets]


@dataclass(frozen=True)
class Samplers:
    """s: the visual, the audio and the packet sampler, of which each may be absent."""

    visual: VisualSampler | None
    audio: AudioSampler | None
    packets: PacketSampler | None = None
    notes: tuple[str, ...] = ()
    """What was left out when they were loaded."""

    def records(self) -> list[dict[str, Any]]:
        """What ran, for the result."""
        records = []
        for sampler in (self.visual, self.audio, self.packets):
            if sampler is not None:
                records += sampler.infos
        return records


def build_samplers(networks: Iterable[SamplerNetwork], notes: tuple[str, ...] = ()) -> Samplers:
    """The samplers that networks make up together, each network in the sampler of its input.

    The order of the networks is kept within a sampler. A sampler without a network is None.
    """
    every = list(networks)
    visual = [network for network in every if network.kind in VISUAL]
    audio = [network for network in every if network.kind in AUDIO]
    packets = [network for network in every if network.kind in PACKETS]
    return Samplers(
        visual=VisualSampler(visual, visual_input) if visual else None,
        audio=AudioSampler(audio, lambda sound, _: audio_input(sound)) if audio else None,
        packets=PacketSampler(packets, lambda clip, _: packets_input(clip)) if packets else None,
        notes=notes,
    )


def load_visual(spec: str, device: torch.device, dtype: torch.dtype) -> VisualSampler | None:
    """The visual sampler that `spec` names.

    Args:
        spec: a shipped set ("demo", "actions6", "actions6-paper"), files separated by commas, or "none".
        device: where it runs.
        dtype: precision of the picture networks.

    Raises:
        SettingsError: unknown name.
        WeightsError: unreadable file, or a file for another kind of input.
    """
    return build_samplers(_load(spec, VISUAL, device, dtype=dtype)).visual


def load_audio(spec: str, device: torch.device, dtype: torch.dtype) -> AudioSampler | None:
    """The audio sampler that `spec` names; see `load_visual`."""
    return build_samplers(_load(spec, AUDIO, device, dtype=dtype)).audio


def load_packets(spec: str, device: torch.device, dtype: torch.dtype) -> PacketSampler | None:
    """The packet sampler that `spec` names; see `load_visual`."""
    return build_samplers(_load(spec, PACKETS, device, dtype=dtype)).packets


def _load(
    spec: str, kinds: tuple[str, ...], device: torch.device, *, dtype: torch.dtype
) -> list[SamplerNetwork]:
    paths = sampler_files(spec, kinds)
    networks = [load_network(path, device, dtype) for path in paths]
    for network in networks:
        if network.kind not in kinds:
            raise WeightsError(
                f"{network.info.source} is a sampler for {network.kind}, not for {' or '.join(kinds)}",
                code="weights-wrong-kind",
                hint="the visual sampler takes if, md and rgbr networks, the audio sampler mel, the packet sampler packets",
            )
    return networks


def load_network(path: Path, device: torch.device, dtype: torch.dtype) -> SamplerNetwork:
    """Rebuild a sampler network from its file.

    Raises:
        WeightsError: not a sampler's weight file.
    """
    file = read_weights(path)
    meta = file.metadata
    if meta.get("kind") != "sampler":
        raise WeightsError(
            f"{path} is not a sampler's weight file",
            code="weights-wrong-kind",
            hint="training a sampler writes them",
        )
    objective = meta.get("objective", "ac")
    outputs = len(meta.get("labels") or ()) if objective == "ac" else 1
    network = build(str(meta.get("arch")), str(meta.get("input")), outputs)
    load_into(network, file.tensors, file.info.source)
    # the VGG's last bit would then depend on the number of threads
    network = prepare_network(network, device, channels_last=meta["input"] not in AUDIO)
    labels = tuple(map(str, meta.get("labels") or ()))
    return SamplerNetwork(
        meta["input"],
        meta["arch"],
        objective,
        network=network,
        info=file.info,
        device=device,
        dtype=dtype,
        labels=labels,
    )
