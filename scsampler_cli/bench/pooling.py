"""Several runs as one data set, such as the halves of a data set that have a classifier each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from scsampler_cli.bench.run_data import NetworkFacts, Run, SamplerFacts, Tagging, VideoData
from scsampler_cli.errors import SettingsError


def pooled(runs: Sequence[Run], name: str) -> Run:
    """Pool runs into one.

    Samplers and networks of the pooled run are those that all runs have, by name. Classifiers may
    differ, and so may weight files and labels. Times are left out, since they belong to a run.

    Raises:
        SettingsError: a video is in two runs.
    """
    first = runs[0]
    counts = Counter(video.path for run in runs for video in run.videos)
    if repeated := [path for path, count in counts.items() if count > 1]:
        raise SettingsError(
            f"{repeated[0]} is in several of the runs: pooled, it would count more than once",
            code="bench-video-invalid",
            hint="pool runs of different videos",
        )
    # a sampler that a run lacks cannot be evaluated on the videos of that run
    samplers = []
    for sampler_name in _common_samplers(runs):
        same = [s for run in runs for s in run.samplers if s.name == sampler_name]
        samplers.append(_merged_sampler(same))
    videos: tuple[VideoData, ...] = tuple(video for run in runs for video in run.videos)

    # without the training videos of every run, the histogram would be that of a part
    positions = [run.train_positions for run in runs if run.train_positions is not None]
    classifiers = " + ".join(dict.fromkeys(str(run.classifier["name"]) for run in runs))
    return replace(
        first,
        data=name,
        classifier={
            **first.classifier,
            "name": classifiers,
            "sha256": None,
            "labels": [],
            "background": None,
        },
        samplers=tuple(samplers),
        joint=_joint(runs),
        networks=_common_networks([run.networks for run in runs]),
        videos=videos,
        failures=tuple(failure for run in runs for failure in run.failures),
        train_positions=np.concatenate(positions) if len(positions) == len(runs) else None,
        costs=None,
        thumbnails=(),
        pictures=first.pictures if all(run.has_vectors for run in runs) else None,
        tagging=Tagging(
            # one row for all videos: that of a sampler, where it is the usual one anywhere
            searches=all(run.tagging.searches for run in runs),
            has_prior=all(run.tagging.has_prior for run in runs),
            has_known_cost=all(run.tagging.has_known_cost for run in runs),
        ),
        segment_notes=tuple(dict.fromkeys(note for run in runs for note in run.segment_notes)),
    )


def _common_samplers(runs: Sequence[Run]) -> list[str]:
    """Names of the samplers that all runs have, with networks of the same names."""
    # for each run: name of the sampler -> names of its networks
    members = []
    for run in runs:
        members.append({s.name: [network.name for network in s.networks] for s in run.samplers})
    return [
        name
        for name, networks in members[0].items()
        if all(other.get(name) == networks for other in members)
    ]


def _joint(runs: Sequence[Run]) -> SamplerFacts | None:
    """The jointly trained networks, where all runs have them under the same names."""
    joints = [run.joint for run in runs if run.joint is not None]
    members = {tuple(network.name for network in joint.networks) for joint in joints}
    if len(joints) < len(runs) or len(members) > 1:
        return None
    return _merged_sampler(joints)


def _merged_sampler(samplers: Sequence[SamplerFacts]) -> SamplerFacts:
    networks = _common_networks([sampler.networks for sampler in samplers])
    return replace(samplers[0], networks=networks)


def _common_networks(lists: Sequence[Sequence[NetworkFacts]]) -> tuple[NetworkFacts, ...]:
    """One network for each name that is in every list."""
    by_name = [{network.name: network for network in networks} for networks in lists]
    common = [name for name in by_name[0] if all(name in other for other in by_name)]
    return tuple(_merged_network([networks[name] for networks in by_name]) for name in common)


def _merged_network(networks: Sequence[NetworkFacts]) -> NetworkFacts:
    """One network of the same name in several runs; facts that differ between runs are left out."""
    first = networks[0]
    if all(network == first for network in networks):
        return first
    files = " + ".join(dict.fromkeys(network.weights for network in networks))
    # a class may be novel to the network of one run, and known to that of another
    labels = first.labels if all(network.labels == first.labels for network in networks) else ()
    return replace(first, weights=files, sha256=None, labels=labels)
