"""The options of `scsampler bench`, and which of them do not go together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from scsampler_cli.bench.load_models import NetworkOptions
from scsampler_cli.config import AUDIO, VISUAL
from scsampler_cli.errors import SettingsError
from scsampler_cli.model_zoo.bundled_weights import (
    SETS,
    check_weight_file,
    sampler_files,
    set_files,
)
from scsampler_cli.pipeline.models import ModelOptions


@dataclass(frozen=True, kw_only=True)
class BenchOptions:
    """The options of `scsampler bench`, by their names."""

    data: list[str] | None
    demo: bool
    replay: list[Path] | None
    pool: str
    k: int | None
    seed: int | None
    draws: int | None
    empirical: bool
    classifier: list[str] | None
    weights: Path | None
    labels: Path | None
    spatial: str
    visual_sampler: str
    audio_sampler: str
    packet_sampler: str
    sampler: list[str] | None
    joint: str
    network: list[Path] | None
    p_frames: int
    device: str
    precision: str
    timed: int | None
    sheet: int | None
    sheet_of: list[Path] | None
    cache: Path | None
    keep_features: bool
    jobs: int | None
    timeout: float | None
    max_memory: float | None
    output: Path | None
    overwrite: bool
    resume: bool
    form: str | None
    speed_: bool
    minutes: float | None
    size: str | None
    codec: str | None
    repeats: int | None
    dense_minutes: float | None
    quiet: bool
    debug: bool

    @property
    def classifiers(self) -> list[str]:
        """Names of the classifiers; the demo has its own."""
        return self.classifier or ["demo" if self.demo else "auto"]

    def models(self, classifier: str) -> ModelOptions:
        """The model options with one of the classifiers."""
        return ModelOptions(
            classifier=classifier,
            weights=self.weights,
            labels=self.labels,
            visual_sampler=self.visual_sampler,
            audio_sampler=self.audio_sampler,
            packet_sampler=self.packet_sampler,
            device=self.device,
            precision=self.precision,
        )

    def networks(self, classifier: str) -> NetworkOptions:
        """One of the classifiers, and the sampler networks that are compared under it."""
        others = dict(_named_sampler(text) for text in self.sampler or ())
        return NetworkOptions(
            models=self.models(classifier),
            spatial=self.spatial,
            others={name: tuple(paths) for name, paths in others.items()},
            joint=tuple(Path(part) for part in self.joint.split(",") if part),
            single=tuple(self.network or ()),
        )

    def check(self) -> None:
        """Refuse uses that do not go together; `effects` refuses options that have no effect.

        Raises:
            SettingsError: which one, and why.
        """
        if (
            sum(map(bool, (self.data and not self.speed_, self.demo, self.replay, self.speed_)))
            != 1
        ):
            raise SettingsError(
                "give one of: labelled videos, --demo, --replay, --speed", code="source-conflict",
                hint="scsampler bench videos.csv -o report",
            )
        if len(set(self.classifiers)) < len(self.classifiers):
            raise SettingsError(
                "a classifier is named twice", code="bench-models-invalid", hint="name each once"
            )

    def check_networks(self) -> None:
        """Refuse networks that cannot be before anything is made or imported for them.

        Raises:
            SettingsError: a sampler without a name, or two of one name.
            WeightsError: a file that cannot be read.
        """
        names = [_named_sampler(text)[0] for text in self.sampler or ()]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise SettingsError(
                f"two samplers are called {twice!r}",
                code="bench-models-invalid",
                hint="give each --sampler a name of its own",
            )
        for path in (*(Path(part) for part in self.joint.split(",") if part), *(self.network or ())):
            check_weight_file(path)


def _named_sampler(text: str) -> tuple[str, list[Path]]:
    """NAME=FILE,FILE, or NAME=SET.

    Raises:
        SettingsError: something else.
    """
    name, named, spec = text.partition("=")
    if not named or not name or not spec:
        raise SettingsError(
            f"--sampler {text!r} has no name",
            code="bench-models-invalid",
            hint="--sampler NAME=FILE[,FILE...]",
        )
    if spec in SETS:
        return name, set_files(spec, (*VISUAL, *AUDIO))
    return name, sampler_files(spec, VISUAL)
