"""A worker process of `scsampler bench` loads a classifier and all sampler networks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scsampler_cli.config import AUDIO, PACKETS, VISUAL, AnswerSettings
from scsampler_cli.model_zoo.bundled_weights import sampler_files, set_files
from scsampler_cli.pipeline.models import AUTO_SET, DEMO, ModelOptions, adjust

if TYPE_CHECKING:
    from scsampler_cli.batch.task import Log
    from scsampler_cli.bench.bench_models import Models
    from scsampler_cli.classifiers.base import ClipClassifier


@dataclass(frozen=True, kw_only=True)
class NetworkOptions:
    """A classifier, and the sampler networks that are compared under it."""

    models: ModelOptions
    spatial: str = "centre"
    """Crops of a frame that the classifier gets, one of `config.SPATIAL`."""
    others: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)
    """Weight files of further samplers, by the name of the sampler."""
    joint: tuple[Path, ...] = ()
    """Weight files of networks that were trained together."""
    single: tuple[Path, ...] = ()
    """Weight files for the tables of inputs and of audio networks."""


@dataclass(frozen=True)
class LoadModels:
    """Load a classifier and the networks, in a worker process.

    Args:
        options: which ones.
    """

    options: NetworkOptions

    def __call__(self, log: Log) -> tuple[Models, dict[str, Any]]:
        """Load the classifier and the sampler networks.

        Returns:
            the models, and a record of them: "models" as `ModelFacts.record`, and "fell_back", a
            note where another classifier was loaded than "auto" prefers.
        """
        # imported here so that the import does not count as time of the first file
        from scsampler_cli.bench import collect  # noqa: F401
        from scsampler_cli.bench.model_list import models_record

        # may be another one than was requested: then `fell_back` is a note
        classifier, fell_back = self.options.models.load_classifier(log)
        classifier = adjust(classifier, AnswerSettings(spatial=self.options.spatial))
        models = load_networks(self.options, classifier)
        return models, {"models": models_record(models), "fell_back": fell_back}


def load_networks(options: NetworkOptions, classifier: ClipClassifier) -> Models:
    """Load every sampler network, for one classifier.

    Raises:
        WeightsError: a file cannot be read.
        SettingsError: as `model_list.assemble`.
    """
    from scsampler_cli.bench.model_list import assemble
    from scsampler_cli.features.mel import check_torchaudio
    from scsampler_cli.nn.device import pick_device, pick_dtype
    from scsampler_cli.samplers.scoring import SamplerNetwork, load_network

    # one device and one precision for all networks, so that times are comparable
    device = pick_device(options.models.device)
    dtype = pick_dtype(options.models.precision, device)

    def load_all(paths: tuple[Path, ...]) -> list[SamplerNetwork]:
        return [load_network(path, device, dtype) for path in paths]

    others = {name: load_all(paths) for name, paths in options.others.items()}
    main = load_all(_main_files(options.models, classifier.name))
    joint, single = load_all(options.joint), load_all(options.single)

    groups = [*others.values(), main, joint, single]
    if any(network.kind in AUDIO for networks in groups for network in networks):
        # a missing torchaudio is found before hours of measuring
        check_torchaudio()
    return assemble(
        classifier,
        # "torch.float32" -> "float32"
        str(dtype).removeprefix("torch."),
        main,
        others=others,
        joint=joint,
        single=single,
    )


def _main_files(models: ModelOptions, classifier: str) -> tuple[Path, ...]:
    """Weight files of the sampler under test; "auto" is the set for this classifier."""
    auto = DEMO if classifier == DEMO else AUTO_SET
    visual = auto if models.visual_sampler == "auto" else models.visual_sampler
    packets = auto if models.packet_sampler == "auto" else models.packet_sampler
    audio = models.audio_sampler
    if audio == "auto":
        # not every bundled set has an audio network
        audio = auto if set_files(auto, AUDIO) else "none"
    return (
        *sampler_files(visual, VISUAL),
        *sampler_files(audio, AUDIO),
        *sampler_files(packets, PACKETS),
    )
