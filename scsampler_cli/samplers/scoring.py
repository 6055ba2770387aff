"""s(phi(i)): the saliency of each clip, in [0, 1], from the outputs of networks (Sec. 3.2 and 3.3).

`sampler_network` scores the clips with one network, in batches (`clip_batches`). The score of
several inputs is the mean of their clip scores (Sec. 3.3.1).

Not handled here: the comparison of clips, see `selection`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Generic

import numpy as np
import torch
from torch import Tensor

from scsampler_cli.config import AUDIO, PACKETS, SALIENCY, VISUAL
from scsampler_cli.errors import WeightsError
from scsampler_cli.features.clip import ClipAudio, ClipPackets, ClipVisual
from scsampler_cli.model_zoo.background_class import background_column
from scsampler_cli.model_zoo.bundled_weights import sampler_files
from scsampler_cli.model_zoo.weightfile import load_into, read_weights
from scsampler_cli.nn.fused_lite0 import prepare_with_trunk
from scsampler_cli.nn.unset_weights import unset_weights
from scsampler_cli.samplers.clip_batches import Clip, batches, distinct, picture_key
from scsampler_cli.samplers.network_inputs import audio_input, packets_input, visual_input
from scsampler_cli.samplers.networks import build
from scsampler_cli.samplers.picture_features import PictureFeatures
from scsampler_cli.samplers.sampler_network import PendingScores
from scsampler_cli.samplers.sampler_network import SamplerNetwork as SamplerNetwork  # for importers
from scsampler_cli.selection.scores import averaged


class Sampler(Generic[Clip]):
    """One or several networks whose clip scores are averaged.

    Args:
        networks: the networks.
        prepare: features of a clip and the input of a network -> float32 [n, ...].
    """

    def __init__(
        self, networks: list[SamplerNetwork], prepare: Callable[[Clip, str], Tensor]
    ) -> None:
        self.networks = networks
        self._prepare: Callable[[Clip, str], Tensor] = prepare

    @property
    def inputs(self) -> tuple[str, ...]:
        """Inputs of its networks, which must be computed for it."""
        return tuple(network.kind for network in self.networks)

    @property
    def infos(self) -> list[dict[str, Any]]:
        """A record for each network."""
        return [network.record for network in self.networks]

    def score_each(self, clips: Iterable[Clip]) -> Iterator[tuple[int, list[float]]]:
        """Yield (clip, saliency by each network) in order; NaN where a clip lacks an input."""
        previous: _Batch[Clip] | None = None
        # all networks of a sampler get the same batches
        for batch in batches(clips, self.inputs):
            started = self._start(batch, previous)
            # results come one batch late: while a GPU computes, the next batch is read and prepared
            if previous is not None:
                yield from previous.scores()
            previous = started
        if previous is not None:
            yield from previous.scores()

    def _start(self, clips: list[Clip], previous: _Batch[Clip] | None) -> _Batch[Clip]:
        """Start to score a batch by each network; `previous` is the batch before it."""
        started: dict[int, PendingScores] = {}
        by_network = []
        for i, network in enumerate(self.networks):
            # the last picture of a batch may be the first one of the next
            known = previous.last(i, network.kind) if previous else {}
            new = [c for c in distinct(clips, network.kind) if _key(c, network) not in known]
            # one network with two kinds of scores runs once
            key = id(network.network)
            if key not in started:
                started[key] = network.start([self._prepare(clip, network.kind) for clip in new])
            pending = _Started(replace(started[key], network=network))
            at = {_key(clip, network): (pending, row) for row, clip in enumerate(new)}
            by_network.append([(known | at)[_key(clip, network)] for clip in clips])
        return _Batch(clips, by_network)

    def score(self, clips: Iterable[Clip]) -> Iterator[tuple[int, float]]:
        """Yield (clip, saliency in [0, 1]) in order; NaN where a clip has no input at all."""
        for clip, values in self.score_each(clips):
            # the mean over the inputs that the clip has
            yield clip, averaged(np.array([values]))[0]


def _key(clip: ClipVisual | ClipAudio | ClipPackets, network: SamplerNetwork) -> Hashable:
    return picture_key(clip, network.kind)


class _Started:
    """Inputs that a network has started to score."""

    def __init__(self, pending: PendingScores) -> None:
        self._pending = pending

    @cached_property
    def scores(self) -> list[float]:
        """Saliency of each input; waits for the network."""
        return self._pending.scores()


@dataclass(frozen=True)
class _Batch(Generic[Clip]):
    """Clips that the networks have started to score."""

    clips: list[Clip]
    by_network: list[list[tuple[_Started, int]]]
    """Of each network, where the score of each clip will be."""

    def last(self, network: int, kind: str) -> dict[Hashable, tuple[_Started, int]]:
        """Where the score of the last clip's input will be, by the key of the input."""
        return {picture_key(self.clips[-1], kind): self.by_network[network][-1]}

    def scores(self) -> Iterator[tuple[int, list[float]]]:
        """Yield (clip, saliency by each network)."""
        for clip, found in zip(self.clips, zip(*self.by_network, strict=True), strict=True):
            yield clip.clip, [started.scores[row] for started, row in found]


VisualSampler = Sampler[ClipVisual]
AudioSampler = Sampler[ClipAudio]
PacketSampler = Sampler[ClipPackets]


@dataclass(frozen=True)
class Samplers:
    """s: the visual, the audio and the packet sampler, and the network that knows which clips look
    alike; each may be None.
    """

    visual: VisualSampler | None
    audio: AudioSampler | None
    packets: PacketSampler | None = None
    notes: tuple[str, ...] = ()
    """Notes of loading, such as a sampler that was left out."""
    pictures: PictureFeatures | None = None

    def networks(self, kind: str) -> list[SamplerNetwork]:
        """The networks of the "visual", the "audio" or the "packets" sampler."""
        sampler = {"visual": self.visual, "audio": self.audio, "packets": self.packets}[kind]
        return [] if sampler is None else sampler.networks

    def records(self) -> list[dict[str, Any]]:
        """Records of all networks, for results."""
        records = []
        # in the order of the results
        for sampler in (self.visual, self.audio, self.packets):
            if sampler is not None:
                records += sampler.infos
        return records if self.pictures is None else [*records, self.pictures.record]


def build_samplers(networks: Iterable[SamplerNetwork], notes: tuple[str, ...] = ()) -> Samplers:
    """The samplers that networks make up together, each network in the sampler of its input.

    The order of the networks is kept within a sampler. A sampler without a network is None.
    """
    every = list(networks)
    # one pass over the video gives all visual inputs
    visual = [network for network in every if network.kind in VISUAL]
    audio = [network for network in every if network.kind in AUDIO]
    packets = [network for network in every if network.kind in PACKETS]
    return Samplers(
        visual=VisualSampler(visual, visual_input) if visual else None,
        audio=AudioSampler(audio, lambda clip, _: audio_input(clip)) if audio else None,
        packets=PacketSampler(packets, lambda clip, _: packets_input(clip)) if packets else None,
        notes=notes,
    )


def load_visual(
    spec: str, device: torch.device, dtype: torch.dtype, *, saliency: str = SALIENCY[0]
) -> VisualSampler | None:
    """The visual sampler that `spec` names.

    Args:
        spec: a bundled set ("demo", "actions6", "actions6-paper"), files separated by commas, or
            "none".
        device: device of the networks.
        dtype: precision of the networks, except for MD, which runs in float32.
        saliency: how networks with a background class score a clip, one of `config.SALIENCY`.

    Returns:
        None for "none".

    Raises:
        SettingsError: the name is unknown.
        WeightsError: a file cannot be read, or is for another input.
    """
    return build_samplers(_load(spec, VISUAL, device, dtype=dtype, saliency=saliency)).visual


def load_audio(
    spec: str, device: torch.device, dtype: torch.dtype, *, saliency: str = SALIENCY[0]
) -> AudioSampler | None:
    """The audio sampler that `spec` names; see `load_visual`."""
    return build_samplers(_load(spec, AUDIO, device, dtype=dtype, saliency=saliency)).audio


def load_packets(
    spec: str, device: torch.device, dtype: torch.dtype, *, saliency: str = SALIENCY[0]
) -> PacketSampler | None:
    """The packet sampler that `spec` names; see `load_visual`."""
    return build_samplers(_load(spec, PACKETS, device, dtype=dtype, saliency=saliency)).packets


def _load(
    spec: str,
    kinds: tuple[str, ...],
    device: torch.device,
    *,
    dtype: torch.dtype,
    saliency: str,
) -> list[SamplerNetwork]:
    # "none" has no files
    paths = sampler_files(spec, kinds)
    networks = [load_network(path, device, dtype, saliency=saliency) for path in paths]
    for network in networks:
        if network.kind not in kinds:
            raise WeightsError(
                f"{network.info.source} is a sampler for {network.kind}, "
                f"not for {' or '.join(kinds)}",
                code="weights-wrong-kind",
                hint="the visual sampler takes rgb, if, md and rgbr networks, the audio sampler "
                "mel, the packet sampler packets",
            )
    return networks


def load_network(
    path: Path, device: torch.device, dtype: torch.dtype, *, saliency: str = SALIENCY[0]
) -> SamplerNetwork:
    """A sampler network from its weight file.

    Args:
        path: the weight file; or that of a classifier which holds its sampler, too.
        device: device of the network.
        dtype: precision of the network, except for MD, which runs in float32.
        saliency: how a network with a background class scores a clip, one of `config.SALIENCY`.

    Raises:
        WeightsError: the file cannot be read, is not a sampler's, or names a background class that
            it does not have.
    """
    file = read_weights(path)
    # the file of a classifier may hold its sampler, too
    file = file.sampler or file
    meta = file.metadata
    if meta.get("kind") != "sampler":
        raise WeightsError(
            f"{path} is not a sampler's weight file",
            code="weights-wrong-kind",
            hint="training a sampler writes them",
        )
    # without an objective the file has a classification head
    objective = meta.get("objective", "ac")
    labels = tuple(map(str, meta.get("labels") or ()))
    # a saliency head has no classes
    background = background_column(meta, file.info.source) if objective == "ac" else None
    outputs = len(labels) if objective == "ac" else 1
    with unset_weights():
        network = build(str(meta.get("arch")), str(meta.get("input")), outputs)
    load_into(network, file.tensors, file.info.source)
    # with channels last, the last bit of the VGG's output depends on the number of threads
    channels_last = meta["input"] not in AUDIO
    network = prepare_with_trunk(network, device, dtype, channels_last=channels_last)
    return SamplerNetwork(
        meta["input"],
        meta["arch"],
        objective,
        network=network,
        info=file.info,
        device=device,
        dtype=dtype,
        labels=labels,
        background=background,
        saliency=saliency,
    )
