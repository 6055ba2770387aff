"""A worker process of `scsampler bench` loads a classifier and all sampler networks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scsampler_cli.config import AUDIO, PACKETS, AnswerSettings, SelectionSettings
from scsampler_cli.model_zoo.bundled_weights import sampler_files
from scsampler_cli.pipeline.models import ModelOptions, adjust
from scsampler_cli.pipeline.sampler_choice import KINDS, auto_option, check_saliency
from scsampler_cli.pipeline.strategy_choice import choose_strategy

if TYPE_CHECKING:
    from scsampler_cli.batch.task import Log
    from scsampler_cli.bench.bench_models import Models
    from scsampler_cli.bench.run_data import Tagging
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
        models = load_networks(self.options, classifier, with_paper_scores=True)
        return models, {"models": models_record(models), "fell_back": fell_back}


def load_networks(
    options: NetworkOptions, classifier: ClipClassifier, *, with_paper_scores: bool = False
) -> Models:
    """Load every sampler network, for one classifier.

    Args:
        options: which ones.
        classifier: the clip classifier (f in the paper).
        with_paper_scores: compare a network that scores by 1 - p(background) with the paper's AC,
            the same network by the largest probability of a class (Sec. 3.2.1).

    Raises:
        WeightsError: a file cannot be read.
        SettingsError: as `model_list.assemble`, or the setting `saliency` has no effect.
    """
    from scsampler_cli.bench.model_list import assemble
    from scsampler_cli.classifiers.text_image.tower_features import features_for
    from scsampler_cli.features.mel import check_torchaudio
    from scsampler_cli.nn.device import pick_device, pick_dtype
    from scsampler_cli.samplers.scoring import SamplerNetwork, load_network

    # one device and one precision for all networks, so that times are comparable
    device = pick_device(options.models.device)
    dtype = pick_dtype(options.models.precision, device)

    def load_all(paths: tuple[Path, ...]) -> list[SamplerNetwork]:
        saliency = options.models.saliency
        return [load_network(path, device, dtype, saliency=saliency) for path in paths]

    others = {name: load_all(paths) for name, paths in options.others.items()}
    main = load_all(_main_files(options.models, classifier.name))
    joint, single = load_all(options.joint), load_all(options.single)

    groups = [*others.values(), main, joint, single]
    records = [network.record for networks in groups for network in networks]
    check_saliency(options.models.saliency, records)
    if with_paper_scores:
        for network in (*main, *single):
            # packets are scored by the sampler under test alone
            if network.scores_by_background and network.kind not in PACKETS:
                single.append(replace(network, saliency="class"))
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
        device=str(device),
        pictures=features_for(classifier, device, dtype),
        tagging=_tagging(options.models, classifier),
    )


def _tagging(models: ModelOptions, classifier: ClipClassifier) -> Tagging:
    """What `classify` does with the same options."""
    from scsampler_cli.bench.run_data import Tagging
    from scsampler_cli.classifiers.base import classes_of

    auto, classes = models.auto_for(classifier.name), classes_of(classifier)
    usual = choose_strategy(SelectionSettings(), models.samplers, auto, classes=classes)
    search = choose_strategy(
        SelectionSettings(strategy="search"), models.samplers, auto, classes=classes
    )
    return Tagging(
        searches=usual.selection.strategy == "search",
        # the choice leaves out a sampler that learnt other classes
        has_prior=search.samplers["visual"] != "none",
    )


def _main_files(models: ModelOptions, classifier: str) -> tuple[Path, ...]:
    """Weight files of the sampler under test; "auto" depends on the classifier."""
    auto = models.auto_for(classifier)
    files: list[Path] = []
    for kind, option in models.samplers.items():
        # not every bundled set has an audio network
        spec = auto_option(kind, auto) if option == "auto" else option
        files += sampler_files(spec, KINDS[kind])
    return tuple(files)
