"""The networks of a bench: each is loaded once, and has a name, labels and a cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from scsampler_cli.bench.bench_models import Models
from scsampler_cli.bench.run_data import (
    MAIN,
    NetworkFacts,
    SamplerFacts,
    Tagging,
    network_name,
)
from scsampler_cli.classifiers.base import ClipClassifier
from scsampler_cli.classifiers.flops import clip_gmacs, counted_gmacs
from scsampler_cli.config import PACKETS
from scsampler_cli.errors import SettingsError
from scsampler_cli.pipeline.segment_times import has_known_cost
from scsampler_cli.samplers.networks import INPUT_SHAPES, count_macs
from scsampler_cli.samplers.picture_features import PictureFeatures
from scsampler_cli.samplers.scoring import SamplerNetwork


def assemble(
    classifier: ClipClassifier,
    precision: str,
    main: Sequence[SamplerNetwork],
    *,
    others: Mapping[str, Sequence[SamplerNetwork]],
    joint: Sequence[SamplerNetwork],
    single: Sequence[SamplerNetwork],
    device: str = "cpu",
    pictures: PictureFeatures | None = None,
    tagging: Tagging | None = None,
) -> Models:
    """Collect the networks that a benchmark runs.

    Args:
        classifier: the clip classifier (f in the paper).
        precision: of all networks, such as "float32".
        main: networks of the sampler under test; may be empty, as a search needs none.
        others: further samplers by name, for the cross-table.
        joint: networks trained together; may be empty.
        single: further networks, for the tables of inputs and of audio networks.
        device: of all networks, such as "cuda:0".
        pictures: the network that knows which clips look alike; None leaves the search out.
        tagging: what `classify` does with the classifier and the sampler under test; None where it
            uses the strategy of the sampler.

    Raises:
        SettingsError: two networks of one sampler have the same input, or a network other than
            those of the sampler under test scores packets.
    """
    groups = {MAIN: main, **others, "joint": joint}
    for name, networks in groups.items():
        _check_inputs(name, networks)
    further = [network for networks in (*others.values(), joint, single) for network in networks]
    if any(network.kind in PACKETS for network in further):
        raise SettingsError(
            "only the sampler under test can have a packet network",
            code="bench-packet-samplers",
            hint="name one packet sampler",
        )
    # both by the name that the network gets
    named: dict[str, SamplerNetwork] = {}
    facts: dict[str, NetworkFacts] = {}
    members: dict[str, tuple[NetworkFacts, ...]] = {}
    for group, networks in (*groups.items(), ("", single)):
        suffix = " joint" if group == "joint" else ""
        members[group] = tuple(_named(network, named, facts, suffix=suffix) for network in networks)
    samplers = tuple(SamplerFacts(name, members[name]) for name in (MAIN, *others))
    together = SamplerFacts("joint", members["joint"]) if joint else None
    # each once: a network may be in both groups
    compared = tuple(dict.fromkeys((*members[MAIN], *members[""])))
    return Models(
        classifier,
        precision,
        named,
        samplers=samplers,
        joint=together,
        compared=compared,
        device=device,
        pictures=pictures,
        picture_gmacs=0.0 if pictures is None else _picture_gmacs(pictures),
        tagging=tagging or Tagging(),
    )


def _picture_gmacs(pictures: PictureFeatures) -> float:
    """10^9 multiply-adds for a picture. The network runs once, on a black one."""
    return counted_gmacs(lambda: pictures.of_inputs(pictures.blank(1)))


def _check_inputs(name: str, networks: Sequence[SamplerNetwork]) -> None:
    kinds = [network.kind for network in networks]
    if len(set(kinds)) < len(kinds):
        raise SettingsError(
            f"sampler {name} has two networks for one input: {', '.join(kinds)}",
            code="bench-models-invalid",
            hint="one file for each input",
        )


def _named(
    network: SamplerNetwork,
    named: dict[str, SamplerNetwork],
    facts: dict[str, NetworkFacts],
    *,
    suffix: str,
) -> NetworkFacts:
    """The facts of a network, which is added under a unique name unless its file is there."""
    score = network.record.get("score")
    for name, other in named.items():
        # the same weight file in two samplers is one network
        if other.info.sha256 == network.info.sha256 and facts[name].score == score:
            return facts[name]
    name = network_name(network.kind, network.architecture, network.objective, score=score) + suffix
    # another file in the same role
    if name in named:
        name = f"{name} ({network.info.source.removesuffix('.safetensors')})"
    # of one input, not of a batch
    gmacs = count_macs(network.network, INPUT_SHAPES[network.kind]) / 1e9
    facts[name] = NetworkFacts(
        name,
        network.kind,
        network.architecture,
        objective=network.objective,
        weights=network.info.source,
        sha256=network.info.sha256,
        labels=network.labels,
        gmacs=gmacs,
        score=score,
    )
    named[name] = network
    return facts[name]


def models_record(models: Models) -> dict[str, Any]:
    """What a report says about the loaded models (names, weights, GMACs), as a JSON object.

    The classifier runs once, so that its multiply-adds can be counted.
    """
    facts = models.facts
    tagging = replace(facts.tagging, has_known_cost=has_known_cost(models.classifier))
    return replace(facts, gmacs=clip_gmacs(models.classifier), tagging=tagging).record()
