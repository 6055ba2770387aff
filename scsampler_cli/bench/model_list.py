"""The networks of a bench, each once, with its role, labels and cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from scsampler_cli.bench.measure import Models
from scsampler_cli.bench.run_data import NetworkFacts, SamplerFacts, network_name
from scsampler_cli.classifiers.base import ClipClassifier
from scsampler_cli.classifiers.flops import clip_gmacs
from scsampler_cli.config import PACKETS
from scsampler_cli.errors import SettingsError
from scsampler_cli.samplers.networks import INPUT_SHAPES, count_macs
from scsampler_cli.samplers.scoring import SamplerNetwork

MAIN = "SCSampler"
"""Name of the sampler under test."""


def assemble(
    classifier: ClipClassifier,
    precision: str,
    main: Sequence[SamplerNetwork],
    *,
    others: Mapping[str, Sequence[SamplerNetwork]],
    joint: Sequence[SamplerNetwork],
    single: Sequence[SamplerNetwork],
) -> Models:
    """Everything that a bench runs.

    Args:
        classifier: f.
        precision: in which all run.
        main: networks of the sampler under test, at least one.
        others: further samplers by name, for the cross-table.
        joint: networks trained together; may be none.
        single: further networks, for the tables of inputs and of audio networks.

    Raises:
        SettingsError: no network at all, or two networks of one sampler look at the same input.
    """
    if not main:
        raise SettingsError(
            "there is no sampler to measure",
            code="bench-models-invalid",
            hint="give --visual-sampler, --audio-sampler or both",
        )
    groups = {MAIN: main, **others, "joint": joint}
    for name, networks in groups.items():
        _check_inputs(name, networks)
    if any(
        network.kind in PACKETS
        for networks in (*others.values(), joint, single)
        for network in networks
    ):
        raise SettingsError(
            "packets are compared of one sampler alone",
            code="bench-models-invalid",
            hint="give it with --packet-sampler",
        )
    named: dict[str, SamplerNetwork] = {}
    facts: dict[str, NetworkFacts] = {}  # by name
    members: dict[str, tuple[NetworkFacts, ...]] = {}
    for group, networks in (*groups.items(), ("", single)):
        found = []
        for network in networks:
            fact = _named(network, named, facts, suffix=" joint" if group == "joint" else "")
            found.append(fact)
        members[group] = tuple(found)
    samplers = tuple(SamplerFacts(name, members[name]) for name in (MAIN, *others))
    together = SamplerFacts("joint", members["joint"]) if joint else None
    compared = tuple(dict.fromkeys((*members[MAIN], *members[""])))
    return Models(
        classifier, precision, named, samplers=samplers, joint=together, compared=compared
    )


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
    """The facts of a network under a name of its own; one file has one name."""
    for name, known in named.items():
        if known.info.sha256 == network.info.sha256:
            return facts[name]
    name = network_name(network.kind, network.architecture, network.objective) + suffix
    if name in named:
        name = f"{name} ({network.info.source.removesuffix('.safetensors')})"
    gmacs = count_macs(network.network, INPUT_SHAPES[network.kind]) / 1e9
    facts[name] = NetworkFacts(
        name, network.kind, network.architecture, objective=network.objective, weights=network.info.source, sha256=network.info.sha256,
        labels=network.labels, gmacs=gmacs,
    )  # fmt: skip
    named[name] = network
    return facts[name]


def counted(models: Models) -> dict[str, Any]:
    """The facts of loaded models as JSON; the classifier's multiply-adds are counted while it runs once."""
    return replace(models.facts, gmacs=clip_gmacs(models.classifier)).record()
